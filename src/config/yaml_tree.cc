// YAML forbids braces in an unquoted word inside {...}, so that `{key: ${VAR}}` is not YAML at all.
// People write it anyway, and it reads well. Therefore the braces of every ${VAR} are replaced by
// two control characters (which no accepted file holds) before the parser sees the text, and put
// back in what it gives. Both are one byte, so all places stay true.
#include "config/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <unordered_map>

#include "base/format.h"
#include "base/text.h"
#include "config/small_file.h"

namespace lifeboat {
namespace {

constexpr char shielded_open = '\x01';
constexpr char shielded_close = '\x02';

std::string shield_references(std::string_view text) {
  std::string shielded(text);
  for (size_t at = text.find("${"); at != std::string_view::npos; at = text.find("${", at + 2)) {
    const size_t end = text.find_first_of("{}[]\"',# \t\r\n", at + 2);
    if (end == std::string_view::npos || text[end] != '}') continue;
    shielded[at + 1] = shielded_open;
    shielded[end] = shielded_close;
  }
  return shielded;
}

std::string unshield_references(std::string text) {
  std::replace(text.begin(), text.end(), shielded_open, '{');
  std::replace(text.begin(), text.end(), shielded_close, '}');
  return text;
}

// From yaml-cpp's byte columns to columns as editors count them.
class Places {
 public:
  explicit Places(std::string_view text) : starts_before_(text.size() + 1) {
    for (size_t at = 0; at < text.size(); ++at) {
      const bool starts = (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
      starts_before_[at + 1] = starts_before_[at] + (starts ? 1 : 0);
    }
  }
  YamlMark at(const YAML::Mark& mark) const {
    if (mark.is_null()) return {};
    const size_t offset = std::min(static_cast<size_t>(mark.pos), starts_before_.size() - 1);
    const size_t line_begin = offset - std::min(static_cast<size_t>(mark.column), offset);
    return {static_cast<size_t>(mark.line) + 1,
            size_t{starts_before_[offset]} - starts_before_[line_begin] + 1, offset};
  }

 private:
  std::vector<uint32_t> starts_before_;  // characters that begin before each byte
};

// The document breaks a rule of ours: ends the parse.
struct Refused {
  YamlMark mark;
  std::string message;
  std::string hint;
};

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& file, std::string_view text, FaultList& faults)
      : file_(file), text_(text), places_(text), faults_(faults) {}

