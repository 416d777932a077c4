#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "observe/notify/notifiers.h"
#include "observe/notify/notify_test_kit.h"
#include "support/fake_discord.h"
#include "support/shell.h"

namespace lifeboat::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class WebhookTest : public testing::Test {
 protected:
  std::unique_ptr<Notifier> notifier(const std::string& path = "/hook") {
    return make_webhook_notifier(
        {.url = secret(server_.url() + path), .authorization = secret("Bearer pAsSwOrD")},
        world_.world);
  }

  FakeDiscord server_;
  NotifyTestWorld world_;
};

TEST_F(WebhookTest, PostsTheNoticeAsJson) {
  Notice notice = bad_night();
  notice.facts = {{"files", "25"}};
  notice.resolved = {"killed/backup/"};
  notice.warnings = {"The disk is nearly full."};
  notifier()->tell(notice);
  const ServedRequest request = server_.requests()[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/hook");
  EXPECT_EQ(request.headers.at("content-type"), "application/json");
  EXPECT_EQ(request.headers.at("authorization"), "Bearer pAsSwOrD");
  EXPECT_EQ(request.body,
            R"({"version":1,"kind":"failure","host":"vps-h1","activity":"backup","job":"nightly",)"
            R"("title":"backup 'nightly' of vps-h1 failed","time":"2026-05-07T02:00:07Z",)"
            R"("recovery":false,"problems":[{"id":"backup/nightly",)"
            R"("title":"backup 'nightly' of vps-h1 failed",)"
            R"("cause":"PUT s3://ecotrans-backups: access denied",)"
            R"("hints":["Does the key still exist?","Run `lifeboat check`."]}],)"
            R"("resolved":["killed/backup/"],"facts":{"files":"25"},)"
            R"("warnings":["The disk is nearly full."]})");
}

TEST_F(WebhookTest, BytesThatAreNotUtf8AreStillJson) {
  Notice notice = bad_night();
  notice.problems[0].cause = "a name \xff\xc3";
  notifier()->tell(notice);
  EXPECT_NO_THROW(parse_json(server_.requests()[0].body, "the body"));
}

TEST_F(WebhookTest, ItsSecretsAreInNoError) {
  const HttpServer parrot([](const ServedRequest& request) {
    return ServedResponse{.status = 403,
                          .body = request.target + " " + request.headers.at("authorization")};
  });
  const auto webhook = make_webhook_notifier({.url = secret(parrot.url() + "/hook/sEcReT-pAtH"),
                                              .authorization = secret("Bearer pAsSwOrD")},
                                             world_.world);
  const Error error = failure_of(*webhook, bad_night());
  EXPECT_THAT(error.what(), HasSubstr("it answers 403: /hook/*** Bearer ***"));
}

TEST_F(WebhookTest, ARedirectIsNotFollowed) {
  const HttpServer elsewhere([this](const ServedRequest&) {
    return ServedResponse{.status = 301, .headers = {{"Location", server_.url() + "/hook"}}};
  });
  const auto webhook =
      make_webhook_notifier({.url = secret(elsewhere.url() + "/hook")}, world_.world);
  const Error error = failure_of(*webhook, bad_night());
  EXPECT_THAT(error.what(), HasSubstr("it answers 301"));
  EXPECT_FALSE(error.is_transient());
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(WebhookTest, ARetryAfterHeaderCountsToo) {
  int times = 0;
  const HttpServer limited([&times](const ServedRequest&) {
    if (++times > 1) return ServedResponse{.status = 202};
    return ServedResponse{.status = 429, .headers = {{"Retry-After", "7"}}, .body = "slow down"};
  });
  make_webhook_notifier({.url = secret(limited.url())}, world_.world)->tell(bad_night());
  EXPECT_DOUBLE_EQ(world_.waited(), 7.0);
}

TEST_F(WebhookTest, ARetryAfterDateCountsToo) {
  int times = 0;
  const HttpServer limited([&times](const ServedRequest&) {
    if (++times > 1) return ServedResponse{.status = 202};
    return ServedResponse{.status = 429,
                          .headers = {{"Retry-After", "Thu, 07 May 2026 02:00:20 GMT"}}};
  });
  make_webhook_notifier({.url = secret(limited.url())}, world_.world)->tell(bad_night());
  EXPECT_DOUBLE_EQ(world_.waited(), 20.0);
}

TEST(WebhookDocs, NameAllThatIsSent) {
  FakeDiscord server;
  NotifyTestWorld world;
  make_webhook_notifier({.url = secret(server.url() + "/hook")}, world.world)->tell(bad_night());
  const std::string docs = slurp(LIFEBOAT_SOURCE_DIR "/docs/NOTIFY.md");
  const Json sent = parse_json(server.requests()[0].body, "the body");
  for (const auto& [name, value] : sent.items()) {
    EXPECT_THAT(docs, HasSubstr("\"" + name + "\": ")) << name;
  }
}

// What one notifier's trouble becomes on the wire of another.
TEST_F(WebhookTest, TheSecretsOfOneNotifierAreNotToldByAnother) {
  FakeDiscord discord("tOkEn-of_the-webhook");
  discord.fail_next(1, 404);
  std::vector<std::unique_ptr<Notifier>> members =
      make_notifiers({.discord = DiscordTarget{.webhook = secret(discord.webhook())},
                      .webhook = WebhookTarget{.url = secret(server_.url() + "/hook/sEcReT-pAtH"),
                                               .authorization = secret("Bearer pAsSwOrD")}},
                     world_.world);
  ASSERT_EQ(members.size(), 2U);
  Notifiers set(std::move(members), world_.clock);
  std::vector<NotifierState> states;
  set.tell(good_night(), states);
  ASSERT_EQ(server_.requests().size(), 2U);
  const std::string told = server_.requests()[1].body;
  EXPECT_THAT(told, HasSubstr("notifier 'discord' of vps-h1 does not work"));
  EXPECT_THAT(told, HasSubstr("it answers 404"));
  EXPECT_THAT(told, Not(HasSubstr("tOkEn")));
  EXPECT_THAT(states[0].error, Not(HasSubstr("tOkEn")));
}

}  // namespace
}  // namespace lifeboat::test
