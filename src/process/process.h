// Child processes, as sources of bytes.
//
// No shell ever: argv goes to execve(2) as it is, so no word of a configuration can become a
// command. The environment is made anew; secrets travel in it or on stdin, never in argv, which
// every user of the host can read. The child gets its own process group, so that what it starts
// dies with it, and inherits no descriptor but 0, 1 and 2.
//
// One poll(2) loop inside read() serves stdout, stderr, the child's end and the stop token: no
// threads, and a child that floods stderr never blocks. Rejected: popen, which hides the exit
// status behind a shell and inherits everything.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"
#include "base/stop.h"
#include "io/fd.h"
#include "io/source.h"

namespace lifeboat {

struct ChildOptions {
  std::vector<std::string> argv;  // a program without a slash is looked for in the child's PATH
  // On top of PATH (the system's folders), HOME, LANG=C and, where set, TZ; the same name replaces.
  std::vector<std::pair<std::string, std::string>> environment;
  std::shared_ptr<const Secret> input;                       // stdin; null is /dev/null
  std::chrono::nanoseconds timeout = std::chrono::hours(1);  // from the start to the child's end
  StopToken stop = {};
  // stdin from where this descriptor stands, instead of `input`: for what does not fit into memory.
  // Borrowed until the child was started.
  int input_fd = -1;
};

// Reads a child's stdout. The child's exit status replaces the end: 0 is returned only after it
// ended with status 0; else Error(service) with the program's name, its status and the last lines
// of stderr, registered secrets removed. A child that closes stdout and lives on is waited for; one
// that ends while something it started holds its stdout open is an Error after 5 s without a byte.
//
// Destroying it early kills the group (SIGTERM, then SIGKILL after 2 s) and reaps the child.
class ChildSource final : public Source {
 public:
  // Throws Error(service) "run 'x': no such program". `clock` must outlive the object.
  ChildSource(ChildOptions options, const Clock& clock);
  ~ChildSource() override;

  // Throws Error(service) on failure or timeout and Interrupted on a stop; the group is dead then.
  size_t read(ByteSpan target) override;

  // The last 8 KiB of stderr so far, as it came.
  const std::string& stderr_tail() const { return stderr_tail_; }
  int pid() const { return pid_; }

 private:
  void spawn(const ChildOptions& options);
  void wait_for_events();
  void drain_stderr();
  void check_limits(bool is_silent);
  void finish();
  void kill_group() noexcept;
  int reap() noexcept;
  [[noreturn]] void fail(const std::string& why, const std::string& hint);

  std::string name_;
  const Clock& clock_;
  StopToken stop_;
  std::chrono::nanoseconds timeout_;
  std::chrono::steady_clock::time_point begin_;
  std::chrono::steady_clock::time_point last_event_;
  int pid_ = -1;
  UniqueFd pid_fd_;
  UniqueFd stdout_;
  UniqueFd stderr_;
  bool stdout_is_ready_ = false;
  bool has_exited_ = false;
  bool at_end_ = false;
  std::string stderr_tail_;
};

struct CommandOutput {
  std::string output;
  std::string stderr_tail;
};

// Whether `program` (without a slash: of the system's folders) is installed.
bool has_program(const std::string& program);

// Runs a command to its end; more than `output_bytes_max` bytes of stdout is Error(limit).
CommandOutput run_command(ChildOptions options, const Clock& clock,
                          uint64_t output_bytes_max = 1024 * 1024);

}  // namespace lifeboat
