#include "process/server.h"

#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "process/child_parts.h"

namespace lifeboat {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds ready_pause{50};
constexpr size_t output_tail_max = 4096;

// Everything that the child needs, made before fork(2).
struct Launch {
  const char* program;
  char* const* argv;
  char* const* environment;
  const char* working_dir;
  int input;
  int output;
  int error_pipe;
  bool has_own_network = false;
  bool changes_user = false;
  uid_t uid = 0;
  gid_t gid = 0;
  pid_t parent = 0;
};

// Loopback is there, but down. https://man7.org/linux/man-pages/man7/netdevice.7.html
bool leave_network() {
  if (::unshare(CLONE_NEWNET) != 0) return false;
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq loopback{};
  std::memcpy(loopback.ifr_name, "lo", sizeof "lo");
  loopback.ifr_flags = IFF_UP;
  return fd >= 0 && ::ioctl(fd, SIOCSIFFLAGS, &loopback) == 0;
}

// By system calls that touch this process only: glibc's wrappers change all threads, by a lock that
// another thread may have held at the fork.
bool become_user(const Launch& launch) {
  if (!launch.changes_user) return true;
  return ::syscall(SYS_setgroups, 0, nullptr) == 0 &&
         ::syscall(SYS_setresgid, launch.gid, launch.gid, launch.gid) == 0 &&
         ::syscall(SYS_setresuid, launch.uid, launch.uid, launch.uid) == 0;
}

bool become_server(const Launch& launch) {
  sigset_t none;
  ::sigemptyset(&none);
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  if (::sigprocmask(SIG_SETMASK, &none, nullptr) != 0 || ::setpgid(0, 0) != 0) return false;
  if (launch.has_own_network && !leave_network()) return false;
  if (!become_user(launch)) return false;
  // After the change of user, which would take it back.
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return false;
  if (::getppid() != launch.parent) ::_exit(127);
  if (::chdir(launch.working_dir) != 0) return false;
  if (::dup2(launch.input, STDIN_FILENO) < 0 || ::dup2(launch.output, STDOUT_FILENO) < 0 ||
      ::dup2(launch.output, STDERR_FILENO) < 0) {
    return false;
  }
  ::umask(0077);
  ::execve(launch.program, launch.argv, launch.environment);
  return false;
}

[[noreturn]] void run_child(const Launch& launch) {
  if (!become_server(launch)) {
    const int reason = errno;
    [[maybe_unused]] const ssize_t told = ::write(launch.error_pipe, &reason, sizeof reason);
  }
  ::_exit(127);
}

void find_user(const std::string& name, Launch& launch) {
  if (name.empty()) return;
  struct passwd entry {};
  struct passwd* found = nullptr;
  std::array<char, 4096> buffer{};
  ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr) {
    throw Error(ErrorKind::service,
                format("run a server as user '{}': there is no such user", printable(name)));
  }
  launch.changes_user = true;
  launch.uid = found->pw_uid;
  launch.gid = found->pw_gid;
}

}  // namespace

ChildServer::ChildServer(ServerOptions options, Clock& clock)
    : clock_(clock),
      stop_(options.stop),
      stop_signal_(options.stop_signal),
      stop_grace_(options.stop_grace) {
  ensure(!options.argv.empty(), "a server has at least a program's name");
  name_ = printable(options.argv.front());
  stop_.throw_if_stopped();
  start(options);
}

