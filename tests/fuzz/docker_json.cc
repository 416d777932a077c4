// A Docker engine's answers: lists of containers and volumes, one looked at, the end of a command.
#include "docker/answers.h"
#include "fuzz/fuzz.h"

using namespace lifeboat;

namespace {

// No text may hold what the answer did not say.
void check_texts(const Json& answer, const DockerContainer& container) {
  const std::string printed = print_json_line(answer);
  for (const std::string& text : {container.id, container.name, container.image}) {
    const std::string quoted = print_json_line(Json(text));
    fuzz::require(printed.find(quoted.substr(1, quoted.size() - 2)) != std::string::npos,
                  "what is read was there", quoted);
  }
}

std::string read_all_of(std::string_view text) {
  const Json answer = parse_answer("ask", text);
  const std::vector<DockerContainer> listed = read_containers(answer);
  for (const DockerContainer& one : listed) check_texts(answer, one);
  const DockerDetails details = read_details(answer);
  check_texts(answer, details.container);
  const auto code = read_exit_code(answer);
  if (code) {
    // By the text of the number, which no conversion has touched.
    fuzz::require(answer.at("ExitCode").dump() == std::to_string(*code),
                  "an exit code is the one that was said");
  }
  return std::to_string(listed.size() + read_volumes(answer).size() + details.env.size() +
                        details.container.mounts.size() + read_repo_digests(answer).size());
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  fuzz::outcome([&] { return read_all_of(text); });
  return 0;
}
