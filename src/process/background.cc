#include "process/background.h"

#include <linux/ioprio.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/format.h"

namespace lifeboat {
namespace {

constexpr int background_nice = 10;

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

}  // namespace lifeboat
