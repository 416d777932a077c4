// What ${NAME} in the configuration stands for.
//
// Looked up in this order: the process's environment, the env file, and the file NAME in systemd's
// $CREDENTIALS_DIRECTORY (https://systemd.io/CREDENTIALS). The environment comes first, so that one
// run can be tried with another value.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "config/findings.h"

namespace lifeboat {

class Variables {
 public:
  // `options` must outlive it.
  explicit Variables(const LoadOptions& options) : options_(options) {}

  // Reads KEY=VALUE lines. A file that cannot be read, or that others can read, is a fault at
  // `where`; a bad line is a fault at its own place.
  void load_env_file(const std::filesystem::path& path, const ConfigLocation& where,
                     FaultList& faults);
  // The value, wherever it comes from. Throws Error(config) if a credential cannot be read.
  std::optional<Secret> find(const std::string& name) const;
  // "Did you mean ...?", or where a variable can be defined.
  std::string hint(const std::string& name) const;
  // False if the env file could not be read: then nothing can be said about what is not defined.
  bool is_complete() const { return complete_; }

 private:
  const LoadOptions& options_;
  std::map<std::string, Secret, std::less<>> env_file_;
  bool complete_ = true;
};

// The lines of an env file: `#` comments, an `export ` in front, values bare or in quotes. In
// double quotes a backslash keeps \, ", $ and ` literal, as in sh; nothing is expanded.
std::map<std::string, Secret, std::less<>> parse_env_file(const std::string& file,
                                                          std::string_view text, FaultList& faults);

bool is_variable_name(std::string_view name);

struct Expanded {
  std::string text;
  bool undefined = false;  // the fault is a variable that is not defined
  std::string fault;       // empty: fine
  std::string hint;
};
// True if `text` takes anything from a variable.
bool has_reference(std::string_view text);
// Replaces each ${NAME}, and $$ by $. After a fault `text` is not to be used.
Expanded expand(std::string_view text, const Variables& variables);

}  // namespace lifeboat
