// docs/CONFIG.md against the key tables: each section has its table, each key its row.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/format.h"
#include "config/key_tables.h"

namespace lifeboat {
namespace {

std::string type_text(const KeySpec& key) {
  if (key.kind == KeyKind::section) return "section";
  if (key.kind == KeyKind::named) return "names with sections";
  if (key.kind == KeyKind::commands) return "list of commands";
  if (key.kind == KeyKind::texts) return "names with texts";
  switch (key.type) {
    case OptionType::text:
      return "text";
    case OptionType::path:
      return "path";
    case OptionType::list:
      return "list";
    case OptionType::boolean:
      return "true or false";
    case OptionType::integer:
      return format("{} to {}", key.min, key.max);
    case OptionType::size:
      return "size";
    case OptionType::secret:
      return "secret";
  }
  return "";
}

std::string row(const KeySpec& key) {
  const std::string fallback = key.required           ? "**required**"
                               : key.fallback.empty() ? ""
                                                      : format("`{}`", key.fallback);
  const std::string rule = key.expected.empty() ? "" : format(" ({})", key.expected);
  return format("| `{}` | {} | {} | {}{} |\n", key.name, type_text(key), fallback, key.help, rule);
}

std::string table(const SectionSpec& section) {
  std::string text = "| key | type | default | meaning |\n| --- | --- | --- | --- |\n";
  for (const KeySpec& key : section.keys) text += row(key);
  return text;
}

TEST(ConfigDocs, HoldEveryTable) {
  std::ifstream file(LIFEBOAT_SOURCE_DIR "/docs/CONFIG.md");
  std::ostringstream content;
  content << file.rdbuf();
  const std::string docs = content.str();
  ASSERT_FALSE(docs.empty());
  for (const SectionSpec& section : config_sections()) {
    const std::string heading =
        section.path.empty() ? "## Top level\n" : format("## `{}`\n", section.path);
    const std::string part = format("{}\n{}{}{}", heading, section.help,
                                    section.help.empty() ? "" : "\n\n", table(section));
    EXPECT_NE(docs.find(part), std::string::npos) << "docs/CONFIG.md lacks, word by word:\n"
                                                  << part;
  }
}

}  // namespace
}  // namespace lifeboat
