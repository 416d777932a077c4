// A WAHA server for the black-box scripts, with a session for each folder of DATA that has a
// session's configuration. Its acts go to DATA/../fake-waha.log, one a line, behind the states.
//
//   lifeboat-fake-waha --port-file FILE --data DIR [--key KEY] [--fail "POST /api/..."]
//
// It ends with its parent.
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "support/fake_waha.h"

namespace {

namespace fs = std::filesystem;

std::map<std::string, std::string> find_sessions(const fs::path& data) {
  std::map<std::string, std::string> sessions;
  for (const auto& space : fs::directory_iterator(data)) {
    if (!space.is_directory()) continue;
    for (const auto& session : fs::directory_iterator(space.path())) {
      if (!fs::exists(session.path() / ".waha.session.config.json")) continue;
      sessions.emplace(session.path().filename(), "WORKING");
    }
  }
  return sessions;
}

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> options;
  for (int at = 1; at + 1 < argc; at += 2) options[argv[at]] = argv[at + 1];
  if (!options.contains("--port-file") || !options.contains("--data")) {
    std::cerr << "usage: lifeboat-fake-waha --port-file FILE --data DIR [--key KEY] [--fail ACT]\n";
    return 2;
  }
  const pid_t parent = ::getppid();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) return 1;
  // SIGTERM asks for the account, and ends; blocked before there are other threads.
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  const fs::path data = fs::canonical(options["--data"]);
  const auto sessions = find_sessions(data);
  lifeboat::test::FakeWaha waha(sessions, options.contains("--key") ? options["--key"] : "key");
  if (options.contains("--fail")) waha.fail(options["--fail"], 500);
  const fs::path made = options["--port-file"] + ".tmp";
  std::ofstream(made) << waha.url() << "\n";
  fs::rename(made, options["--port-file"]);
  int signal = 0;
  ::sigwait(&signals, &signal);
  std::ofstream log(data.parent_path() / "fake-waha.log");
  for (const auto& [name, ignored] : sessions) log << name << " " << waha.status(name) << "\n";
  for (const std::string& act : waha.acts()) log << act << "\n";
  return 0;
}
