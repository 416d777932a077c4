// One YAML document as a tree that remembers where everything stood.
//
// Built from yaml-cpp's events and not from its Node: that one keeps duplicate keys silently, loses
// the places of keys, and unfolds nothing but also bounds nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/findings.h"

namespace lifeboat {

struct YamlMark {
  size_t line = 1;
  size_t column = 1;  // in characters
  size_t offset = 0;  // in bytes
};

struct YamlNode;
using YamlPtr = std::shared_ptr<const YamlNode>;

struct YamlEntry {
  std::string key;
  YamlMark mark;  // of the key
  YamlPtr value;
};

// Nodes that an alias names are shared, never copied.
struct YamlNode {
  enum class Kind { null, scalar, sequence, map };

  YamlNode() = default;
  YamlNode(const YamlNode&) = delete;
  YamlNode& operator=(const YamlNode&) = delete;
  ~YamlNode();  // wipes `text`, which may be a secret

  Kind kind = Kind::null;
  YamlMark mark;
  std::string text;                // of a scalar
  std::vector<YamlPtr> items;      // of a sequence
  std::vector<YamlEntry> entries;  // of a map: keys are unique, `<<` merged in
  uint64_t expanded_nodes = 1;     // itself and all below, aliases counted each time
};

inline constexpr size_t yaml_bytes_max = 1024 * 1024;
inline constexpr uint64_t yaml_expanded_nodes_max = 50'000;
inline constexpr size_t yaml_depth_max = 50;

// "text", "a list", "a section": for messages.
std::string_view kind_text(const YamlNode& node);

// Bytes of the quoted text at `offset`, its quotes included; nothing if it is not quoted or never
// closed.
std::optional<size_t> quoted_length(std::string_view text, size_t offset);

// `text` is UTF-8 without a byte order mark. Duplicate keys are added to `faults` and the first
// kept; what cannot be read at all is added too, and null returned.
YamlPtr parse_yaml(const std::string& file, std::string_view text, FaultList& faults);

}  // namespace lifeboat
