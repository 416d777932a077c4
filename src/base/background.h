// Leaves the machine to what it is for: a backup takes the processor and the disk that nobody else
// wants.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace lifeboat {

// Nice 10 unless it is nicer already, scheduled as a batch, and for the disk the idle class, which
// schedulers that know none take for nothing. Linux keeps all three by thread: it acts on the
// calling one, and threads and children that come later inherit it; so it is called before there
// are any. Returns what was refused, as warnings: a run must not fail for it.
// https://www.kernel.org/doc/html/latest/block/ioprio.html
std::vector<std::string> enter_background();

// A thread that only computes and holds nothing that anybody waits for. Where the thread that
// started it is in the background, it takes processors that are idle else (SCHED_IDLE; nice 19
// still takes half of one from a writer that waits for its disk again and again). On a machine that
// never rests it would not get on: then it competes as a batch. Made and used by that thread.
// https://man7.org/linux/man-pages/man7/sched.7.html
class BackgroundWorker {
 public:
  // `figures`: nanoseconds that the thread ran, and that it waited for a processor.
  // https://docs.kernel.org/scheduler/sched-stats.html
  explicit BackgroundWorker(std::filesystem::path figures = "/proc/thread-self/schedstat");
  // After each piece of its work.
  void step();

 private:
  std::filesystem::path figures_;
  bool is_idle_ = false;
};

}  // namespace lifeboat
