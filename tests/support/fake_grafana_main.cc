// The fake Grafana as a program, for black-box scripts:
//
//   lifeboat-fake-grafana --port-file FILE [--seed]      serves at a free port, told by FILE
//   lifeboat-fake-grafana --port N [--seed]              serves at N, anonymous visitors as admins
//
// --data DIR also makes the database and the configuration of a Grafana that was used.
// It serves until its parent is gone or it is told to end.
#include <cstdio>
#include <string>
#include <string_view>

#include "base/random.h"
#include "support/fake_grafana.h"
#include "support/grafana_sample.h"
#include "support/stand_in.h"

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
  if (!lifeboat::test::begin_stand_in()) return 1;
  lifeboat::test::FakeGrafana grafana(options);
  if (is_seeded) grafana.seed();
  if (!port_file.empty()) {
    const std::string url = grafana.url();
    lifeboat::test::tell_port(port_file, url.substr(url.rfind(':') + 1));
  }
  lifeboat::test::wait_for_end();
  return 0;
}