  YamlPtr root() const { return root_; }
  YamlMark place_of(const YAML::Mark& mark) const { return places_.at(mark); }
  // The innermost list or section that was begun and not ended.
  const YamlMark* innermost_open() const {
    return open_.empty() ? nullptr : &open_.back().node->mark;
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 2) {
      throw Refused{places_.at(mark), "a second YAML document begins here",
                    "Keep one document and remove the line '---'."};
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    place(make(YamlNode::Kind::null, mark), anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_tag(mark, tag);
    auto node = make(YamlNode::Kind::scalar, mark);
    refuse_open_quote(node->mark);
    node->text = unshield_references(value);
    place(node, anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      throw Refused{places_.at(mark), "this alias lies inside what it names", ""};
    }
    count(mark, found->second->expanded_nodes);
    attach(found->second, places_.at(mark));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin(YamlNode::Kind::sequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    begin(YamlNode::Kind::map, mark, tag, anchor);
  }
  void OnMapEnd() override { end(); }

 private:
  struct Open {
    std::shared_ptr<YamlNode> node;
    YAML::anchor_t anchor = 0;
    bool key_pending = false;  // a key came, its value not yet
    bool dropped_key = false;  // that key is a duplicate
    std::unordered_map<std::string, YamlMark> keys;
    std::vector<YamlPtr> merges;
  };

  std::shared_ptr<YamlNode> make(YamlNode::Kind kind, const YAML::Mark& mark) {
    count(mark, 1);
    auto node = std::make_shared<YamlNode>();
    node->kind = kind;
    node->mark = places_.at(mark);
    return node;
  }

  // Aliases count with all that they stand for, so that a small file cannot mean a huge one.
  void count(const YAML::Mark& mark, uint64_t nodes) {
    expanded_nodes_ += nodes;
    if (expanded_nodes_ <= yaml_expanded_nodes_max) return;
    throw Refused{places_.at(mark),
                  format("more than {} values, aliases unfolded", yaml_expanded_nodes_max),
                  "A configuration is never this large: check the file, and its aliases (*name)."};
  }

  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    throw Refused{places_.at(mark), "YAML tags are not supported", "Remove the word after '!'."};
  }

  // yaml-cpp takes the rest of the file for the text when a newline comes before the end.
  void refuse_open_quote(const YamlMark& mark) {
    const char first = mark.offset < text_.size() ? text_[mark.offset] : '\0';
    if ((first == '"' || first == '\'') && !quoted_length(text_, mark.offset)) {
      throw Refused{mark, "not valid YAML: this quote is never closed", ""};
    }
  }

  void begin(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
             YAML::anchor_t anchor) {
    refuse_tag(mark, tag);
    if (open_.size() >= yaml_depth_max) {
      throw Refused{places_.at(mark), format("nested deeper than {}", yaml_depth_max), ""};
    }
    open_.push_back(Open{make(kind, mark), anchor, false, false, {}, {}});
  }

  void end() {
    Open done = std::move(open_.back());
    open_.pop_back();
    for (const YamlPtr& merged : done.merges) merge(done, *merged);
    for (const YamlPtr& item : done.node->items) done.node->expanded_nodes += item->expanded_nodes;
    for (const YamlEntry& entry : done.node->entries) {
      done.node->expanded_nodes += 1 + entry.value->expanded_nodes;
    }
    place(done.node, done.anchor);
  }

  // Own keys win over merged ones, earlier merges over later ones.
  void merge(Open& target, const YamlNode& source) {
    if (source.kind == YamlNode::Kind::sequence) {
      for (const YamlPtr& item : source.items) merge(target, *item);
      return;
    }
    if (source.kind != YamlNode::Kind::map) {
      add_fault(source.mark, format("'<<': expected a section, found {}", kind_text(source)));
      return;
    }
    for (const YamlEntry& entry : source.entries) {
      if (target.keys.emplace(entry.key, entry.mark).second) {
        target.node->entries.push_back(entry);
      }
    }
  }

  void place(std::shared_ptr<YamlNode> node, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = node;
    const YamlMark mark = node->mark;
    attach(std::move(node), mark);
  }

  void attach(YamlPtr node, const YamlMark& mark) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node->kind == YamlNode::Kind::sequence) {
      parent.node->items.push_back(std::move(node));
    } else if (!parent.key_pending) {
      take_key(parent, *node, mark);
    } else {
      parent.key_pending = false;
      if (parent.dropped_key) return;
      if (parent.node->entries.back().key == "<<") {
        parent.node->entries.pop_back();
        parent.merges.push_back(std::move(node));
      } else {
        parent.node->entries.back().value = std::move(node);
      }
    }
  }

  void take_key(Open& parent, const YamlNode& key, const YamlMark& mark) {
    parent.key_pending = true;
    parent.dropped_key = true;
    if (key.kind != YamlNode::Kind::scalar) {
      add_fault(mark, format("a key must be text, not {}", kind_text(key)));
      return;
    }
    const auto [known, is_new] = parent.keys.emplace(key.text, mark);
    if (!is_new) {
      add_fault(mark,
                format("the key {} is given twice, first in line {}", quote(key.text),
                       known->second.line),
                "Keep one of the two.");
      return;
    }
    parent.dropped_key = false;
    parent.node->entries.push_back({key.text, mark, nullptr});
  }

  void add_fault(const YamlMark& mark, std::string message, std::string hint = "") {
    faults_.add({file_, mark.line, mark.column}, std::move(message), std::move(hint));
  }

