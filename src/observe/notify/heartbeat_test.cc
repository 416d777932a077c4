#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "observe/notify/notify_test_kit.h"
#include "support/fake_discord.h"

namespace lifeboat::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class HeartbeatTest : public testing::Test {
 protected:
  std::unique_ptr<Notifier> notifier(HeartbeatTarget target) {
    return make_heartbeat_notifier(std::move(target), world_.world);
  }
  // What is asked for a run that starts and ends with `end`.
  std::vector<std::string> asked(const HeartbeatTarget& target, const Notice& end) {
    const auto heartbeat = notifier(target);
    const size_t before = server_.requests().size();
    Notice start = end;
    start.kind = NoticeKind::started;
    start.problems.clear();
    if (heartbeat->wants(start)) heartbeat->tell(start);
    if (heartbeat->wants(end)) heartbeat->tell(end);
    std::vector<std::string> asked;
    const std::vector<ServedRequest> requests = server_.requests();
    for (size_t at = before; at < requests.size(); ++at) {
      asked.push_back(requests[at].method + " " + requests[at].target);
    }
    return asked;
  }
  SharedSecret at(const std::string& path) const { return secret(server_.url() + path); }

  FakeDiscord server_;
  NotifyTestWorld world_;
};

TEST_F(HeartbeatTest, StartSuccessAndFailAreBehindTheUrl) {
  const HeartbeatTarget target{.url = at("/ping/0123")};
  EXPECT_THAT(asked(target, good_night()), ElementsAre("POST /ping/0123/start", "POST /ping/0123"));
  EXPECT_THAT(asked(target, bad_night()),
              ElementsAre("POST /ping/0123/start", "POST /ping/0123/fail"));
  const std::string body = server_.requests().back().body;
  EXPECT_EQ(body,
            "backup 'nightly' of vps-h1 failed\n"
            "  PUT s3://ecotrans-backups: access denied\n  hint: Does the key still exist?\n"
            "  hint: Run `lifeboat check`.\n\n");
}

TEST_F(HeartbeatTest, APartialBackupIsAFailure) {
  Notice partial = bad_night();
  partial.kind = NoticeKind::warning;
  EXPECT_THAT(asked({.url = at("/ping/1")}, partial),
              ElementsAre("POST /ping/1/start", "POST /ping/1/fail"));
  partial.problems.clear();
  EXPECT_THAT(asked({.url = at("/ping/1")}, partial),
              ElementsAre("POST /ping/1/start", "POST /ping/1"));
}

TEST_F(HeartbeatTest, AQueryStaysBehindThePath) {
  EXPECT_THAT(asked({.url = at("/ping/1?rid=2")}, bad_night()),
              ElementsAre("GET /ping/1/start?rid=2", "GET /ping/1/fail?rid=2"));
  EXPECT_THAT(asked({.url = at("/ping/1/")}, bad_night()),
              ElementsAre("POST /ping/1/start", "POST /ping/1/fail"));
}

TEST_F(HeartbeatTest, UptimeKumaHasItsOwnUrls) {
  const HeartbeatTarget target{.url = at("/ping/kuma?status=up&msg=OK&ping="),
                               .fail_url = at("/ping/kuma?status=down&msg=failed")};
  EXPECT_THAT(asked(target, good_night()), ElementsAre("GET /ping/kuma?status=up&msg=OK&ping="));
  EXPECT_THAT(asked(target, bad_night()), ElementsAre("GET /ping/kuma?status=down&msg=failed"));
}

TEST_F(HeartbeatTest, AStartOfItsOwn) {
  EXPECT_THAT(asked({.url = at("/ping/1"), .start_url = at("/ping/s"), .fail_url = at("/ping/f")},
                    bad_night()),
              ElementsAre("POST /ping/s", "POST /ping/f"));
}

TEST_F(HeartbeatTest, ItIsToldOfTheBackupsOfItsJobsAlone) {
  const HeartbeatTarget target{.url = at("/ping/1"), .jobs = {"weekly", "nightly"}};
  EXPECT_TRUE(notifier(target)->wants(good_night()));
  Notice other = good_night();
  other.job = "hourly";
  EXPECT_FALSE(notifier(target)->wants(other));
  EXPECT_TRUE(notifier({.url = at("/ping/1")})->wants(other));
  for (const std::string activity : {"drill", "verify", "prune", "watch", "notifier", "test"}) {
    other.activity = activity;
    EXPECT_FALSE(notifier({.url = at("/ping/1")})->wants(other)) << activity;
  }
  other.activity = "watch";
  HeartbeatTarget watch{.url = at("/ping/1")};
  watch.activity = "watch";
  EXPECT_TRUE(notifier(watch)->wants(other));
  EXPECT_FALSE(notifier(watch)->wants(good_night()));
}

TEST_F(HeartbeatTest, A404IsAFailureButNotTheEnd) {
  const auto heartbeat = notifier({.url = at("/ping/sEcReT-id")});
  server_.fail_next(1, 404);
  const Error error = failure_of(*heartbeat, good_night());
  EXPECT_THAT(error.what(), HasSubstr("tell the heartbeat (http://127.0.0.1:"));
  EXPECT_THAT(error.what(), Not(HasSubstr("sEcReT-id")));
  EXPECT_THAT(error.hints(), ElementsAre(HasSubstr("fail_url")));
  try {
    server_.fail_next(1, 404);
    heartbeat->tell(good_night());
    FAIL();
  } catch (const TargetGone&) {
    FAIL() << "it would never be tried again";
  } catch (const Error&) {
  }
}

TEST_F(HeartbeatTest, TriesAgain) {
  server_.fail_next(1, 503);
  server_.fail_next(1, 429, 3);
  notifier({.url = at("/ping/1")})->tell(good_night());
  EXPECT_EQ(server_.requests().size(), 3U);
}

}  // namespace
}  // namespace lifeboat::test
