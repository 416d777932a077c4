#include "engine/cpu_pacer.h"

#include <ctime>
#include <utility>

namespace lifeboat {
namespace {

constexpr std::chrono::nanoseconds credit_max = std::chrono::milliseconds(100);

}  // namespace

std::chrono::nanoseconds process_cpu_time() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

CpuPacer::CpuPacer(unsigned percent, Clock& clock, StopToken stop, CpuTime cpu_time)
    : percent_(percent), clock_(clock), stop_(std::move(stop)), cpu_time_(std::move(cpu_time)) {
  if (percent_ == 0) return;
  begin_ = clock_.steady_now();
  cpu_begin_ = cpu_time_();
}

void CpuPacer::wait() {
  if (percent_ == 0) return;
  const auto due = begin_ + (cpu_time_() - cpu_begin_) * 100 / percent_;
  const auto now = clock_.steady_now();
  if (due > now) return clock_.sleep(due - now, stop_);
  if (now - due > credit_max) begin_ += now - due - credit_max;
}

}  // namespace lifeboat
