// The process around the program: signals, core dumps, file modes.
//
// A backup tool holds keys and other people's data in memory, hence no core dumps; what it writes
// is for its owner only, hence the umask. The first SIGINT, SIGTERM or SIGHUP asks for an orderly
// end (nothing half-done is left); a second one is not ours to delay.

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/random.h"
#include "base/secret.h"
#include "base/stop.h"
#include "cli/app.h"
#include "io/fd.h"

namespace {

lifeboat::StopSource* stop_source = nullptr;

void handle_stop(int signal_number) {
  stop_source->request_stop();
  ::signal(signal_number, SIG_DFL);
}

void install_signals() {
  struct sigaction action {};
  action.sa_handler = handle_stop;
  // No SA_RESTART: a blocking call returns and sees the request.
  for (const int signal_number : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before {};
    ::sigaction(signal_number, nullptr, &before);
    // nohup and shells that start a background job ignore signals on purpose.
    if (before.sa_handler != SIG_IGN) ::sigaction(signal_number, &action, nullptr);
  }
  ::signal(SIGPIPE, SIG_IGN);
}

// With one of the three standard descriptors closed, the next file opened would take its number,
// and our talk would go into an archive. /dev/null opened to read: writing to it fails, as it
// ought.
void occupy_standard_descriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) == -1) (void)::open("/dev/null", O_RDONLY);
  }
}

void forbid_core_dumps() {
  const struct rlimit none { 0, 0 };
  (void)::setrlimit(RLIMIT_CORE, &none);
#if !defined(__SANITIZE_ADDRESS__)  // LeakSanitizer looks at its own process through ptrace
  (void)::prctl(PR_SET_DUMPABLE, 0);
#endif
}

// The environment may hold secrets, and lies in ordinary memory that root reads in
// /proc/PID/environ: it moves to locked pages, where getenv finds it. Before anything else does.
void lock_environment() {
  size_t size = 0;
  for (char** entry = environ; *entry != nullptr; ++entry) size += std::strlen(*entry) + 1;
  if (size == 0) return;
  // Never destroyed: what runs behind main may ask for a variable. Static, so that it is no leak.
  static auto* const locked = new lifeboat::Secret(size);
  char* place = reinterpret_cast<char*>(locked->span().data());
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const size_t length = std::strlen(*entry) + 1;
    std::memcpy(place, *entry, length);
    // The loader looks at its own variables again when libraries are loaded later.
    const bool is_loaders = std::strncmp(*entry, "LD_", 3) == 0;
    if (!is_loaders) ::explicit_bzero(*entry, length);
    *entry = place;
    place += length;
  }
}

}  // namespace

int main(int argument_count, char** arguments) {
  using namespace lifeboat;
  occupy_standard_descriptors();
  forbid_core_dumps();
  ::umask(077);
  std::optional<StopSource> stop;
  try {
    lock_environment();
    stop.emplace();
  } catch (const Error& error) {
    // Too early for anything but this: nothing is known of where to tell it.
    std::fprintf(stderr, "lifeboat: %s\n", error.what());
    return exit_code(error.kind());
  }
  stop_source = &*stop;
  install_signals();

  cli::StdoutSink out;
  FdSink talk(STDERR_FILENO, "standard error", ErrorKind::limit);
  SystemClock clock;
  SystemRandom random;
  cli::Surroundings surroundings{out, talk, cli::detect_terminal(), clock, random, stop->token()};
  try {
    return cli::run(std::vector<std::string>(arguments + 1, arguments + argument_count),
                    surroundings);
  } catch (const cli::OutputClosed&) {
    ::signal(SIGPIPE, SIG_DFL);
    ::raise(SIGPIPE);
  }
  return 0;
}
