// The options of one configured service, checked against what its recipe declares.
//
// Here and not in `config`, because recipes read them and must not know where they came from.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/secret.h"

namespace lifeboat {

enum class OptionType {
  text,     // one string
  path,     // an absolute path
  list,     // a list of strings; a single string counts as a list of one
  boolean,  // true, false
  integer,  // a whole number >= 0
  size,     // bytes: "512 KiB"
  secret,   // never printed; also as NAME_file and NAME_command in the configuration
};

struct OptionSpec {
  std::string name;
  OptionType type = OptionType::text;
  bool required = false;
  std::string help;  // one sentence fragment for docs, schema and messages
};

// Values by option name. Reading a name with the wrong type is a Bug: the loader checked types.
class Settings {
 public:
  using Value = std::variant<std::string, std::vector<std::string>, bool, uint64_t,
                             std::shared_ptr<const Secret>>;

  void set(std::string name, Value value) { values_.insert_or_assign(std::move(name), value); }
  bool has(std::string_view name) const { return values_.find(name) != values_.end(); }

  std::string text(std::string_view name, std::string fallback = "") const {
    return get<std::string>(name, std::move(fallback));
  }
  std::vector<std::string> list(std::string_view name) const {
    return get<std::vector<std::string>>(name, {});
  }
  bool flag(std::string_view name, bool fallback) const { return get<bool>(name, fallback); }
  uint64_t number(std::string_view name, uint64_t fallback) const {
    return get<uint64_t>(name, fallback);
  }
  // Null when not configured.
  std::shared_ptr<const Secret> secret(std::string_view name) const {
    return get<std::shared_ptr<const Secret>>(name, nullptr);
  }

 private:
  template <typename T>
  T get(std::string_view name, T fallback) const {
    const auto found = values_.find(name);
    if (found == values_.end()) return fallback;
    const T* value = std::get_if<T>(&found->second);
    ensure(value != nullptr, "setting read with another type than declared");
    return *value;
  }

  std::map<std::string, Value, std::less<>> values_;
};

}  // namespace lifeboat
