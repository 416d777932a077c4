// The fake Grafana as a program, for black-box scripts:
//
//   lifeboat-fake-grafana --port-file FILE [--seed]      serves at a free port, told by FILE
//   lifeboat-fake-grafana --port N [--seed]              serves at N, anonymous visitors as admins
//
// --data DIR also makes the database and the configuration of a Grafana that was used.
// It serves until its parent is gone or it is told to end.
#include <csignal>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>

#include <sys/prctl.h>

#include <unistd.h>

#include "base/random.h"
#include "support/fake_grafana.h"
#include "support/grafana_sample.h"

int main(int argc, char** argv) {
  std::string port_file;
  bool is_seeded = false;
  lifeboat::test::FakeGrafanaOptions options;
  for (int at = 1; at < argc; ++at) {
    const std::string_view word = argv[at];
    if (word == "--seed") {
      is_seeded = true;
    } else if (word == "--port-file" && at + 1 < argc) {
      port_file = argv[++at];
    } else if (word == "--port" && at + 1 < argc) {
      options.port = static_cast<uint16_t>(std::stoi(argv[++at]));
      options.has_anonymous_admin = true;
    } else if (word == "--data" && at + 1 < argc) {
      lifeboat::SystemRandom random;
      lifeboat::test::make_grafana_sample(argv[++at], {}, random);
    }
  }
  if (port_file.empty() == (options.port == 0)) {
    std::fputs("usage: lifeboat-fake-grafana {--port-file FILE | --port N} [--seed] [--data DIR]\n",
               stderr);
    return 2;
  }
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  sigprocmask(SIG_BLOCK, &ends, nullptr);  // before any thread is made
  const pid_t parent = getppid();
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) return 1;
  lifeboat::test::FakeGrafana grafana(options);
  if (is_seeded) grafana.seed();
  if (!port_file.empty()) {
    const std::string url = grafana.url();
    std::ofstream(port_file + ".new") << url.substr(url.rfind(':') + 1) << '\n';
    if (std::rename((port_file + ".new").c_str(), port_file.c_str()) != 0) return 1;
  }
  int signal = 0;
  sigwait(&ends, &signal);
  return 0;
}
