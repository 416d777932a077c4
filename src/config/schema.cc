#include "config/schema.h"

#include "base/format.h"
#include "base/text.h"
#include "config/key_tables.h"

namespace lifeboat {
namespace {

// Where a variable or `$$` takes part, the value that counts is not the one that is written.
constexpr const char* or_variable = "|\\$[{$]";
constexpr const char* path_pattern = "^[^~]";
constexpr const char* boolean_pattern = "^(true|false)$";
constexpr const char* integer_pattern = "^[0-9]+$";
constexpr const char* size_pattern = "^ *([0-9]+\\.?[0-9]*|\\.[0-9]+) *(B|[KMGT](i?B)?)? *$";
constexpr const char* service_name_pattern = "^[a-z0-9][a-z0-9_-]{0,62}$";

// To the loader every scalar is text: `password: 12345` needs no quotes.
Json text_rule(std::string_view pattern = "") {
  Json rule{{"type", {"string", "number", "boolean"}}, {"minLength", 1}};
  if (!pattern.empty()) rule["pattern"] = format("{}{}", pattern, or_variable);
  return rule;
}

// The same, but patterns judge strings only: whether another can be right is asked of the loader.
Json text_rule(const KeySpec& key) {
  Json rule = text_rule(key.pattern);
  if (key.pattern.empty()) return rule;
  rule["type"] = Json::array({"string"});
  if (key.accepts == nullptr) return rule;
  if (key.accepts("true")) rule["type"].push_back("boolean");
  if (key.accepts("12345")) {
    rule["type"].push_back("integer");
    rule["minimum"] = 0;
  }
  return rule;
}

Json typed_rule(const char* type, const char* pattern) {
  return {{"type", {type, "string"}}, {"pattern", format("{}{}", pattern, or_variable)}};
}

Json list_of(Json item) { return {{"type", "array"}, {"minItems", 1}, {"items", std::move(item)}}; }

Json command_rule() { return list_of(text_rule()); }

// The words of "^(a|b)$", so that editors can offer them; none for another pattern.
std::vector<std::string> choices_of(std::string_view pattern) {
  if (!pattern.starts_with("^(") || !pattern.ends_with(")$")) return {};
  const std::string_view body = pattern.substr(2, pattern.size() - 4);
  if (body.find_first_not_of("abcdefghijklmnopqrstuvwxyz-|") != body.npos) return {};
  return split(body, '|');
}

Json scalar_rule(const KeySpec& key) {
  if (const auto choices = choices_of(key.pattern); !choices.empty()) {
    return {{"anyOf", {{{"enum", choices}}, {{"type", "string"}, {"pattern", "\\$[{$]"}}}}};
  }
  switch (key.type) {
    case OptionType::boolean:
      return typed_rule("boolean", boolean_pattern);
    case OptionType::integer:
    case OptionType::size: {
      Json rule =
          typed_rule("integer", key.type == OptionType::size ? size_pattern : integer_pattern);
      rule["minimum"] = key.min;
      if (key.max != UINT64_MAX) rule["maximum"] = key.max;
      return rule;
    }
    case OptionType::path:
      return text_rule(path_pattern);
    case OptionType::list: {
      const Json item = text_rule(key);
      return {{"anyOf", {item, list_of(item)}}};
    }
    case OptionType::text:
    case OptionType::secret:
      return text_rule(key);
  }
  throw Bug("an option has no type");
}

// `null`, or nothing behind the colon, is the same as no such key.
Json or_null(Json rule) {
  const Json null{{"type", "null"}};
  const bool has_bonds = rule.contains("allOf") || rule.contains("oneOf");
  if (rule.contains("$ref") || has_bonds) return {{"anyOf", Json::array({std::move(rule), null})}};
  if (rule.contains("anyOf")) {
    rule["anyOf"].push_back(null);
  } else {
    if (!rule["type"].is_array()) rule["type"] = Json::array({rule["type"]});
    rule["type"].push_back("null");
  }
  return rule;
}

Json fallback_value(const KeySpec& key) {
  if (key.type == OptionType::boolean) return key.fallback == "true";
  if (key.type == OptionType::integer) return std::stoull(key.fallback);
  return key.fallback;
}

std::string description(const KeySpec& key) {
  return key.expected.empty() ? key.help : format("{} ({})", key.help, key.expected);
}

Json section_rule(const std::string& path);

Json names_rule(const char* pattern, Json each) {
  return {{"type", "object"},
          {"minProperties", 1},
          {"patternProperties", {{pattern, std::move(each)}}},
          {"additionalProperties", false}};
}

Json key_rule(const KeySpec& key) {
  switch (key.kind) {
    case KeyKind::value:
      return scalar_rule(key);
    case KeyKind::section:
      return key.section == "hooks" ? Json{{"$ref", "#/definitions/hooks"}}
                                    : section_rule(key.section);
    case KeyKind::named:
      return names_rule(service_name_pattern, section_rule(key.section));
    case KeyKind::texts:
      return {{"type", "object"}, {"minProperties", 1}, {"additionalProperties", text_rule()}};
    case KeyKind::commands:
      return {{"type", "array"}, {"items", command_rule()}};
  }
  throw Bug("a key has no kind");
}

Json required(const std::string& key) {
  return {{"required", {key}}, {"properties", {{key, {{"not", {{"type", "null"}}}}}}}};
}

Json any_of(const std::vector<std::string>& keys) {
  Json forms = Json::array();
  for (const std::string& key : keys) forms.push_back(required(key));
  return {{"anyOf", std::move(forms)}};
}

// Adds `key` to the section's properties; a secret comes with its two other forms.
void add_key(Json& section, const KeySpec& key) {
  const auto add = [&](const std::string& name, Json rule, std::string text) {
    if (!key.required) rule = or_null(std::move(rule));
    rule["description"] = std::move(text);
    if (!key.fallback.empty()) rule["default"] = fallback_value(key);
    section["properties"][name] = std::move(rule);
  };
  add(key.name, key_rule(key), description(key));
  if (key.type != OptionType::secret) {
    if (key.required) section["required"].push_back(key.name);
    return;
  }
  const std::string file = key.name + "_file";
  const std::string command = key.name + "_command";
  add(file, text_rule(path_pattern), format("a file that holds {}: {}", key.name, key.help));
  add(command, command_rule(), format("a command that prints {}: {}", key.name, key.help));
  Json forms = Json::array({required(key.name), required(file), required(command)});
  if (!key.required) forms.push_back({{"not", any_of({key.name, file, command})}});
  section["allOf"].push_back({{"oneOf", std::move(forms)}});
}

Json keys_rule(const std::vector<KeySpec>& keys) {
  Json rule{{"type", "object"}, {"properties", Json::object()}, {"additionalProperties", false}};
  for (const KeySpec& key : keys) add_key(rule, key);
  return rule;
}

Json is_given(const std::string& secret) {
  return any_of({secret, secret + "_file", secret + "_command"});
}

// What one key demands of another: the loader's own code has these, no table.
void add_bonds(Json& rule, std::string_view path) {
  if (path == "store") {
    rule["oneOf"] = Json::array({required("dir"), required("s3")});
  } else if (path == "store.s3") {
    const Json access = is_given("access_key");
    const Json secret = is_given("secret_key");
    const Json both{{"allOf", Json::array({access, secret})}, {"not", required("profile")}};
    const Json none{{"not", {{"anyOf", Json::array({access, secret})}}}};
    rule["allOf"].push_back({{"anyOf", Json::array({both, none})}});
  } else if (path == "encryption") {
    rule["anyOf"] = any_of({"recipients", "recipients_file"})["anyOf"];
  } else if (path.empty()) {
    // Services may all come from the labels of containers.
    Json labels = required("docker");
    labels["properties"]["docker"] = required("labels");
    labels["properties"]["docker"]["properties"]["labels"] = {{"enum", {true, "true"}}};
    Json listed = required("services");
    listed["properties"]["jobs"]["additionalProperties"] = required("services");
    rule["allOf"].push_back({{"if", std::move(labels)}, {"else", std::move(listed)}});
  }
}

Json section_rule(const std::string& path) {
  if (path == "services.NAME") return {{"$ref", "#/definitions/service"}};
  const SectionSpec& section = config_section(path);
  Json rule = keys_rule(section.keys);
  add_bonds(rule, path);
  if (section.shorthand.empty()) return rule;
  for (const KeySpec& key : section.keys) {
    if (key.name == section.shorthand) return {{"anyOf", Json::array({scalar_rule(key), rule})}};
  }
  throw Bug("the shorthand of a section is none of its keys");
}

// Which keys a service has follows from its recipe.
void add_service(Json& definitions, const std::vector<RecipeKeys>& recipes) {
  Json names = Json::array();
  Json branches = Json::array();
  const std::vector<KeySpec>& shared = config_section("services.NAME").keys;
  for (const RecipeKeys& recipe : recipes) {
    names.push_back(recipe.name);
    std::vector<KeySpec> keys = shared;
    for (const OptionSpec& option : recipe.options) keys.push_back(key_of_option(option));
    Json rule = keys_rule(keys);
    rule["description"] = recipe.summary;
    const std::string definition = "recipe " + recipe.name;
    branches.push_back(
        {{"if", {{"properties", {{"recipe", {{"const", recipe.name}}}}}, {"required", {"recipe"}}}},
         {"then", {{"$ref", "#/definitions/" + definition}}}});
    definitions[definition] = std::move(rule);
  }
  Json service = required("recipe");
  service["type"] = "object";
  service["properties"]["recipe"] = {{"enum", std::move(names)}, {"description", shared[0].help}};
  service["allOf"] = std::move(branches);
  definitions["service"] = std::move(service);
}

}  // namespace

Json config_schema(const std::vector<RecipeKeys>& recipes) {
  Json schema{{"$schema", "http://json-schema.org/draft-07/schema#"},
              {"title", "Lifeboat's configuration"},
              {"description", "what is backed up, when, and where to; docs/CONFIG.md"}};
  schema.update(section_rule(""));
  Json& definitions = schema["definitions"] = Json::object();
  definitions["hooks"] = section_rule("hooks");
  definitions["hooks"]["description"] = config_section("hooks").help;
  add_service(definitions, recipes);
  return schema;
}

}  // namespace lifeboat
