// Holds a run to a share of the processor: whoever moves the bytes waits until the process has used
// no more than its share of the time gone by. Compression threads run dry meanwhile, so one place
// bounds them all. A limit by cgroup would be exact, but needs root and systemd; this needs
// neither.
#pragma once

#include <chrono>
#include <functional>

#include "base/clock.h"
#include "base/stop.h"

namespace lifeboat {

// CPU time of this process, all threads.
std::chrono::nanoseconds process_cpu_time();

// One thread. Children's CPU time is not counted.
class CpuPacer {
 public:
  using CpuTime = std::function<std::chrono::nanoseconds()>;

  // `percent` of one core; 0: no limit. `clock` must outlive it.
  CpuPacer(unsigned percent, Clock& clock, StopToken stop, CpuTime cpu_time = process_cpu_time);
  // Returns at once, or after the time in which the share would have been kept. What other threads
  // do meanwhile is the next call's affair: who waits until it is kept may wait for ever. Throws
  // Interrupted. Time in which little was done, as by a slow upload, is no credit for later but for
  // a tenth of a second.
  void wait();

 private:
  const unsigned percent_;
  Clock& clock_;
  const StopToken stop_;
  const CpuTime cpu_time_;
  std::chrono::steady_clock::time_point begin_{};
  std::chrono::nanoseconds cpu_begin_{};
};

}  // namespace lifeboat
