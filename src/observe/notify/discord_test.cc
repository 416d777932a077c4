#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "observe/notify/discord_message.h"
#include "observe/notify/notice_text.h"
#include "observe/notify/notifiers.h"
#include "observe/notify/notify_test_kit.h"
#include "support/fake_discord.h"

namespace lifeboat::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view token = "tOkEn-of_the-webhook";

class DiscordTest : public testing::Test {
 protected:
  std::unique_ptr<Notifier> notifier(bool success = true) {
    return make_discord_notifier({.webhook = secret(discord_.webhook()), .success = success},
                                 world_.world);
  }
  Json tell(const Notice& notice) {
    notifier()->tell(notice);
    return discord_.messages().back()["embeds"][0];
  }

  FakeDiscord discord_{std::string(token)};
  NotifyTestWorld world_;
};

TEST_F(DiscordTest, AGoodNightReadsAtAGlance) {
  const Json embed = tell(good_night());
  EXPECT_EQ(embed["title"], "✅ backup 'nightly' of vps-h1 done");
  EXPECT_EQ(embed["color"], 0x2EA043);
  EXPECT_FALSE(embed.contains("description"));
  EXPECT_EQ(embed["fields"].size(), 6U);
  EXPECT_EQ(embed["fields"][4],
            (Json{{"name", "n8n"}, {"value", "12 workflows, 8 credentials"}, {"inline", true}}));
  EXPECT_EQ(embed["footer"]["text"], "vps-h1 · backup nightly");
  EXPECT_EQ(embed["timestamp"], "2026-05-07T02:03:20Z");
  EXPECT_THAT(discord_.requests()[0].target, HasSubstr("?wait=true"));
}

TEST_F(DiscordTest, AFailureHasItsCauseAndHints) {
  const Json embed = tell(bad_night());
  EXPECT_EQ(embed["title"], "❌ backup 'nightly' of vps-h1 failed");
  EXPECT_EQ(embed["description"],
            "PUT s3\\://ecotrans-backups: access denied\n→ Does the key still exist?\n"
            "→ Run \\`lifeboat check\\`.");
  EXPECT_FALSE(embed.contains("fields"));
}

TEST_F(DiscordTest, SeveralProblemsHaveTheirTitlesAndWarningsFollow) {
  Notice notice = bad_night();
  notice.kind = NoticeKind::warning;
  notice.title = "two services are missing";
  notice.problems = {{.title = "service 'n8n'", .cause = "gone"},
                     {.title = "service 'waha'", .cause = "away"}};
  notice.warnings = {"The disk is nearly full."};
  notice.is_recovery = true;
  const Json embed = tell(notice);
  EXPECT_EQ(embed["title"], "⚠️ two services are missing");
  EXPECT_EQ(embed["description"],
            "What did not work before works again.\n**service 'n8n'**\ngone\n"
            "**service 'waha'**\naway\n⚠ The disk is nearly full.");
}

TEST_F(DiscordTest, TakesGoodRunsOnlyIfAskedTo) {
  EXPECT_TRUE(notifier()->wants(good_night()));
  EXPECT_FALSE(notifier(false)->wants(good_night()));
  EXPECT_TRUE(notifier(false)->wants(bad_night()));
  Notice notice = good_night();
  notice.kind = NoticeKind::started;
  EXPECT_FALSE(notifier()->wants(notice));
  notice.kind = NoticeKind::success;
  notice.is_recovery = true;
  EXPECT_TRUE(notifier(false)->wants(notice));
  EXPECT_TRUE(notifier(false)->wants({.activity = "test"}));
}

TEST(DiscordMarkdown, NothingOfItIsMoreThanText) {
  EXPECT_EQ(escape_markdown("[x](https://evil.example)", 100), "\\[x\\](https\\://evil.example)");
  EXPECT_EQ(escape_markdown("<@123> <t:1:R> @everyone ||x|| ~~_*`", 100),
            "\\<\\@123\\> \\<t:1:R\\> \\@everyone \\|\\|x\\|\\| \\~\\~\\_\\*\\`");
  EXPECT_EQ(escape_markdown("# a\n  - b\n1. c\n> d\n-# e\n+ f\n2) g", 100),
            "\\# a\n\\- b\n1\\. c\n\\> d\n\\-# e\n\\+ f\n2\\) g");
  EXPECT_EQ(escape_markdown("vps-h1/2026-05-07 of n8n.db #3: 10.5 \\", 100),
            "vps-h1/2026-05-07 of n8n.db #3: 10.5 \\\\");
  EXPECT_EQ(escape_markdown("a\x1b[31m\xff", 100), "a\\\\x1b\\[31m\\\\xff");
}

