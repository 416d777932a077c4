#include "recipe/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

using test::error_text;
using testing::HasSubstr;

Facts sample() {
  Facts facts;
  facts.items = {{"workflows", 12, "workflow", "workflows", true},
                 {"tags", 0, "tag", "tags", false}};
  facts.details = {{"version", "2.41"}, {"nested", {{"a", 1}}}};
  facts.missing = {"the REST export: no API key"};
  facts.consistency = "One read transaction.";
  return facts;
}

TEST(Facts, GoToJsonAndBack) {
  const Facts facts = sample();
  const Facts back = facts_from_json(parse_json(print_json(facts_to_json(facts)), "facts"));
  EXPECT_EQ(back.items, facts.items);
  EXPECT_EQ(back.details, facts.details);
  EXPECT_EQ(back.missing, facts.missing);
  EXPECT_EQ(back.consistency, facts.consistency);
  EXPECT_EQ(facts_to_json(facts_from_json(facts_to_json(Facts{}))), facts_to_json(Facts{}));
}

TEST(Facts, FindsItemsByKey) {
  const Facts facts = sample();
  ASSERT_NE(facts.find("workflows"), nullptr);
  EXPECT_EQ(facts.find("workflows")->count, 12u);
  EXPECT_EQ(facts.find("none"), nullptr);
}

TEST(Facts, AreReadStrictly) {
  const auto refusal = [](const std::function<void(Json&)>& damage) {
    Json value = facts_to_json(sample());
    damage(value);
    return error_text([&] { facts_from_json(value); });
  };
  EXPECT_THAT(refusal([](Json& value) { value["extra"] = 1; }),
              HasSubstr("unknown member 'extra'"));
  EXPECT_THAT(refusal([](Json& value) { value.erase("missing"); }), HasSubstr("'missing'"));
  EXPECT_THAT(refusal([](Json& value) { value["items"][0]["count"] = -1; }), HasSubstr("count"));
  EXPECT_THAT(refusal([](Json& value) { value["items"][0]["count"] = 1.5; }), HasSubstr("count"));
  EXPECT_THAT(refusal([](Json& value) { value["items"][0]["headline"] = 1; }),
              HasSubstr("headline"));
  EXPECT_THAT(refusal([](Json& value) { value["items"][0].erase("key"); }), HasSubstr("'key'"));
  EXPECT_THAT(refusal([](Json& value) { value["items"][1]["key"] = "workflows"; }),
              HasSubstr("appears twice"));
  EXPECT_THAT(refusal([](Json& value) { value["items"] = Json::object(); }), HasSubstr("list"));
  EXPECT_THAT(refusal([](Json& value) { value["details"] = 1; }), HasSubstr("details"));
  EXPECT_THAT(refusal([](Json& value) { value["missing"][0] = 1; }), HasSubstr("missing"));
  EXPECT_THAT(refusal([](Json& value) { value = Json::array(); }), HasSubstr("not an object"));
}

TEST(TextMember, HoldsTheText) {
  const Member member = text_member("a/b.json", "{}", parse_time("2026-05-07T02:00:00Z"), 0640);
  EXPECT_EQ(member.meta.path, "a/b.json");
  EXPECT_EQ(member.meta.mode, 0640u);
  EXPECT_EQ(member.size, 2u);
  const auto source = member.open();
  EXPECT_EQ(as_text(test::drain(*source)), "{}");
}

TEST(Registry, KnowsEachRecipeOnce) {
  const RecipeRegistry registry;
  const std::vector<std::string> names = registry.names();
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
  for (const std::string& name : names) {
    const RecipeInfo& info = registry.get(name).info();
    EXPECT_EQ(info.name, name);
    EXPECT_FALSE(info.summary.empty());
    std::set<std::string> options;
    for (const OptionSpec& option : info.options) {
      EXPECT_TRUE(options.insert(option.name).second) << name << "." << option.name;
      EXPECT_FALSE(option.help.empty()) << name << "." << option.name;
    }
  }
  EXPECT_EQ(registry.find("nothing"), nullptr);
  EXPECT_THAT(error_text([&] { registry.get("volum"); }), HasSubstr("Did you mean 'volume'?"));
}

// docs/recipes/ against the code: each recipe has its page, each option is told there.
TEST(RecipeDocs, HoldEveryOption) {
  const RecipeRegistry registry;
  const std::string overview = test::slurp(LIFEBOAT_SOURCE_DIR "/docs/recipes/README.md");
  for (const std::string& name : registry.names()) {
    const std::string path = "docs/recipes/" + name + ".md";
    EXPECT_THAT(overview, HasSubstr("[" + name + "](" + name + ".md)"));
    const std::string docs = test::slurp(std::string(LIFEBOAT_SOURCE_DIR "/") + path);
    EXPECT_THAT(docs, HasSubstr("# Recipe `" + name + "`\n"));
    for (const OptionSpec& option : registry.get(name).info().options) {
      EXPECT_THAT(docs, HasSubstr("`" + option.name + "`")) << path;
    }
  }
}

}  // namespace
}  // namespace lifeboat
