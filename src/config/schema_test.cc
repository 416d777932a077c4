// The schema's patterns against the tests that decide. Whole configurations, with the real loader
// and a real validator, are in tests/script/schema.sh.
#include "config/schema.h"

#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "config/key_tables.h"

namespace lifeboat {
namespace {

const std::vector<std::string> samples{"latest",
                                       "random",
                                       "oldest-monthly",
                                       "none",
                                       "host",
                                       "docker",
                                       "vps-h1",
                                       "-h",
                                       "h-",
                                       "monthly",
                                       "a",
                                       std::string(63, 'a'),
                                       "drills",
                                       "age1abc",
                                       "AGE1abc",
                                       std::string(64, 'a'),
                                       "02:00",
                                       "23:59",
                                       "24:00",
                                       "2:00",
                                       "02:60",
                                       "manual",
                                       "0 2 * * mon-fri",
                                       "*/5  1-3 1,2 * 7",
                                       "0 2 * *",
                                       "hourly",
                                       " 0 2 * * 1 ",
                                       "0 2 * * * *",
                                       "http://x",
                                       "https://x",
                                       "http://",
                                       "https://x y",
                                       "ftp://x",
                                       "http://[::1]",
                                       "http://127.0.0.1/",
                                       "http://localhost:80",
                                       "http://localhosted",
                                       "http://127.0.0.1",
                                       "smtp://x",
                                       "smtps://x:465",
                                       "smtp://u@x",
                                       "smtps://",
                                       "a@b",
                                       "@b",
                                       "a@",
                                       "a@b@c",
                                       "<a@b>",
                                       "o/r",
                                       "o/r/x",
                                       "o/",
                                       "bucket",
                                       "b1",
                                       "BUCKET",
                                       "b.c-d",
                                       "ed25519:x"};

TEST(ConfigSchema, PatternsDecideAsTheLoaderDoes) {
  size_t checked = 0;
  for (const SectionSpec& section : config_sections()) {
    for (const KeySpec& key : section.keys) {
      if (key.accepts == nullptr) continue;
      ASSERT_NE(key.pattern, "") << section.path << " " << key.name;
      const std::regex pattern(key.pattern);
      for (const std::string& sample : samples) {
        EXPECT_EQ(std::regex_search(sample, pattern), key.accepts(sample))
            << section.path << " " << key.name << ": '" << sample << "'";
        ++checked;
      }
    }
  }
  EXPECT_GT(checked, 500u);
}

TEST(ConfigSchema, EachKeyIsDescribedWithItsDefault) {
  const Json schema =
      config_schema({{"volume", "a volume", {{"path", OptionType::path, true, "where"}}}});
  const Json& compression = schema["properties"]["compression"];
  EXPECT_EQ(compression["properties"]["level"]["default"], 3);
  EXPECT_EQ(compression["properties"]["level"]["maximum"], 19);
  EXPECT_EQ(compression["additionalProperties"], false);
  EXPECT_EQ(schema["properties"]["drill"]["properties"]["which"]["anyOf"][0]["enum"],
            Json({"latest", "random", "oldest-monthly"}));
  const Json& recipe = schema["definitions"]["recipe volume"];
  EXPECT_EQ(recipe["properties"]["path"]["description"], "where");
  EXPECT_EQ(recipe["required"], Json({"recipe", "path"}));
  const Json& s3 = schema["properties"]["store"]["properties"]["s3"]["anyOf"][0]["properties"];
  EXPECT_TRUE(s3.contains("secret_key_command"));
  EXPECT_FALSE(s3.contains("bucket_file"));
}

}  // namespace
}  // namespace lifeboat
