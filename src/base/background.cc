#include "base/background.h"

#include <linux/ioprio.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "base/format.h"

namespace lifeboat {
namespace {

constexpr int background_nice = 10;

// Who waited this long in all, and got a processor for less than a tenth of it, is starved.
constexpr uint64_t patience_ns = 60'000'000'000;
constexpr uint64_t starved_ratio = 9;

}  // namespace

std::vector<std::string> enter_background() {
  std::vector<std::string> refused;
  const auto note = [&](const char* what, long status) {
    if (status == 0) return;
    refused.push_back(format("run in the background: {}: {}", what, std::strerror(errno)));
  };
  if (::getpriority(PRIO_PROCESS, 0) < background_nice) {
    note("be nice", ::setpriority(PRIO_PROCESS, 0, background_nice));
  }
  const sched_param parameters{};
  if (::sched_getscheduler(0) == SCHED_OTHER) {
    note("be scheduled as a batch", ::sched_setscheduler(0, SCHED_BATCH, &parameters));
  }
  note("be idle to the disk",
       ::syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0)));
  return refused;
}

BackgroundWorker::BackgroundWorker(std::filesystem::path figures) : figures_(std::move(figures)) {
  const sched_param parameters{};
  // Best effort, as what enter_background was refused is told.
  is_idle_ = ::sched_getscheduler(0) == SCHED_BATCH &&
             ::sched_setscheduler(0, SCHED_IDLE, &parameters) == 0;
}

void BackgroundWorker::step() {
  if (!is_idle_) return;
  uint64_t ran_ns = 0;
  uint64_t waited_ns = 0;
  if (!(std::ifstream(figures_) >> ran_ns >> waited_ns)) return;
  if (waited_ns < patience_ns || waited_ns / starved_ratio < ran_ns) return;
  const sched_param parameters{};
  // Refused without CAP_SYS_NICE or RLIMIT_NICE (LimitNICE= in our units): then it stays so slow.
  ::sched_setscheduler(0, SCHED_BATCH, &parameters);
  is_idle_ = false;
}

}  // namespace lifeboat