void ChildServer::start(const ServerOptions& options) {
  const Environment environment = make_environment(options.environment);
  const std::string program = find_program(options.argv.front(), environment.at("PATH"));
  if (program.empty()) {
    throw Error(ErrorKind::service, format("start '{}': no such program", name_))
        .hint("Install it, or give its absolute path.");
  }
  std::vector<std::string> argv = options.argv;
  std::vector<std::string> variables;
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
  const std::vector<char*> argv_pointers = pointers(argv);
  const std::vector<char*> variable_pointers = pointers(variables);
  const UniqueFd input = open_file("/dev/null", O_RDONLY);
  output_ = UniqueFd(::memfd_create("lifeboat-server-output", MFD_CLOEXEC));
  std::array<int, 2> fds{};
  if (!output_ || ::pipe2(fds.data(), O_CLOEXEC) != 0) {
    throw system_error(ErrorKind::limit, format("start '{}'", name_), errno);
  }
  const UniqueFd error_read(fds[0]);
  UniqueFd error_write(fds[1]);
  Launch launch{.program = program.c_str(),
                .argv = argv_pointers.data(),
                .environment = variable_pointers.data(),
                .working_dir = options.working_dir.c_str(),
                .input = input.get(),
                .output = output_.get(),
                .error_pipe = error_write.get(),
                .has_own_network = options.has_own_network,
                .parent = ::getpid()};
  find_user(options.user, launch);
  pid_ = ::fork();
  if (pid_ == 0) run_child(launch);
  if (pid_ < 0) throw system_error(ErrorKind::limit, format("start '{}'", name_), errno);
  error_write.reset();
  pid_fd_ = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  // Its end closes at exec: nothing to read means that the program runs.
  int reason = 0;
  ssize_t told = 0;
  while ((told = ::read(error_read.get(), &reason, sizeof reason)) < 0 && errno == EINTR) {
  }
  if (told == 0 && pid_fd_) return;
  if (told == 0) reason = EMFILE;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
  throw system_error(ErrorKind::service, format("start '{}'", name_), reason);
}

ChildServer::~ChildServer() {
  if (pid_ < 0 || status_) return;
  ::kill(pid_, stop_signal_);
  pollfd ended{pid_fd_.get(), POLLIN, 0};
  while (::poll(&ended, 1, static_cast<int>(stop_grace_.count())) < 0 && errno == EINTR) {
  }
  // Until it is reaped, its number stays taken: the signal cannot hit a stranger's group.
  ::kill(-pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

bool ChildServer::has_ended() {
  if (status_) return true;
  siginfo_t info{};
  // Left as a zombie, so that its number stays taken until the group got its signal.
  if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
      info.si_pid != pid_) {
    return false;
  }
  ::kill(-pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  status_ = status;
  return true;
}

bool ChildServer::is_running() { return !has_ended(); }

std::string ChildServer::output_tail() const {
  const struct stat status = stat_fd(output_.get(), "a server's output");
  std::string tail(std::min<size_t>(static_cast<size_t>(status.st_size), output_tail_max), '\0');
  const auto offset = static_cast<off_t>(static_cast<size_t>(status.st_size) - tail.size());
  const ssize_t got = ::pread(output_.get(), tail.data(), tail.size(), offset);
  tail.resize(got > 0 ? static_cast<size_t>(got) : 0);
  return tail;
}

void ChildServer::fail(const std::string& why) const {
  const std::string words = last_words(output_tail());
  throw Error(ErrorKind::service,
              format("start '{}': {}{}{}", name_, why, words.empty() ? "" : ": ", words))
      .hint("The lines above are the last that it printed.");
}

void ChildServer::wait_until_ready(const std::function<bool()>& is_ready,
                                   std::chrono::nanoseconds at_most) {
  const auto begin = clock_.steady_now();
  for (;;) {
    stop_.throw_if_stopped();
    if (has_ended()) fail(status_text(*status_) + " before it was ready");
    if (is_ready()) return;
    if (clock_.steady_now() - begin > at_most) {
      fail(format("it was not ready within {}", print_duration(at_most)));
    }
    clock_.sleep(ready_pause, stop_);
  }
}

void ChildServer::wait_for_success(std::chrono::nanoseconds at_most) {
  const auto begin = clock_.steady_now();
  while (!has_ended()) {
    if (clock_.steady_now() - begin > at_most) {
      fail(format("it did not end within {}", print_duration(at_most)));
    }
    clock_.sleep(ready_pause, stop_);
  }
  if (*status_ != 0) fail(status_text(*status_));
}

}  // namespace lifeboat
