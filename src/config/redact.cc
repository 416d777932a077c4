#include "config/redact.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/format.h"
#include "base/json.h"

namespace lifeboat {
namespace {

constexpr size_t echo_length_min = 6;  // shorter values would blank ordinary words

std::string placeholder(const LiteralSecret& secret) {
  std::string name;
  for (const char letter : secret.key) {
    const bool is_lower = letter >= 'a' && letter <= 'z';
    const bool keeps = (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9');
    name += is_lower ? static_cast<char>(letter - 'a' + 'A') : keeps ? letter : '_';
  }
  return format("${{REDACTED_{}}}", name);
}

// How many bytes the scalar takes at its place in `text`.
std::optional<size_t> written_length(std::string_view text, const YamlNode& node) {
  if (const auto quoted = quoted_length(text, node.mark.offset)) return quoted;
  const std::string_view rest = text.substr(std::min(node.mark.offset, text.size()));
  if (!rest.starts_with(node.text)) return std::nullopt;
  const std::string_view after = rest.substr(node.text.size());
  const bool ends =
      after.empty() || std::string_view(" \t\r\n,]}").find(after[0]) != std::string_view::npos;
  return ends ? std::optional(node.text.size()) : std::nullopt;
}

Json to_json(const YamlNode& node, const std::map<const YamlNode*, std::string>& replaced) {
  switch (node.kind) {
    case YamlNode::Kind::null:
      return nullptr;
    case YamlNode::Kind::scalar: {
      const auto found = replaced.find(&node);
      return found == replaced.end() ? node.text : found->second;
    }
    case YamlNode::Kind::sequence: {
      Json list = Json::array();
      for (const YamlPtr& item : node.items) list.push_back(to_json(*item, replaced));
      return list;
    }
    case YamlNode::Kind::map: {
      Json map = Json::object();
      for (const YamlEntry& entry : node.entries) map[entry.key] = to_json(*entry.value, replaced);
      return map;
    }
  }
  return nullptr;
}

// A secret that also stands elsewhere, such as in a comment.
void blank_echoes(std::string& text, const std::string& secret) {
  if (secret.size() < echo_length_min) return;
  for (size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
    text.replace(at, secret.size(), "***");
  }
}

}  // namespace

std::string print_without_secrets(std::string_view text, const YamlNode& root,
                                  const std::vector<LiteralSecret>& secrets) {
  // By place, from the end, so that places before stay true; an alias makes one place serve twice.
  std::map<size_t, const LiteralSecret*, std::greater<>> by_place;
  std::map<const YamlNode*, std::string> replaced;
  for (const LiteralSecret& secret : secrets) {
    by_place.emplace(secret.node->mark.offset, &secret);
    replaced.emplace(secret.node, placeholder(secret));
  }
  std::string result(text);
  for (const auto& [offset, secret] : by_place) {
    const auto length = written_length(text, *secret->node);
    if (!length) {
      result = "# printed anew without comments, since a secret stood in it\n" +
               print_json(to_json(root, replaced));
      break;
    }
    result.replace(offset, *length, placeholder(*secret));
  }
  for (const LiteralSecret& secret : secrets) blank_echoes(result, secret.node->text);
  // Replacing left the old end of the text, with the last secret, in the memory behind the new one.
  return std::string(std::string_view(result));
}

}  // namespace lifeboat
