// The fake Grafana as a program, for black-box scripts:
//
//   lifeboat-fake-grafana --port-file FILE [--seed]
//
// It writes its port to FILE and serves until its parent is gone or it is told to end.
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

#include <sys/prctl.h>

#include <unistd.h>

#include "support/fake_grafana.h"

int main(int argc, char** argv) {
  std::string port_file;
  bool is_seeded = false;
  for (int at = 1; at < argc; ++at) {
    if (std::strcmp(argv[at], "--seed") == 0) {
      is_seeded = true;
    } else if (std::strcmp(argv[at], "--port-file") == 0 && at + 1 < argc) {
      port_file = argv[++at];
    }
  }
  if (port_file.empty()) {
    std::fputs("usage: lifeboat-fake-grafana --port-file FILE [--seed]\n", stderr);
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
  lifeboat::test::FakeGrafana grafana;
  if (is_seeded) grafana.seed();
  const std::string url = grafana.url();
  std::ofstream(port_file + ".new") << url.substr(url.rfind(':') + 1) << '\n';
  if (std::rename((port_file + ".new").c_str(), port_file.c_str()) != 0) return 1;
  int signal = 0;
  sigwait(&ends, &signal);
  return 0;
}
