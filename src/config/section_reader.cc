#include "config/section_reader.h"

#include <charconv>
#include <set>

#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "config/small_file.h"

namespace lifeboat {
namespace {

constexpr size_t secret_bytes_max = 64 * 1024;

// What tools print and editors save ends with a line end that is no part of the secret.
std::string_view without_line_end(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

std::string in_section(std::string_view path, std::string_view message) {
  return path.empty() ? std::string(message) : format("{}: {}", path, message);
}

std::string integer_range(const KeySpec& key) {
  if (key.max != UINT64_MAX) return format("a whole number from {} to {}", key.min, key.max);
  return "a whole number";
}

std::optional<uint64_t> parse_integer(std::string_view text) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return value;
}

std::string article_and_type(OptionType type) {
  switch (type) {
    case OptionType::text:
      return "text";
    case OptionType::path:
      return "a path";
    case OptionType::list:
      return "a list of texts";
    case OptionType::boolean:
      return "true or false";
    case OptionType::integer:
      return "a whole number";
    case OptionType::size:
      return "a size such as 512 KiB";
    case OptionType::secret:
      return "text";
  }
  return "";
}

}  // namespace

std::string join_key(std::string_view path, std::string_view key) {
  return path.empty() ? std::string(key) : format("{}.{}", path, printable(key));
}

Section SectionReader::read(const YamlEntry& entry, std::string path,
                            const std::vector<KeySpec>& keys) {
  Section section;
  section.path = std::move(path);
  section.mark = entry.mark;
  if (entry.value->kind != YamlNode::Kind::map) {
    fault(entry.value->mark,
          in_section(section.path, format("expected a section, found {}", kind_text(*entry.value))),
          "A section is made of lines 'key: value', indented by two blanks.");
    return section;
  }
  std::set<std::string, std::less<>> known;
  for (const KeySpec& key : keys) {
    known.insert(key.name);
    if (key.type == OptionType::secret) known.insert({key.name + "_file", key.name + "_command"});
  }
  for (const YamlEntry& child : entry.value->entries) {
    if (!known.contains(child.key)) {
      fault(child.mark, in_section(section.path, format("unknown key {}", quote(child.key))),
            did_you_mean(child.key, {known.begin(), known.end()}));
    } else if (child.value->kind != YamlNode::Kind::null) {
      section.entries.emplace(child.key, &child);
      note_place(section.path, child);
    }
  }
  for (const KeySpec& key : keys) read_key(section, key);
  return section;
}

void SectionReader::read_key(Section& section, const KeySpec& key) {
  const Target target{join_key(section.path, key.name), key};
  if (key.kind == KeyKind::value && key.type == OptionType::secret) {
    read_secret(section, target);
    return;
  }
  const YamlEntry* entry = section.find(key.name);
  if (entry == nullptr) {
    if (!key.required) return;
    fault(section.mark, in_section(section.path, format("'{}' is missing", key.name)),
          key.help.empty() ? "" : format("Add {}: {}.", key.name, key.help));
  } else if (key.kind == KeyKind::value) {
    read_value(section, target, *entry->value);
  }
}

void SectionReader::refuse(const Target& target, const YamlNode& node, std::string_view expected) {
  const bool is_secret = target.key.type == OptionType::secret;
  const std::string found = node.kind != YamlNode::Kind::scalar ? std::string(kind_text(node))
                            : is_secret                         ? "something else (not shown)"
                                                                : quote(node.text);
  fault(node.mark, format("{}: expected {}, found {}", target.name, expected, found));
}

std::optional<std::string> SectionReader::scalar_text(const std::string& name,
                                                      const YamlNode& node) {
  try {
    Expanded expanded = expand(node.text, world_.variables);
    if (!expanded.fault.empty()) {
      // What is not defined may stand in the env file that could not be read.
      if (world_.variables.is_complete() || !expanded.undefined) {
        fault(node.mark, format("{}: {}", name, expanded.fault), expanded.hint);
      }
      return std::nullopt;
    }
    if (expanded.text.empty()) {
      fault(node.mark, format("{}: the value is empty", name),
            has_reference(node.text) ? "The variable is defined, but holds nothing."
                                     : "Give it a value, or remove the key.");
      return std::nullopt;
    }
    if (expanded.text.find('\0') != std::string::npos) {
      fault(node.mark, format("{}: the value holds a zero byte", name));
      return std::nullopt;
    }
    return std::move(expanded.text);
  } catch (const Error& error) {
    fault(node.mark, format("{}: {}", name, error.what()));
    return std::nullopt;
  }
}

std::optional<std::filesystem::path> SectionReader::path_of(const std::string& name,
                                                            const YamlNode& node) {
  const auto text = scalar_text(name, node);
  if (!text) return std::nullopt;
  if (text->starts_with('~')) {
    fault(node.mark, format("{}: '~' is not replaced in paths", name),
          "Write the whole path: jobs run by cron have no home folder to rely on.");
    return std::nullopt;
  }
  return (world_.folder / *text).lexically_normal();
}

void SectionReader::read_value(Section& section, const Target& target, const YamlNode& node) {
  const KeySpec& key = target.key;
  if (key.type == OptionType::list) {
    read_list(section, target, node);
    return;
  }
  if (node.kind != YamlNode::Kind::scalar) {
    refuse(target, node, article_and_type(key.type));
    return;
  }
  if (key.type == OptionType::path) {
    const auto path = path_of(target.name, node);
    if (path) section.settings.set(key.name, path->native());
    return;
  }
  auto text = scalar_text(target.name, node);
  if (!text) return;
  if (key.type == OptionType::boolean) {
    if (*text != "true" && *text != "false") return refuse(target, node, "true or false");
    section.settings.set(key.name, *text == "true");
  } else if (key.type == OptionType::integer) {
    const auto value = parse_integer(*text);
    if (!value || *value < key.min || *value > key.max) {
      return refuse(target, node, integer_range(key));
    }
    section.settings.set(key.name, *value);
  } else if (key.type == OptionType::size) {
    const auto value = parse_bytes(*text);
    if (!value || *value < key.min || *value > key.max) {
      return refuse(
          target, node,
          key.expected.empty() ? article_and_type(key.type) : format("a size of {}", key.expected));
    }
    section.settings.set(key.name, *value);
  } else {
    if (key.accepts != nullptr && !key.accepts(*text)) return refuse(target, node, key.expected);
    section.settings.set(key.name, std::move(*text));
  }
}

void SectionReader::read_list(Section& section, const Target& target, const YamlNode& node) {
  std::vector<const YamlNode*> items;
  if (node.kind == YamlNode::Kind::scalar) items.push_back(&node);
  if (node.kind == YamlNode::Kind::map) return refuse(target, node, "a list of texts");
  for (const YamlPtr& item : node.items) items.push_back(item.get());
  if (items.empty()) {
    fault(node.mark, format("{}: the list is empty", target.name),
          "Put at least one value into it, or remove the key.");
    return;
  }
  std::vector<std::string> values;
  bool complete = true;
  for (const YamlNode* item : items) {
    if (item->kind != YamlNode::Kind::scalar) {
      refuse(target, *item, "text in this list");
      complete = false;
      continue;
    }
    auto text = scalar_text(target.name, *item);
    if (text && target.key.accepts != nullptr && !target.key.accepts(*text)) {
      refuse(target, *item, target.key.expected);
      text.reset();
    }
    if (text)
      values.push_back(std::move(*text));
    else
      complete = false;
  }
  if (complete) section.settings.set(target.key.name, std::move(values));
}

void SectionReader::read_secret(Section& section, const Target& target) {
  const std::string& key = target.key.name;
  const YamlEntry* plain = section.find(key);
  const YamlEntry* file = section.find(key + "_file");
  const YamlEntry* command = section.find(key + "_command");
  const YamlEntry* first = nullptr;
  for (const YamlEntry* entry : {plain, file, command}) {
    if (entry == nullptr) continue;
    if (first != nullptr) {
      fault(entry->mark,
            format("{}: given in two ways, as {} and {}", target.name, first->key, entry->key),
            "Keep one of them.");
      return;
    }
    first = entry;
  }
  if (first == nullptr) {
    if (!target.key.required) return;
    fault(section.mark, in_section(section.path, format("'{}' is missing", key)),
          format("Give {0}: ${{VARIABLE}}, or {0}_file, or {0}_command.", key));
    return;
  }
  std::optional<Secret> value;
  if (file != nullptr) {
    value = secret_from_file(join_key(section.path, file->key), *file->value);
  } else if (command != nullptr) {
    value = secret_from_command(join_key(section.path, command->key), *command->value);
  } else if (plain->value->kind != YamlNode::Kind::scalar) {
    refuse(target, *plain->value, "text");
  } else {
    const YamlNode& node = *plain->value;
    if (!has_reference(node.text)) {
      literal_secrets_.push_back({target.name, &node});
    }
    if (auto text = scalar_text(target.name, node)) {
      value.emplace(*text);
      wipe_text(*text);
    }
  }
  if (value) store_secret(section, target, first->value->mark, std::move(*value));
}

void SectionReader::store_secret(Section& section, const Target& target, const YamlMark& mark,
                                 Secret value) {
  log_redact(value.reveal());
  if (value.empty()) {
    fault(mark, format("{}: the secret is empty", target.name));
  } else if (target.key.accepts != nullptr && !target.key.accepts(value.reveal())) {
    fault(mark, format("{}: expected {}, found something else (not shown)", target.name,
                       target.key.expected));
  } else {
    section.settings.set(target.key.name, std::make_shared<const Secret>(std::move(value)));
  }
}

std::optional<Secret> SectionReader::secret_from_file(const std::string& name,
                                                      const YamlNode& node) {
  if (node.kind != YamlNode::Kind::scalar) {
    fault(node.mark, format("{}: expected a path, found {}", name, kind_text(node)));
    return std::nullopt;
  }
  const auto path = path_of(name, node);
  if (!path) return std::nullopt;
  secret_files_.push_back(*path);
  try {
    SmallFile file = read_small_file(*path, secret_bytes_max);
    const std::string shown = printable(path->native());
    if (const std::string secrecy = secrecy_fault(file); !secrecy.empty()) {
      fault(node.mark, format("{}: '{}' is refused: {}", name, shown, secrecy),
            format("Run: chmod 600 {} (and chown it to the user that runs backups).", shown));
    }
    Secret secret(without_line_end(file.text));
    wipe_text(file.text);
    return secret;
  } catch (const Error& error) {
    fault(node.mark, format("{}: {}", name, error.what()));
    return std::nullopt;
  }
}

std::optional<Secret> SectionReader::secret_from_command(const std::string& name,
                                                         const YamlNode& node) {
  const auto argv = argv_of(name, node);
  if (!argv) return std::nullopt;
  if (!world_.options.run_command) {
    fault(node.mark, format("{}: commands cannot be run here", name));
    return std::nullopt;
  }
  try {
    Secret secret = world_.options.run_command(*argv);
    secret.truncate(without_line_end(secret.reveal()).size());
    return secret;
  } catch (const Error& error) {
    fault(node.mark, format("{}: {}", name, error.what()),
          error.hints().empty() ? "" : error.hints().front());
    return std::nullopt;
  }
}

std::optional<std::vector<std::string>> SectionReader::argv_of(const std::string& name,
                                                               const YamlNode& node) {
  if (node.kind != YamlNode::Kind::sequence || node.items.empty()) {
    fault(node.mark, format("{}: expected a command as a list of words", name),
          "Write [program, argument]: no shell takes part.");
    return std::nullopt;
  }
  std::vector<std::string> argv;
  for (const YamlPtr& item : node.items) {
    if (item->kind != YamlNode::Kind::scalar) {
      fault(item->mark, format("{}: expected a word, found {}", name, kind_text(*item)));
      return std::nullopt;
    }
    auto word = scalar_text(name, *item);
    if (!word) return std::nullopt;
    argv.push_back(std::move(*word));
  }
  return argv;
}

Section SectionReader::read_child(const Section& parent, const std::string& key) {
  const YamlEntry* entry = parent.find(key);
  Section none;
  none.path = join_key(parent.path, key);
  if (entry == nullptr) return none;
  const std::string table = key == "hooks" ? key : none.path;
  const SectionSpec& spec = config_section(table);
  if (spec.shorthand.empty() || entry->value->kind != YamlNode::Kind::scalar) {
    return read(*entry, none.path, spec.keys);
  }
  none.mark = entry->mark;
  for (const KeySpec& child : spec.keys) {
    if (child.name == spec.shorthand) read_value(none, {none.path, child}, *entry->value);
  }
  return none;
}

Commands SectionReader::read_commands(const Section& section, const std::string& key) {
  Commands commands;
  const YamlEntry* entry = section.find(key);
  if (entry == nullptr) return commands;
  const std::string name = join_key(section.path, key);
  if (entry->value->kind != YamlNode::Kind::sequence) {
    fault(entry->value->mark, format("{}: expected a list of commands", name),
          "Write [[program, argument], [program]]: each command is itself a list of words.");
    return commands;
  }
  for (const YamlPtr& item : entry->value->items) {
    if (auto argv = argv_of(name, *item)) commands.push_back(std::move(*argv));
  }
  return commands;
}

std::vector<const YamlEntry*> SectionReader::read_names(const Section& parent,
                                                        const std::string& key) {
  std::vector<const YamlEntry*> names;
  const YamlEntry* entry = parent.find(key);
  if (entry == nullptr) return names;
  const std::string name = join_key(parent.path, key);
  if (entry->value->kind != YamlNode::Kind::map || entry->value->entries.empty()) {
    fault(entry->value->mark, format("{}: expected names with a section each", name));
    return names;
  }
  for (const YamlEntry& child : entry->value->entries) {
    names.push_back(&child);
    note_place(name, child);
  }
  return names;
}

std::map<std::string, std::string> SectionReader::read_texts(const Section& parent,
                                                             const std::string& key) {
  std::map<std::string, std::string> texts;
  const YamlEntry* entry = parent.find(key);
  if (entry == nullptr) return texts;
  const std::string name = join_key(parent.path, key);
  if (entry->value->kind != YamlNode::Kind::map || entry->value->entries.empty()) {
    fault(entry->value->mark, format("{}: expected names with a text each", name));
    return texts;
  }
  for (const YamlEntry& child : entry->value->entries) {
    const std::string full_name = join_key(name, child.key);
    if (child.value->kind != YamlNode::Kind::scalar) {
      fault(child.value->mark, format("{}: expected a text", full_name));
    } else if (const auto text = scalar_text(full_name, *child.value)) {
      texts.insert_or_assign(child.key, *text);
    }
  }
  return texts;
}

}  // namespace lifeboat
