// A WAHA server for the black-box scripts, with a session for each folder of DATA that has a
// session's configuration. Its acts go to DATA/../fake-waha.log, one a line, behind the states.
//
//   lifeboat-fake-waha --port-file FILE --data DIR [--key KEY] [--fail "POST /api/..."]
//
// It ends with its parent.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "support/fake_waha.h"
#include "support/stand_in.h"

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
  if (!lifeboat::test::begin_stand_in()) return 1;
  const fs::path data = fs::canonical(options["--data"]);
  const auto sessions = find_sessions(data);
  lifeboat::test::FakeWaha waha(sessions, options.contains("--key") ? options["--key"] : "key");
  if (options.contains("--fail")) waha.fail(options["--fail"], 500);
  lifeboat::test::tell_port(options["--port-file"], waha.url());
  lifeboat::test::wait_for_end();
  std::ofstream log(data.parent_path() / "fake-waha.log");
  for (const auto& [name, ignored] : sessions) log << name << " " << waha.status(name) << "\n";
  for (const std::string& act : waha.acts()) log << act << "\n";
  return 0;
}
