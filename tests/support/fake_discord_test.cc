// The stand-in refuses what the real one refuses: else a test with it proves nothing. Asked with
// curl, since nothing of the program is in this library.
#include "support/fake_discord.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/shell.h"

namespace lifeboat::test {
namespace {

using testing::HasSubstr;

class FakeDiscordTest : public testing::Test {
 protected:
  void SetUp() override {
    if (shell("command -v curl").status != 0) GTEST_SKIP() << "curl is not installed";
  }
  // "STATUS BODY"
  std::string post(const std::string& body, const std::string& path = "/api/webhooks/1/token",
                   const std::string& type = "application/json") {
    write_file(folder_ / "body", body);
    return shell_ok("curl --noproxy '*' -sS -w ' %{http_code}' -H 'Content-Type: " + type +
                    "' --data-binary @" + (folder_ / "body").string() + " '" + discord_.url() +
                    path + "'");
  }
  // Of an embed, with mentions off.
  std::string post_embed(const Json& embed) {
    return post(print_json_line({{"embeds", {embed}}, {"allowed_mentions", mentions_off_}}));
  }

  Json mentions_off_ = {{"parse", Json::array()}};
  TempFolder folder_;
  FakeDiscord discord_;
};

std::string letters(size_t count) { return std::string(count, 'x'); }

TEST_F(FakeDiscordTest, TakesWhatIsAtItsLimits) {
  EXPECT_EQ(post_embed({{"title", letters(256)},
                        {"description", letters(4096)},
                        {"fields", {{{"name", letters(256)}, {"value", letters(1024)}}}},
                        {"footer", {{"text", letters(368)}}}}),
            " 204");
  EXPECT_EQ(discord_.messages().size(), 1U);
  EXPECT_THAT(
      post(print_json_line({{"content", letters(2000)}, {"allowed_mentions", mentions_off_}}),
           "/api/webhooks/1/token?wait=true"),
      HasSubstr(" 200"));
}

TEST_F(FakeDiscordTest, RefusesWhatIsBeyondThem) {
  const auto fields = [](size_t count, const std::string& name, const std::string& value) {
    return Json(count, Json{{"name", name}, {"value", value}});
  };
  const std::vector<std::pair<Json, std::string>> refused{
      {{{"title", letters(257)}}, "\"title\":{\"_errors\":[{\"code\":\"BASE_TYPE_MAX_LENGTH\""},
      {{{"description", letters(4097)}}, "Must be 4096 or fewer in length."},
      {{{"fields", fields(26, "n", "v")}}, "Must be 25 or fewer in length."},
      {{{"fields", fields(1, letters(257), "v")}}, "\"fields\":{\"0\":{\"name\""},
      {{{"fields", fields(1, "n", letters(1025))}}, "Must be 1024 or fewer in length."},
      {{{"fields", fields(1, "n", " \n")}}, "BASE_TYPE_REQUIRED"},
      {{{"title", "t"}, {"footer", {{"text", letters(2049)}}}}, "Must be 2048 or fewer"},
      {{{"description", letters(4096)}, {"fields", fields(2, "n", letters(1024))}},
       "MAX_EMBED_SIZE_EXCEEDED"},
      {{{"title", "t"}, {"color", 0x1000000}}, "NUMBER_TYPE_MAX"},
      {{{"title", "t"}, {"timestamp", "yesterday"}}, "DATE_TIME_TYPE_PARSE"},
      {{{"title", 7}}, "BASE_TYPE_BAD_TYPE"},
      {Json::object(), "BASE_TYPE_REQUIRED"},
  };
  for (const auto& [embed, told] : refused) {
    const std::string answer = post_embed(embed);
    EXPECT_THAT(answer, HasSubstr(told));
    EXPECT_THAT(answer, HasSubstr("\"code\":50035"));
    EXPECT_THAT(answer, HasSubstr(" 400"));
  }
  EXPECT_TRUE(discord_.messages().empty());
}

TEST_F(FakeDiscordTest, CountsALetterBeyondTheBasicPlaneTwice) {
  std::string faces;
  for (int count = 0; count < 128; ++count) faces += "😀";
  EXPECT_EQ(post_embed({{"title", faces}}), " 204");
  EXPECT_THAT(post_embed({{"title", faces + "x"}}), HasSubstr(" 400"));
}

TEST_F(FakeDiscordTest, RefusesWhatIsNoMessage) {
  EXPECT_THAT(post("{"), HasSubstr("\"code\":50109"));
  EXPECT_THAT(post("{\"allowed_mentions\":{\"parse\":[]}}"), HasSubstr("\"code\":50006"));
  EXPECT_THAT(post("{\"content\":\"x\"}"), HasSubstr("mentions must be off"));
  EXPECT_THAT(post("{\"content\":\"x\"}", "/api/webhooks/1/token", "text/plain"),
              HasSubstr("\"code\":50006"));
  EXPECT_THAT(post("{}", "/api/webhooks/1/guess"), HasSubstr("\"code\":50027"));
  EXPECT_THAT(post("{}", "/api/webhooks/2/token"), HasSubstr("\"code\":10015"));
  EXPECT_TRUE(discord_.messages().empty());
}

TEST_F(FakeDiscordTest, IsInTroubleForAsOftenAsItIsTold) {
  discord_.fail_next(2, 429, 1.5);
  EXPECT_THAT(post("x", "/hook"), HasSubstr("\"retry_after\":1.5"));
  EXPECT_THAT(post("x", "/ping/1"), HasSubstr(" 429"));
  EXPECT_EQ(post("x", "/ping/1"), "OK 200");
}

}  // namespace
}  // namespace lifeboat::test
