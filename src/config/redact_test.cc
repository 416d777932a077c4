// What the archive's lifeboat.yaml may hold.
#include <gmock/gmock.h>

#include "config/test_world.h"

namespace lifeboat::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string archived(std::string_view token_lines) {
  World world;
  return world
      .load("# my token is hunter2-secret, do not tell\n" + std::string(small_config) +
            "notify:\n  github:\n    repo: a/b   # the repo\n" + std::string(token_lines))
      .text_without_secrets;
}

constexpr std::string_view reference = "${REDACTED_NOTIFY_GITHUB_TOKEN}";

TEST(Redact, ReplacesTheScalarAndItsEchoesInComments) {
  for (const char* line :
       {"    token: hunter2-secret # old\n", "    token: hunter2-secret",
        "    token:   \"hunter2-secret\"\n", "    token: 'hunter2-secret'\n",
        "    token: \"hunter2\\x2Dsecret\"\n", "    \"token\": \"hunter2\\\n      -secret\"\n",
        "    token: >-\n      hunter2-secret\n", "    token: &t hunter2-secret\n",
        "    token: |-\n      hunter2-secret\n", "    ? token\n    : hunter2-secret\n"}) {
    const std::string text = archived(line);
    EXPECT_THAT(text, Not(HasSubstr("hunter2"))) << line;
    EXPECT_THAT(text, HasSubstr(reference)) << line;
    World world;
    world.environment["REDACTED_NOTIFY_GITHUB_TOKEN"] = "again";
    const Config again = world.load(text, 0644);
    EXPECT_EQ(again.notify.github->token->reveal(), "again") << line << text;
    EXPECT_EQ(again.compression_level, 3);
  }
}

TEST(Redact, KeepsEverythingElseOfTheText) {
  EXPECT_EQ(archived("    token: 'it''s hunter2-secret'   # quoted\n"),
            "# my token is hunter2-secret, do not tell\n" + std::string(small_config) +
                "notify:\n  github:\n    repo: a/b   # the repo\n    token: " +
                std::string(reference) + "   # quoted\n");
}

// The memory behind a text that got shorter would still hold its last secret.
TEST(Redact, NothingIsLeftBehindTheEnd) {
  const std::string text = archived("    token: " + std::string(200, 'h') + "\n");
  EXPECT_EQ(text.capacity(), text.size());
}

TEST(Redact, WordsOverSeveralLinesArePrintedAnew) {
  const std::string text = archived("    token: hunter2\n      secret\n");
  EXPECT_THAT(text, Not(HasSubstr("hunter2\n")));
  EXPECT_THAT(text, HasSubstr(R"("token": "${REDACTED_NOTIFY_GITHUB_TOKEN}")"));
  EXPECT_THAT(text, Not(HasSubstr("do not tell")));
}

TEST(Redact, OneAnchorTwoSecrets) {
  World world;
  const std::string text = world
                               .load(R"(host: h1
store: {s3: {region: r, bucket: bucket, access_key: &key "the-same-key", secret_key: *key}}
encryption: {recipients: [age1one, age1two]}
services: {app: {recipe: volume, path: /srv/app}}
jobs: {nightly: {schedule: daily, services: [app]}}
)")
                               .text_without_secrets;
  EXPECT_THAT(text, Not(HasSubstr("the-same-key")));
  world.environment["REDACTED_STORE_S3_ACCESS_KEY"] = "again";
  const Config again = world.load(text, 0644);
  EXPECT_EQ(std::get<S3StoreConfig>(again.store).secret_key->reveal(), "again");
}

}  // namespace
}  // namespace lifeboat::test
