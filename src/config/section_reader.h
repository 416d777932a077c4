// Reads one section of the tree by its key table: unknown keys, missing keys, types, values,
// variables and secrets are all judged here, in one way for every section.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "config/key_tables.h"
#include "config/variables.h"
#include "config/yaml_tree.h"

namespace lifeboat {

// What a section held. Values with a fault are left out, like those that were not given.
struct Section {
  std::string path;  // "services.n8n", for messages; "" for the top
  YamlMark mark;     // of its key
  Settings settings;
  // Everything given that is not null, by key.
  std::map<std::string, const YamlEntry*, std::less<>> entries;

  const YamlEntry* find(std::string_view key) const {
    const auto found = entries.find(key);
    return found == entries.end() ? nullptr : found->second;
  }
};

// A secret that is written out in the configuration itself.
struct LiteralSecret {
  std::string key;  // "store.s3.secret_key"
  const YamlNode* node = nullptr;
};

// "store.s3" and "bucket" make "store.s3.bucket".
std::string join_key(std::string_view path, std::string_view key);

class SectionReader {
 public:
  struct World {
    std::string file;              // the configuration's name in messages
    std::filesystem::path folder;  // relative paths begin here
    const LoadOptions& options;
    const Variables& variables;
    FaultList& faults;
  };
  explicit SectionReader(World world) : world_(std::move(world)) {}

  // `entry` must outlive the result.
  Section read(const YamlEntry& entry, std::string path, const std::vector<KeySpec>& keys);
  // The section `key` of `parent` by its table; nothing given means an empty section whose required
  // keys are not missed.
  Section read_child(const Section& parent, const std::string& key);
  Commands read_commands(const Section& section, const std::string& key);
  // The entries of a map of names; other things are faults.
  std::vector<const YamlEntry*> read_names(const Section& parent, const std::string& key);

  // The entries of a map of names to texts, variables filled in; other things are faults.
  std::map<std::string, std::string> read_texts(const Section& parent, const std::string& key);

  void fault(const YamlMark& mark, std::string message, std::string hint = "") {
    world_.faults.add({world_.file, mark.line, mark.column}, std::move(message), std::move(hint));
  }
  const std::vector<LiteralSecret>& literal_secrets() const { return literal_secrets_; }
  // For Config's members of these names.
  std::map<std::string, ConfigLocation, std::less<>>& places() { return places_; }
  std::vector<std::filesystem::path>& secret_files() { return secret_files_; }

 private:
  struct Target {
    std::string name;  // "store.s3.secret_key"
    const KeySpec& key;
  };

  void note_place(const std::string& path, const YamlEntry& child) {
    const YamlMark& mark =
        child.value->kind == YamlNode::Kind::scalar ? child.value->mark : child.mark;
    places_[join_key(path, child.key)] = {world_.file, mark.line, mark.column};
  }
  void read_key(Section& section, const KeySpec& key);
  void read_value(Section& section, const Target& target, const YamlNode& node);
  void read_list(Section& section, const Target& target, const YamlNode& node);
  void read_secret(Section& section, const Target& target);
  void store_secret(Section& section, const Target& target, const YamlMark& mark, Secret value);
  std::optional<Secret> secret_from_file(const std::string& name, const YamlNode& node);
  std::optional<Secret> secret_from_command(const std::string& name, const YamlNode& node);
  // The text with variables filled in; nothing after a fault.
  std::optional<std::string> scalar_text(const std::string& name, const YamlNode& node);
  std::optional<std::filesystem::path> path_of(const std::string& name, const YamlNode& node);
  std::optional<std::vector<std::string>> argv_of(const std::string& name, const YamlNode& node);
  void refuse(const Target& target, const YamlNode& node, std::string_view expected);

  World world_;
  std::vector<LiteralSecret> literal_secrets_;
  std::map<std::string, ConfigLocation, std::less<>> places_;
  std::vector<std::filesystem::path> secret_files_;
};
}  // namespace lifeboat