TEST(DiscordMarkdown, IsCutBetweenLettersAndSaysHowMuchIsMissing) {
  const std::string cut = escape_markdown(std::string(100, '*'), 100);
  EXPECT_THAT(cut, HasSubstr("\\*… (66 more)"));
  EXPECT_LE(utf16_units(cut), 100U);
  std::string faces;
  for (int count = 0; count < 60; ++count) faces += "😀";
  EXPECT_THAT(escape_markdown(faces, 100), HasSubstr("😀… (52 more)"));
  EXPECT_EQ(escape_markdown(std::string(100, 'x'), 100), std::string(100, 'x'));
}

TEST_F(DiscordTest, LongTextsKeepAllLimits) {
  Notice notice = bad_night();
  notice.title = std::string(1000, 'T');
  notice.host = std::string(3000, 'h');
  notice.problems[0].cause = std::string(10'000, 'c');
  for (int count = 0; count < 40; ++count) {
    notice.facts.push_back({std::string(300, 'n'), std::string(2000, '_')});
    notice.warnings.push_back(std::string(500, 'w'));
  }
  const Json embed = tell(notice);
  EXPECT_THAT(embed["description"].get<std::string>(), HasSubstr("c… (8532 more)"));
  EXPECT_THAT(embed["description"].get<std::string>(), HasSubstr("\n… (36 more)"));
  EXPECT_EQ(embed["fields"].back()["name"], "…");
  EXPECT_EQ(embed["fields"].back()["value"], "39 more");
}

TEST_F(DiscordTest, ThirtyFactsAreTwentyFourAndANumber) {
  Notice notice = good_night();
  notice.facts.assign(30, {"n", "v"});
  const Json fields = tell(notice)["fields"];
  EXPECT_EQ(fields.size(), 25U);
  EXPECT_EQ(fields[24]["value"], "6 more");
  notice.facts.assign(25, {"n", ""});
  EXPECT_EQ(tell(notice)["fields"][24], (Json{{"name", "n"}, {"value", "–"}, {"inline", true}}));
}

// Random letters that Discord, JSON or UTF-8 care about.
std::string random_text(SeededRandom& random, size_t pieces_max) {
  static const std::vector<std::string> pieces{
      "*",    "_",  "`",  "```", "[",    "](", ")",    "\\",     "<@",   "@everyone", "\n",
      "\n- ", "> ", "# ", "1. ", "😀",    "é",  "\xff", "\xc3",   "\x1b", " ",         "\t",
      "\"",   "\r", "||", "://", "word", "漢", "\xe2", "\u200b", "…",    "-"};
  std::string text;
  for (uint64_t count = random.below(pieces_max); count > 0; --count) {
    const std::string& piece = pieces[random.below(pieces.size())];
    for (uint64_t times = random.below(40) == 0 ? 200 : 1; times > 0; --times) text += piece;
  }
  return text;
}

TEST_F(DiscordTest, WhateverTheNoticeSaysIsAccepted) {
  SeededRandom random(11);
  const auto discord = notifier();
  for (int round = 0; round < 150; ++round) {
    const size_t size = random.below(4) == 0 ? 400 : 60;
    Notice notice{.kind = static_cast<NoticeKind>(1 + random.below(3)),
                  .host = random_text(random, size),
                  .activity = random_text(random, 10),
                  .job = random_text(random, size),
                  .title = random_text(random, size),
                  .is_recovery = random.below(2) == 0};
    for (uint64_t count = random.below(12); count > 0; --count) {
      notice.problems.push_back({.title = random_text(random, size),
                                 .cause = random_text(random, size),
                                 .hints = {random_text(random, size), random_text(random, 9)}});
      notice.warnings.push_back(random_text(random, size));
    }
    for (uint64_t count = random.below(40); count > 0; --count) {
      notice.facts.push_back({random_text(random, size), random_text(random, size)});
    }
    ASSERT_NO_THROW(discord->tell(notice)) << round;
  }
  EXPECT_EQ(discord_.messages().size(), 150U);
  EXPECT_EQ(discord_.requests().size(), 150U);
}

TEST_F(DiscordTest, ARateLimitIsWaitedOutForAsLongAsItSays) {
  discord_.fail_next(2, 429, 2.5);
  tell(good_night());
  EXPECT_DOUBLE_EQ(world_.waited(), 5.0);
  EXPECT_EQ(discord_.requests().size(), 3U);
}

TEST_F(DiscordTest, ARateLimitThatIsTooLongIsAFailureToTryLater) {
  discord_.fail_next(9, 429, 45);
  const Error error = failure_of(*notifier(), good_night());
  EXPECT_TRUE(error.is_transient());
  EXPECT_THAT(error.what(), HasSubstr("it answers 429"));
  EXPECT_DOUBLE_EQ(world_.waited(), 45.0);
  EXPECT_EQ(discord_.requests().size(), 2U);
}

TEST_F(DiscordTest, AnEndlessRateLimitEnds) {
  discord_.fail_next(99, 429, 0);
  EXPECT_TRUE(failure_of(*notifier(), good_night()).is_transient());
  EXPECT_EQ(discord_.requests().size(), 5U);
}

TEST_F(DiscordTest, ServerErrorsAreTriedTwiceMore) {
  for (const int status : {500, 502, 503, 504}) {
    discord_.fail_next(2, status);
    const size_t before = discord_.requests().size();
    tell(good_night());
    EXPECT_EQ(discord_.requests().size() - before, 3U) << status;
  }
  EXPECT_GE(world_.waited(), 20.0);
  EXPECT_LE(world_.waited(), 30.0);
  discord_.fail_next(3, 500);
  EXPECT_TRUE(failure_of(*notifier(), good_night()).is_transient());
}

TEST_F(DiscordTest, WhatDiscordRefusesIsNotTriedAgain) {
  discord_.fail_next(1, 400);
  const Error error = failure_of(*notifier(), good_night());
  EXPECT_FALSE(error.is_transient());
  EXPECT_THAT(error.what(), HasSubstr("it answers 400: {\"message\":\"400: told to fail\""));
  EXPECT_EQ(discord_.requests().size(), 1U);
}

TEST_F(DiscordTest, AServerThatHangsCostsThreeTimeouts) {
  discord_.fail_next(3, 0);
  world_.world.request_timeout = std::chrono::milliseconds(100);
  const Error error = failure_of(*notifier(), good_night());
  EXPECT_TRUE(error.is_transient());
  EXPECT_EQ(discord_.requests().size(), 3U);
}

TEST_F(DiscordTest, NobodyListening) {
  const auto dead_end =
      make_discord_notifier({.webhook = secret("http://127.0.0.1:" + std::to_string(closed_port()) +
                                               "/api/webhooks/1/" + std::string(token))},
                            world_.world);
  const Error error = failure_of(*dead_end, good_night());
  EXPECT_TRUE(error.is_transient());
  EXPECT_THAT(error.what(), HasSubstr("tell Discord (http://127.0.0.1:"));
  EXPECT_THAT(error.what(), Not(HasSubstr(std::string(token))));
}

TEST_F(DiscordTest, ADeadWebhookIsNotHammered) {
  for (const int status : {401, 403, 404, 410}) {
    SCOPED_TRACE(status);
    std::vector<std::unique_ptr<Notifier>> members;
    members.push_back(notifier());
    Notifiers set(std::move(members), world_.clock);
    std::vector<NotifierState> states;
    discord_.fail_next(1, status);
    const size_t before = discord_.requests().size();
    for (int night = 0; night < 5; ++night) {
      EXPECT_FALSE(set.tell(bad_night(), states)[0].delivered);
    }
    EXPECT_EQ(discord_.requests().size() - before, 1U);
    EXPECT_TRUE(states[0].dead);
    EXPECT_THAT(states[0].error, HasSubstr("it answers " + std::to_string(status)));
    EXPECT_THAT(states[0].error, Not(HasSubstr(std::string(token))));
  }
}

TEST_F(DiscordTest, ItsTargetHasAnIdThatDoesNotNameIt) {
  const std::string id = notifier()->target_id();
  EXPECT_EQ(id.size(), 16U);
  EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(id, notifier(false)->target_id());
  EXPECT_NE(id, make_discord_notifier({.webhook = secret("http://127.0.0.1/other")}, world_.world)
                    ->target_id());
}

// A server between us and Discord that repeats the URL it was asked.
TEST_F(DiscordTest, ItsTokenIsInNoErrorWhateverTheServerSays) {
  const HttpServer parrot([](const ServedRequest& request) {
    return ServedResponse{.status = 404, .body = "nothing at " + request.target};
  });
  const auto discord = make_discord_notifier(
      {.webhook = secret(parrot.url() + "/api/webhooks/1/" + std::string(token))}, world_.world);
  const Error error = failure_of(*discord, good_night());
  EXPECT_THAT(error.what(), HasSubstr("nothing at /api/***/1/***?wait=true"));
  EXPECT_THAT(error.what(), Not(HasSubstr(std::string(token))));
}

TEST_F(DiscordTest, AThreadIsKeptInTheUrl) {
  make_discord_notifier({.webhook = secret(discord_.webhook() + "?thread_id=7")}, world_.world)
      ->tell(good_night());
  EXPECT_THAT(discord_.requests()[0].target, HasSubstr("?thread_id=7&wait=true"));
  EXPECT_EQ(discord_.messages().size(), 1U);
}

TEST(NoticeText, ShortenKeepsWholeLetters) {
  EXPECT_EQ(shorten("short", 32), "short");
  std::string text(31, 'a');
  text += "é😀";
  EXPECT_EQ(utf16_units(text), 34U);
  EXPECT_EQ(shorten(text, 34), text);
  EXPECT_EQ(shorten(text, 33), "a… (33 more)");
}

}  // namespace
}  // namespace lifeboat::test
