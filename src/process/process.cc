#include "process/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/format.h"
#include "base/text.h"
#include "process/child_parts.h"

namespace lifeboat {
namespace {

using std::chrono::milliseconds;

constexpr size_t stderr_tail_max = 8 * 1024;
constexpr milliseconds term_grace{2000};
constexpr milliseconds orphan_grace{5000};
// The clock may be a test's: it is asked anew at least this often.
constexpr milliseconds poll_max{200};

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

Pipe make_pipe() {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0) {
    throw system_error(ErrorKind::limit, "create a pipe", errno);
  }
  return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

// stdin from memory: unlike a pipe it needs nobody to feed it, and a child that does not read it
// cannot raise SIGPIPE here.
UniqueFd input_fd(const Secret* input) {
  if (input == nullptr) return open_file("/dev/null", O_RDONLY);
  UniqueFd fd(::memfd_create("lifeboat-stdin", MFD_CLOEXEC));
  if (!fd) throw system_error(ErrorKind::limit, "create memory for a command's stdin", errno);
  write_fd(fd.get(), input->view(), "a command's stdin", ErrorKind::limit);
  ::lseek(fd.get(), 0, SEEK_SET);
  return fd;
}

struct SpawnActions {
  SpawnActions() {
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawnattr_init(&attributes);
  }
  ~SpawnActions() {
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
  }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  posix_spawn_file_actions_t files{};
  posix_spawnattr_t attributes{};
};

}  // namespace

ChildSource::ChildSource(ChildOptions options, const Clock& clock)
    : clock_(clock), stop_(options.stop), timeout_(options.timeout) {
  ensure(!options.argv.empty(), "a command has at least a program's name");
  name_ = printable(options.argv.front());
  stop_.throw_if_stopped();
  begin_ = last_event_ = clock_.steady_now();
  spawn(options);
}

ChildSource::~ChildSource() {
  if (pid_ > 0) kill_group();
}

void ChildSource::spawn(const ChildOptions& options) {
  const Environment environment = make_environment(options.environment);
  const std::string program = find_program(options.argv.front(), environment.at("PATH"));
  if (program.empty()) {
    throw Error(ErrorKind::service, format("run '{}': no such program", name_))
        .hint("Install it, or give its absolute path.");
  }
  Pipe out = make_pipe();
  Pipe err = make_pipe();
  UniqueFd own_input;
  if (options.input_fd < 0) own_input = input_fd(options.input.get());
  const int in = options.input_fd < 0 ? own_input.get() : options.input_fd;

  SpawnActions actions;
  ::posix_spawn_file_actions_adddup2(&actions.files, in, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions.files, out.write_end.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions.files, err.write_end.get(), STDERR_FILENO);
  ::posix_spawn_file_actions_addclosefrom_np(&actions.files, STDERR_FILENO + 1);
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&actions.attributes, &none);
  ::posix_spawnattr_setsigdefault(&actions.attributes, &all);
  ::posix_spawnattr_setpgroup(&actions.attributes, 0);
  ::posix_spawnattr_setflags(
      &actions.attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::vector<std::string> argv = options.argv;
  std::vector<std::string> variables;
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
  const int failed = ::posix_spawn(&pid_, program.c_str(), &actions.files, &actions.attributes,
                                   pointers(argv).data(), pointers(variables).data());
  if (failed != 0) {
    pid_ = -1;
    throw system_error(ErrorKind::service, format("run '{}'", name_), failed);
  }
  // By number: glibc 2.36 declares pidfd_open without C linkage.
  pid_fd_ = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (!pid_fd_) {
    const int reason = errno;
    kill_group();
    throw system_error(ErrorKind::limit, format("watch '{}'", name_), reason);
  }
  stdout_ = std::move(out.read_end);
  stderr_ = std::move(err.read_end);
}

void ChildSource::wait_for_events() {
  // A descriptor of -1 is ignored by poll(2).
  std::array<pollfd, 4> watched{{{stdout_.get(), POLLIN, 0},
                                 {stderr_.get(), POLLIN, 0},
                                 {has_exited_ ? -1 : pid_fd_.get(), POLLIN, 0},
                                 {stop_.fd(), POLLIN, 0}}};
  const int ready = ::poll(watched.data(), watched.size(), static_cast<int>(poll_max.count()));
  if (ready < 0 && errno != EINTR) {
    throw system_error(ErrorKind::service, format("wait for '{}'", name_), errno);
  }
  if (ready <= 0) return;
  stdout_is_ready_ = watched[0].revents != 0;
  if (watched[1].revents != 0) drain_stderr();
  if (watched[2].revents != 0) has_exited_ = true;
  if (stdout_is_ready_ || watched[2].revents != 0) last_event_ = clock_.steady_now();
}

void ChildSource::drain_stderr() {
  std::array<char, 16 * 1024> block;
  const ssize_t got = ::read(stderr_.get(), block.data(), block.size());
  if (got <= 0) {
    stderr_.reset();
    return;
  }
  append_tail(stderr_tail_, {block.data(), static_cast<size_t>(got)}, stderr_tail_max);
}

void ChildSource::check_limits(bool is_silent) {
  if (stop_.stop_requested()) {
    kill_group();
    throw Interrupted();
  }
  const auto now = clock_.steady_now();
  if (now - begin_ > timeout_) {
    fail(format("it did not end within {}", print_duration(timeout_)),
         "Find out what it waits for, or raise 'timeout'.");
  }
  // Only once poll(2) found nothing: a slow reader is not the child's fault.
  if (has_exited_ && is_silent && now - last_event_ > orphan_grace) {
    fail("it ended, but something it started holds its output open",
         "Let the command wait for what it starts.");
  }
}

size_t ChildSource::read(ByteSpan target) {
  if (at_end_) return 0;
  ensure(pid_ > 0, "a failed child is not read again");
  for (;;) {
    wait_for_events();
    check_limits(stdout_ && !stdout_is_ready_);
    if (std::exchange(stdout_is_ready_, false)) {
      const ssize_t got = ::read(stdout_.get(), target.data(), target.size());
      if (got > 0) return static_cast<size_t>(got);
      if (got == 0) stdout_.reset();
    }
    if (!stdout_ && has_exited_) {
      finish();
      return 0;
    }
  }
}

void ChildSource::finish() {
  // What the child wrote last may still lie in the pipe; what others write later is not waited for.
  pollfd pending{stderr_.get(), POLLIN, 0};
  for (int block = 0; block < 8 && stderr_ && ::poll(&pending, 1, 0) > 0; ++block) drain_stderr();
  const int status = reap();
  if (status != 0) {
    const bool is_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    fail(status_text(status), is_killed ? "The kernel kills so when memory runs out: see 'dmesg'."
                                        : "Run the command by hand to see what it says.");
  }
  at_end_ = true;
}

int ChildSource::reap() noexcept {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return status;
}

void ChildSource::kill_group() noexcept {
  // Until it is reaped, its number stays taken: the signals cannot hit a stranger's group.
  ::kill(-pid_, SIGTERM);
  pollfd ended{pid_fd_.get(), POLLIN, 0};
  const auto grace = has_exited_ || !pid_fd_ ? milliseconds(0) : term_grace;
  while (::poll(&ended, 1, static_cast<int>(grace.count())) < 0 && errno == EINTR) {
  }
  ::kill(-pid_, SIGKILL);
  reap();
}

void ChildSource::fail(const std::string& why, const std::string& hint) {
  if (pid_ > 0) kill_group();
  const std::string words = last_words(stderr_tail_);
  throw Error(ErrorKind::service,
              format("run '{}': {}{}{}", name_, why, words.empty() ? "" : ": ", words))
      .hint(hint);
}

bool has_program(const std::string& program) {
  return !find_program(program, make_environment({}).at("PATH")).empty();
}

CommandOutput run_command(ChildOptions options, const Clock& clock, uint64_t output_bytes_max) {
  const std::string name = options.argv.empty() ? "" : printable(options.argv.front());
  ChildSource child(std::move(options), clock);
  const Bytes output = read_all(child, output_bytes_max, format("the output of '{}'", name));
  return {std::string(as_text(output)), child.stderr_tail()};
}

}  // namespace lifeboat
