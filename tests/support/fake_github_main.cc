// A GitHub for the black-box scripts: issues of one repository. Each act that it accepted is a line
// of JSON in LOG as soon as it happened: {"act":"open","number":1,"title":...,"body":...,"labels":
// [...]}; also "comment", "edit", "close".
//
//   lifeboat-fake-github --port-file FILE --log FILE [--token T] [--repo OWNER/NAME]
//                        [--fail N:STATUS[:METHOD]...] [--labels dropped|refused]
//
// FILE gets its URL, for notify.github.api_url. The next N requests are answered with STATUS (429
// with Retry-After: 1); "lost" in its place: they take effect, and their answers are lost. With
// METHOD, those of that method alone. It ends with its parent.

#include <cstdlib>
#include <fstream>
#include <iostream>

#include "base/text.h"
#include "support/fake_github.h"
#include "support/stand_in.h"

namespace {

using lifeboat::test::FakeGithub;

int usage() {
  std::cerr
      << "usage: lifeboat-fake-github --port-file FILE --log FILE [--token T]\n"
         "       [--repo OWNER/NAME] [--fail N:STATUS[:METHOD]...] [--labels dropped|refused]\n";
  return 2;
}

void add_fault(FakeGithub& github, const std::string& text) {
  std::vector<std::string> parts = lifeboat::split(text, ':');
  parts.resize(3);
  lifeboat::test::FakeGithubFault fault;
  const std::string& status = parts[1];
  if (status == "lost") {
    fault.lose_answer = true;
  } else {
    fault.status = std::atoi(status.c_str());
    if (fault.status == 429) fault.headers = {{"Retry-After", "1"}};
  }
  github.fail_next(fault, std::atoi(parts[0].c_str()), parts[2]);
}

}  // namespace

int main(int argc, char** argv) {
  FakeGithub::Options options;
  std::string port_file;
  std::string log_file;
  std::string labels;
  std::vector<std::string> faults;
  for (int at = 1; at + 1 < argc; at += 2) {
    const std::string name = argv[at];
    const std::string value = argv[at + 1];
    if (name == "--port-file") port_file = value;
    if (name == "--log") log_file = value;
    if (name == "--token") options.token = value;
    if (name == "--repo") options.repo = value;
    if (name == "--labels") labels = value;
    if (name == "--fail") faults.push_back(value);
  }
  if (argc % 2 == 0 || port_file.empty() || log_file.empty()) return usage();
  if (!lifeboat::test::begin_stand_in()) return 1;
  std::ofstream log(log_file);
  FakeGithub github(options, [&log](const lifeboat::Json& act) {
    log << lifeboat::print_json_line(act) << std::endl;
  });
  if (labels == "dropped") github.set_labels(FakeGithub::Labels::dropped);
  if (labels == "refused") github.set_labels(FakeGithub::Labels::refused);
  for (const std::string& fault : faults) add_fault(github, fault);
  lifeboat::test::tell_port(port_file, github.url());
  lifeboat::test::wait_for_end();
  return 0;
}
