#include "scheduler/command_line.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace lifeboat {
namespace {

constexpr std::string_view program_name = "lifeboat";
constexpr std::string_view operators = ";&|()<>\n";
constexpr int depth_max = 3;  // of `sh -c`
// Options of the program that take a value, so that the value is not taken for a job.
constexpr std::array<std::string_view, 9> valued_options{
    "--store",           "--host",  "--profile", "-i",      "--identity",
    "--passphrase-file", "--trust", "--scratch", "--engine"};

struct Token {
  std::string text;
  bool is_operator = false;
};

// Reads one word: quotes and backslashes are taken away.
std::string read_word(std::string_view text, size_t& at) {
  std::string word;
  char quote = 0;
  for (; at < text.size(); ++at) {
    const char byte = text[at];
    if (quote == 0 && (byte == ' ' || byte == '\t' || operators.find(byte) != operators.npos))
      break;
    if (byte == quote) {
      quote = 0;
    } else if (quote == 0 && (byte == '\'' || byte == '"')) {
      quote = byte;
    } else if (byte == '\\' && quote != '\'' && at + 1 < text.size()) {
      ++at;
      if (text[at] != '\n') word += text[at];
    } else {
      word += byte;
    }
  }
  return word;
}

std::vector<Token> tokens_of(std::string_view text) {
  std::vector<Token> tokens;
  for (size_t at = 0; at < text.size();) {
    const char byte = text[at];
    if (byte == ' ' || byte == '\t' || text.substr(at, 2) == "\\\n") {
      at += byte == '\\' ? 2 : 1;
    } else if (byte == '#') {
      at = std::min(text.find('\n', at), text.size());
    } else if (operators.find(byte) != operators.npos) {
      tokens.push_back({std::string(1, byte), true});
      ++at;
    } else {
      tokens.push_back({read_word(text, at), false});
    }
  }
  return tokens;
}

bool is_number(const std::string& word) {
  return !word.empty() && word.find_first_not_of("0123456789") == std::string::npos;
}

// Simple commands without their redirections.
std::vector<std::vector<std::string>> commands_of(std::string_view text) {
  std::vector<std::vector<std::string>> commands(1);
  bool is_target = false;  // of a redirection
  for (const Token& token : tokens_of(text)) {
    const bool redirects = token.is_operator && (token.text == ">" || token.text == "<");
    if (redirects) {
      std::vector<std::string>& command = commands.back();
      if (!is_target && !command.empty() && is_number(command.back())) command.pop_back();  // 2>
      is_target = true;
    } else if (token.is_operator) {
      // "&>file" and "2>&1" are no ends, but what follows the first is a redirection anyway.
      if (!is_target) commands.emplace_back();
    } else if (is_target) {
      is_target = false;
    } else {
      commands.back().push_back(token.text);
    }
  }
  return commands;
}

std::optional<std::pair<std::string, std::string>> assignment(const std::string& word) {
  const size_t equals = word.find('=');
  if (equals == std::string::npos || equals == 0 || is_number(word.substr(0, 1))) return {};
  for (const char byte : word.substr(0, equals)) {
    const bool is_name = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                         (byte >= '0' && byte <= '9') || byte == '_';
    if (!is_name) return {};
  }
  return std::pair(word.substr(0, equals), word.substr(equals + 1));
}

// In "[ -x /usr/bin/lifeboat ]" it is looked at, not started.
bool starts_it(const std::vector<std::string>& command, size_t at) {
  const std::string& word = command[at];
  const std::string name = word.substr(word.rfind('/') + 1);
  if (name != program_name || command[0] == "[" || command[0] == "test") return false;
  if (at + 1 == command.size()) return false;
  const char first = command[at + 1].empty() ? ' ' : command[at + 1][0];
  return first == '-' || (first >= 'a' && first <= 'z');
}

std::optional<StartedProgram> find_in(std::string_view text, int depth) {
  if (depth == depth_max || text.find(program_name) == std::string_view::npos) return {};
  std::map<std::string, std::string> environment;
  for (const std::vector<std::string>& command : commands_of(text)) {
    for (size_t at = 0; at < command.size(); ++at) {
      const std::string& word = command[at];
      if (const auto set = assignment(word)) {
        environment.insert_or_assign(set->first, set->second);
      } else if (starts_it(command, at)) {
        StartedProgram found{word, {}, environment};
        for (size_t next = at + 1; next < command.size(); ++next) {
          const bool is_value = command[next - 1] == "--config";
          if (is_value || !command[next].starts_with('$')) {
            found.arguments.push_back(command[next]);
          }
        }
        return found;
      } else if (word.find(' ') != std::string::npos) {
        if (auto found = find_in(word, depth + 1)) {
          found->environment.insert(environment.begin(), environment.end());
          return found;
        }
      }
    }
  }
  return {};
}

}  // namespace

std::optional<StartedProgram> find_program(std::string_view text) { return find_in(text, 0); }

std::map<std::string, std::string> assignments_of(std::string_view text) {
  std::map<std::string, std::string> assignments;
  for (const Token& token : tokens_of(text)) {
    if (const auto set = assignment(token.text))
      assignments.insert_or_assign(set->first, set->second);
  }
  return assignments;
}

Invocation read_invocation(const std::vector<std::string>& arguments) {
  Invocation made;
  for (size_t at = 0; at < arguments.size(); ++at) {
    const std::string& one = arguments[at];
    const bool has_next = at + 1 < arguments.size() && !arguments[at + 1].starts_with('-');
    if (one.starts_with("--config=")) {
      made.config = one.substr(std::string_view("--config=").size());
    } else if (one == "--config") {
      made.config = has_next ? arguments[++at] : "$";
    } else if (has_next && std::ranges::count(valued_options, one) > 0) {
      ++at;
    } else if (!one.starts_with('-')) {
      made.words.push_back(one);
    }
  }
  if (made.config->find('$') != std::string::npos) made.config.reset();
  return made;
}

}  // namespace lifeboat
