#include "config/variables.h"

#include <algorithm>

#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "config/small_file.h"

namespace lifeboat {
namespace {

constexpr size_t env_file_bytes_max = 256 * 1024;
constexpr size_t credential_bytes_max = 64 * 1024;
constexpr std::string_view credentials_variable = "CREDENTIALS_DIRECTORY";

// One line of an env file.
class EnvLine {
 public:
  EnvLine(ConfigLocation line, std::string_view text, FaultList& faults)
      : line_(std::move(line)), text_(text), faults_(faults) {}

  struct Entry {
    std::string name;
    std::string value;
    size_t column = 0;
  };

  // Nothing for a blank line, a comment, and a line with a fault.
  std::optional<Entry> parse() {
    skip_blanks();
    if (at_end() || text_[at_] == '#') return std::nullopt;
    if (text_.substr(at_).starts_with("export ")) {
      at_ += 7;
      skip_blanks();
    }
    Entry entry;
    entry.column = at_ + 1;
    const size_t equals = text_.find('=', at_);
    if (equals == std::string_view::npos) {
      return fault(at_, "expected KEY=VALUE", "Begin a comment with #.");
    }
    entry.name = text_.substr(at_, equals - at_);
    if (!is_variable_name(entry.name)) {
      return fault(at_, "the text before '=' is not a variable's name",
                   "A name is made of letters, digits and _, with no blank before '='.");
    }
    at_ = equals + 1;
    if (!parse_value(entry.value)) return std::nullopt;
    return entry;
  }

 private:
  bool at_end() const { return at_ >= text_.size(); }
  void skip_blanks() {
    while (!at_end() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }

  bool parse_value(std::string& value) {
    const char quote_mark = at_end() ? '\0' : text_[at_];
    if (quote_mark != '"' && quote_mark != '\'') {
      std::string_view rest = text_.substr(at_);
      for (size_t at = 0; at < rest.size(); ++at) {
        if (rest[at] == '#' && at > 0 && (rest[at - 1] == ' ' || rest[at - 1] == '\t')) {
          rest = rest.substr(0, at);
        }
      }
      value = trim(rest);
      return true;
    }
    const size_t opened = at_++;
    while (!at_end() && text_[at_] != quote_mark) {
      const bool escapes =
          quote_mark == '"' && text_[at_] == '\\' && at_ + 1 < text_.size() &&
          std::string_view("\\\"$`").find(text_[at_ + 1]) != std::string_view::npos;
      if (escapes) ++at_;
      value += text_[at_++];
    }
    if (at_end()) {
      fault(opened, "this quote is never closed", "A value ends in the line in which it begins.");
      return false;
    }
    ++at_;
    skip_blanks();
    if (at_end() || text_[at_] == '#') return true;
    fault(at_, "text after the closing quote", "Put the whole value into one pair of quotes.");
    return false;
  }

  std::nullopt_t fault(size_t at, std::string message, std::string hint) {
    faults_.add({line_.file, line_.line, at + 1}, std::move(message), std::move(hint));
    return std::nullopt;
  }

  ConfigLocation line_;
  std::string_view text_;
  FaultList& faults_;
  size_t at_ = 0;
};

}  // namespace

bool is_variable_name(std::string_view name) {
  const auto is_letter = [](char c) {
    return c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  };
  return !name.empty() && is_letter(name[0]) && std::all_of(name.begin(), name.end(), [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9');
  });
}

std::map<std::string, Secret, std::less<>> parse_env_file(const std::string& file,
                                                          std::string_view text,
                                                          FaultList& faults) {
  std::map<std::string, Secret, std::less<>> values;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find('\0') != std::string_view::npos) {
      faults.add({file, number, line.find('\0') + 1}, "a zero byte: this is not a text file");
      return values;
    }
    auto entry = EnvLine({file, number, 1}, line, faults).parse();
    if (!entry) continue;
    const bool is_new = values.emplace(entry->name, Secret(entry->value)).second;
    wipe_text(entry->value);
    if (!is_new) {
      faults.add({file, number, entry->column}, format("{} is given twice", entry->name),
                 "Keep one of the two lines.");
    }
  }
  return values;
}

