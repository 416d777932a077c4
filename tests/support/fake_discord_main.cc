// Discord's webhook, a webhook of one's own and a heartbeat for the black-box scripts.
//
//   lifeboat-fake-discord --port-file FILE --log FILE [--fail N:STATUS]...
//
// FILE gets the URL ("http://127.0.0.1:PORT"); the webhook is URL/api/webhooks/1/token, and below
// URL/hook and URL/ping anything is taken. The log gets a line of JSON for each accepted request:
// {"method":"POST","target":"/api/webhooks/1/token?wait=true","body":{...}}; refused ones go to
// stderr. The first N requests get STATUS; "hang" is none.
//
// It ends with its parent.

#include <fstream>
#include <iostream>

#include "support/fake_discord.h"
#include "support/stand_in.h"

int main(int argc, char** argv) {
  using lifeboat::Json;
  std::map<std::string, std::string> options;
  std::vector<std::string> failures;
  for (int at = 1; at + 1 < argc; at += 2) {
    if (std::string(argv[at]) == "--fail") failures.push_back(argv[at + 1]);
    options[argv[at]] = argv[at + 1];
  }
  if (!options.contains("--port-file") || !options.contains("--log")) {
    std::cerr << "usage: lifeboat-fake-discord --port-file FILE --log FILE [--fail N:STATUS]...\n";
    return 2;
  }
  if (!lifeboat::test::begin_stand_in()) return 1;
  std::ofstream log(options["--log"], std::ios::app);
  lifeboat::test::FakeDiscord discord(
      "token", [&log](const Json& seen) { log << lifeboat::print_json_line(seen) << std::endl; },
      [](const Json& seen) { std::cerr << lifeboat::print_json_line(seen) << std::endl; });
  for (const std::string& failure : failures) {
    const std::string status = failure.substr(failure.find(':') + 1);
    discord.fail_next(std::stoi(failure), status == "hang" ? 0 : std::stoi(status));
  }
  lifeboat::test::tell_port(options["--port-file"], discord.url());
  lifeboat::test::wait_for_end();
  return 0;
}