  const std::string& file_;
  const std::string_view text_;
  const Places places_;
  FaultList& faults_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, std::shared_ptr<YamlNode>> anchors_;
  YamlPtr root_;
  uint64_t expanded_nodes_ = 0;
  int documents_ = 0;
};

// Only text that an editor shows as it is: UTF-8, no control characters but tabs and line ends.
bool check_characters(const std::string& file, std::string_view text, FaultList& faults) {
  size_t number = 0;
  for (const std::string& full_line : split(text, '\n')) {
    ++number;
    std::string line = full_line;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    std::replace(line.begin(), line.end(), '\t', ' ');
    const std::string shown = printable(line);
    if (shown == line) continue;
    const auto differ = std::mismatch(line.begin(), line.end(), shown.begin(), shown.end()).first;
    const auto column = 1 + std::count_if(line.begin(), differ, [](char byte) {
                          return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
                        });
    faults.add({file, number, static_cast<size_t>(column)},
               "not text: a control character, or bytes that are not UTF-8",
               "Save the file as plain UTF-8 text.");
    return false;
  }
  return true;
}

// What a person can do about a refusal of the YAML parser.
std::string syntax_hint(std::string_view text, size_t line_number) {
  const auto lines = split(text, '\n');
  if (line_number == 0 || line_number > lines.size()) return "";
  const std::string& line = lines[line_number - 1];
  const size_t word = line.find_first_not_of(" \t");
  if (line.substr(0, word).find('\t') != std::string::npos) {
    return "Indent with spaces: YAML forbids tabs there.";
  }
  if (word != std::string::npos && line.find_first_of("@`%", word) != std::string::npos) {
    return "Put a value that begins with @, ` or % in quotes.";
  }
  return "Check the indentation, a missing ':' or quote, and brackets in this line and above.";
}

}  // namespace

YamlNode::~YamlNode() { wipe_text(text); }

std::string_view kind_text(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null:
      return "nothing";
    case YamlNode::Kind::scalar:
      return "text";
    case YamlNode::Kind::sequence:
      return "a list";
    case YamlNode::Kind::map:
      return "a section";
  }
  return "";
}

std::optional<size_t> quoted_length(std::string_view text, size_t offset) {
  const std::string_view rest = text.substr(std::min(offset, text.size()));
  const char quote_mark = rest.empty() ? '\0' : rest.front();
  if (quote_mark != '"' && quote_mark != '\'') return std::nullopt;
  for (size_t at = 1; at < rest.size(); ++at) {
    if (quote_mark == '"' && rest[at] == '\\') {
      ++at;
    } else if (rest[at] == quote_mark) {
      const bool is_doubled = quote_mark == '\'' && rest.substr(at + 1).starts_with('\'');
      if (!is_doubled) return at + 1;
      ++at;
    }
  }
  return std::nullopt;
}

YamlPtr parse_yaml(const std::string& file, std::string_view text, FaultList& faults) {
  if (!check_characters(file, text, faults)) return nullptr;
  TreeBuilder builder(file, text, faults);
  const auto refuse = [&](const YamlMark& mark, std::string message, std::string hint) {
    faults.add({file, mark.line, mark.column}, std::move(message), std::move(hint));
    return nullptr;
  };
  try {
    std::istringstream stream(shield_references(text));
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Refused& refused) {
    return refuse(refused.mark, refused.message, refused.hint);
  } catch (const YAML::Exception& error) {
    // For a bracket that is never closed yaml-cpp tells no place.
    if (error.msg.find("flow not found") != std::string::npos && builder.innermost_open()) {
      return refuse(*builder.innermost_open(), "not valid YAML: this bracket is never closed", "");
    }
    const YamlMark mark = builder.place_of(error.mark);
    return refuse(mark, format("not valid YAML: {}", error.msg), syntax_hint(text, mark.line));
  }
  if (builder.root() == nullptr || builder.root()->kind == YamlNode::Kind::null) {
    return refuse({}, "the file is empty", "README.md has one to begin with.");
  }
  return builder.root();
}

}  // namespace lifeboat
