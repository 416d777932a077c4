// Every key of the configuration, as data: the loader, docs/CONFIG.md and editors' schema follow
// it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/settings.h"

namespace lifeboat {

enum class KeyKind {
  value,     // of `type`
  section,   // keys of its own: those of the section `section`
  named,     // names that the user chooses, each with the keys of `section`
  commands,  // a list of commands, each an argv list
  texts,     // names that the user chooses, each with a text
};

struct KeySpec {
  std::string name;
  KeyKind kind = KeyKind::value;
  OptionType type = OptionType::text;
  bool required = false;
  std::string fallback{};  // as the docs print it; empty: none
  std::string section{};   // for KeyKind::section and named
  std::string help{};
  uint64_t min = 0;  // of integers
  uint64_t max = UINT64_MAX;
  // Of text, each element of a list, and secrets: what it must be, in words and as a test.
  std::string expected{};
  bool (*accepts)(std::string_view value) = nullptr;
  // The same for editors, as a regular expression of ECMA 262. It may take more than `accepts`.
  std::string pattern{};
};

struct SectionSpec {
  std::string path;  // "" for the top, "store.s3", "services.NAME"
  std::string help;
  // A lone value in place of the section means this key; empty: not allowed.
  std::string shorthand;
  std::vector<KeySpec> keys;
};

const std::vector<SectionSpec>& config_sections();
// Bug if there is none.
const SectionSpec& config_section(std::string_view path);

// What a recipe declares, as keys of a service.
KeySpec key_of_option(const OptionSpec& option);

}  // namespace lifeboat
