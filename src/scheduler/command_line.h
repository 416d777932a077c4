// What a shell's command line starts, read without a shell: enough to find this program behind
// `nice`, `flock`, `env`, `cd x &&`, `sh -c '...'` and the like. Nothing is expanded.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat {

struct StartedProgram {
  std::string program;                             // as written
  std::vector<std::string> arguments;              // up to the command's end, redirections left out
  std::map<std::string, std::string> environment;  // what the line itself sets
};

// The first start of `lifeboat` in a line, or in the lines of a script; nothing if there is none.
// What is behind a '$' ("$@") is left out of the arguments, but as the value of --config.
std::optional<StartedProgram> find_program(std::string_view text);

// The words NAME=value of a line; quotes are taken away.
std::map<std::string, std::string> assignments_of(std::string_view text);

// What the program's arguments ask for.
struct Invocation {
  std::vector<std::string> words;  // "backup", "nightly"
  // Empty: the program's default. Nothing: it is named by a variable, which nobody here knows.
  std::optional<std::string> config{""};
};
Invocation read_invocation(const std::vector<std::string>& arguments);

}  // namespace lifeboat
