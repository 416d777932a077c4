#include "support/stand_in.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace lifeboat::test {
namespace {

sigset_t end_signal() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

bool begin_stand_in() {
  const pid_t parent = ::getppid();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) return false;
  const sigset_t signals = end_signal();
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  return true;
}

void tell_port(const std::string& file, const std::string& text) {
  const std::string made = file + ".tmp";
  std::ofstream(made) << text << "\n";
  std::filesystem::rename(made, file);
}

void wait_for_end() {
  const sigset_t signals = end_signal();
  int signal = 0;
  ::sigwait(&signals, &signal);
}

}  // namespace lifeboat::test