void Variables::load_env_file(const std::filesystem::path& path, const ConfigLocation& where,
                              FaultList& faults) {
  try {
    SmallFile file = read_small_file(path, env_file_bytes_max);
    const std::string secrecy = secrecy_fault(file);
    const std::string name = printable(path.native());
    if (!secrecy.empty()) {
      faults.add(where, format("env_file: '{}' is refused: {}", name, secrecy),
                 format("Run: chmod 600 {0} (and chown it to the user that runs backups).", name));
    }
    env_file_ = parse_env_file(name, file.text, faults);
    wipe_text(file.text);
  } catch (const Error& error) {
    complete_ = false;
    faults.add(where, format("env_file: {}", error.what()),
               "Correct the path, or remove the key and set the variables in another way.");
  }
}

std::optional<Secret> Variables::find(const std::string& name) const {
  const auto environment = [&](const std::string& variable) {
    return options_.environment ? options_.environment(variable) : std::nullopt;
  };
  if (auto value = environment(name)) {
    Secret secret(*value);
    wipe_text(*value);
    return secret;
  }
  if (const auto found = env_file_.find(name); found != env_file_.end())
    return found->second.clone();
  const auto folder = environment(std::string(credentials_variable));
  if (!folder || folder->empty()) return std::nullopt;
  const auto path = std::filesystem::path(*folder) / name;
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return std::nullopt;
  // No look at its mode: systemd guards the folder, and its ACL shows as group rights.
  SmallFile file = read_small_file(path, credential_bytes_max);
  std::string_view text = file.text;
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  Secret secret(text);
  wipe_text(file.text);
  return secret;
}

std::string Variables::hint(const std::string& name) const {
  std::vector<std::string> known = options_.environment_names;
  for (const auto& [variable, value] : env_file_) known.push_back(variable);
  if (const auto folder = options_.environment
                              ? options_.environment(std::string(credentials_variable))
                              : std::nullopt) {
    std::error_code ignored;
    auto file = std::filesystem::directory_iterator(*folder, ignored);
    for (; !ignored && file != std::filesystem::directory_iterator(); file.increment(ignored)) {
      known.push_back(file->path().filename().native());
    }
  }
  if (const auto near = nearest(name, known))
    return format("Did you mean ${{{}}}?", printable(*near));
  return "Define it in env_file, in the environment, or as a systemd credential.";
}

bool has_reference(std::string_view text) {
  for (size_t at = text.find('$'); at < text.size(); at = text.find('$', at)) {
    if (text.substr(at).starts_with("${")) return true;
    at += text.substr(at).starts_with("$$") ? 2 : 1;
  }
  return false;
}

Expanded expand(std::string_view text, const Variables& variables) {
  Expanded result;
  const auto fault = [&](std::string message, std::string hint) {
    if (result.fault.empty()) {
      result.fault = std::move(message);
      result.hint = std::move(hint);
    }
  };
  for (size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("$$")) {
      result.text += '$';
      at += 2;
    } else if (!rest.starts_with("${")) {
      result.text += rest[0];
      ++at;
    } else {
      const size_t end = rest.find('}');
      const std::string name(rest.substr(2, end == std::string_view::npos ? end : end - 2));
      if (end == std::string_view::npos || !is_variable_name(name)) {
        fault("'${' does not begin a variable here",
              "Write ${NAME} with letters, digits and _ only, or $$ for a dollar sign.");
        break;
      }
      if (const auto value = variables.find(name)) {
        result.text += value->reveal();
      } else {
        result.undefined = true;
        fault(format("variable {} is not defined", name), variables.hint(name));
      }
      at += end + 1;
    }
  }
  return result;
}

}  // namespace lifeboat
