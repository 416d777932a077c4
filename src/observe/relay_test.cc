#include "observe/relay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "base/error.h"
#include "base/json.h"
#include "support/doubles.h"

namespace lifeboat::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Json alert(const std::string& status, const Json& labels) {
  return {{"status", status},
          {"labels", labels},
          {"annotations", {{"summary", "it is stale"}, {"description", "for 2 days"}}},
          {"startsAt", "2026-05-07T02:00:00Z"},
          {"endsAt", "0001-01-01T00:00:00Z"},
          {"generatorURL", "http://prometheus:9090/graph?g0.expr=x"},
          {"fingerprint", "1a30ba71cca2921f"}};
}

const Json stale{{"alertname", "BackupStale"},
                 {"host", "vps-h1"},
                 {"backup_job", "nightly"},
                 {"job", "node"},
                 {"severity", "critical"}};

std::string webhook(const std::vector<Json>& alerts) {
  return print_json_line({{"version", "4"},
                          {"groupKey", "{}:{}"},
                          {"truncatedAlerts", 0},
                          {"status", "firing"},
                          {"receiver", "github"},
                          {"alerts", alerts}});
}

std::vector<Notice> read(const std::vector<Json>& alerts) {
  return read_alerts(webhook(alerts), parse_time("2026-05-09T02:00:00Z"));
}

TEST(Alerts, BecomeProblemsOfTheirHosts) {
  const auto notices = read({alert("firing", stale)});
  ASSERT_EQ(notices.size(), 1u);
  const Notice& notice = notices[0];
  EXPECT_EQ(notice.kind, NoticeKind::failure);
  EXPECT_EQ(notice.host, "vps-h1");
  EXPECT_EQ(notice.job, "nightly");
  ASSERT_EQ(notice.problems.size(), 1u);
  EXPECT_EQ(notice.problems[0].id, "alert/BackupStale/nightly");
  EXPECT_EQ(notice.problems[0].title, "it is stale");
  EXPECT_EQ(notice.problems[0].cause, "for 2 days");
  EXPECT_EQ(notice.facts.back().value, "http://prometheus:9090/graph");
}

TEST(Alerts, AreNamedByTheLabelsThatThereAre) {
  const auto only = [](const Json& labels) { return read({alert("firing", labels)}).at(0); };
  const auto bare = only({{"alertname", "A"}});
  EXPECT_EQ(bare.host, "unknown");
  EXPECT_EQ(bare.problems[0].id, "alert/A");
  EXPECT_EQ(bare.kind, NoticeKind::warning);
  EXPECT_EQ(only({{"alertname", "A"}, {"instance", "h:9100"}, {"job", "node"}}).host, "h");
  EXPECT_EQ(only({{"alertname", "A"}, {"instance", "[::1]"}}).host, "[::1]");
  const auto exported = only({{"alertname", "A"},
                              {"exported_host", "h2"},
                              {"instance", "h:9100"},
                              {"exported_job", "weekly"},
                              {"job", "node"},
                              {"service", "n8n"}});
  EXPECT_EQ(exported.host, "h2");
  EXPECT_EQ(exported.problems[0].id, "alert/A/weekly/n8n");
}

TEST(Alerts, OfOneProblemAreOneNotice) {
  Json other = stale;
  other["item"] = "workflows";
  const auto notices =
      read({alert("firing", stale), alert("resolved", other), alert("firing", other)});
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_EQ(notices[0].problems[0].cause, "for 2 days\nfor 2 days");
  EXPECT_THAT(notices[0].resolved, IsEmpty());
}

TEST(Alerts, ThatAreOverResolveTheirProblems) {
  Json other = stale;
  other["host"] = "vps-h2";
  const auto notices = read({alert("resolved", stale), alert("resolved", other)});
  ASSERT_EQ(notices.size(), 2u);
  for (const Notice& notice : notices) {
    EXPECT_THAT(notice.resolved, ElementsAre("alert/BackupStale/nightly"));
    EXPECT_TRUE(notice.is_recovery);
    EXPECT_EQ(notice.kind, NoticeKind::success);
  }
}

TEST(Alerts, ThatWereLeftOutAreTold) {
  Json json = Json::parse(webhook({alert("firing", stale)}));
  json["truncatedAlerts"] = 3;
  const auto notices = read_alerts(print_json_line(json), Timestamp{});
  EXPECT_THAT(notices.at(0).warnings, ElementsAre(HasSubstr("left out 3 alerts")));
}

TEST(Alerts, AreRefusedUnlessTheyAreWhatTheyShouldBe) {
  Json version = Json::parse(webhook({alert("firing", stale)}));
  version["version"] = "5";
  Json no_labels = alert("firing", stale);
  no_labels.erase("labels");
  Json number = stale;
  number["host"] = 1;
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{"), std::string("{}"), std::string("4"),
        print_json_line(version), webhook({}), webhook({Json("x")}), webhook({no_labels}),
        webhook({alert("firing", Json::object())}), webhook({alert("firing", number)}),
        webhook({alert("pending", stale)}), webhook({alert("firing", stale)}) + "x",
        std::string(200'000, '[')}) {
    EXPECT_THROW(read_alerts(text, Timestamp{}), Error) << text.substr(0, 80);
  }
}

class RecordingNotifier final : public Notifier {
 public:
  std::string_view name() const override { return "github"; }
  std::string target_id() const override { return ""; }
  bool wants(const Notice&) const override { return true; }
  void tell(const Notice& notice) override {
    told.push_back(notice);
    if (gone) throw TargetGone("status 401");
    if (failure && notice.host == *failure) throw Error(ErrorKind::service, "status 500");
  }
  std::vector<Notice> told;
  std::optional<std::string> failure;  // at this host's notices
  bool gone = false;
};

class RelayTest : public testing::Test {
 protected:
  HttpAnswer ask(const std::string& method, const std::string& path, const std::string& body = "",
                 HttpHeaders headers = {{"content-type", "application/json; charset=utf-8"}}) {
    return relay.answer({method, path, std::move(headers), body});
  }
  HttpAnswer post(const std::vector<Json>& alerts) {
    return ask("POST", "/alertmanager", webhook(alerts));
  }

  RecordingNotifier notifier;
  ManualClock clock;
  Relay relay{notifier, nullptr, clock};
};

TEST_F(RelayTest, SaysYesWhenAllIsTold) {
  EXPECT_EQ(post({alert("firing", stale)}).status, 200);
  ASSERT_EQ(notifier.told.size(), 1u);
  EXPECT_EQ(notifier.told[0].time, clock.now());
  EXPECT_EQ(ask("GET", "/healthz").status, 200);
}

TEST_F(RelayTest, SaysNoUntilAllIsTold) {
  Json other = stale;
  other["host"] = "vps-h2";
  notifier.failure = "vps-h1";
  const HttpAnswer answer = post({alert("firing", stale), alert("firing", other)});
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, HasSubstr("status 500"));
  EXPECT_EQ(notifier.told.size(), 2u);  // the other is told all the same
  EXPECT_EQ(ask("GET", "/healthz").status, 503);
  notifier.failure.reset();
  EXPECT_EQ(post({alert("firing", stale)}).status, 200);
  EXPECT_EQ(ask("GET", "/healthz").status, 200);
}

TEST_F(RelayTest, LeavesATargetThatIsGoneAloneForAWhile) {
  notifier.gone = true;
  for (int i = 0; i < 9; ++i) {
    EXPECT_EQ(post({alert("firing", stale), alert("resolved", stale)}).status, 503);
    clock.advance(std::chrono::minutes(1));
  }
  EXPECT_EQ(notifier.told.size(), 1u);
  notifier.gone = false;
  clock.advance(std::chrono::minutes(1));
  EXPECT_EQ(post({alert("firing", stale)}).status, 200);
}

TEST_F(RelayTest, RefusesWhatIsNotMeantForIt) {
  EXPECT_EQ(ask("GET", "/").status, 404);
  EXPECT_EQ(ask("POST", "/alertmanager/", webhook({})).status, 404);
  EXPECT_EQ(ask("GET", "/alertmanager").status, 405);
  EXPECT_EQ(ask("POST", "/healthz").status, 405);
  EXPECT_EQ(ask("POST", "/alertmanager", "{").status, 400);
  EXPECT_EQ(ask("POST", "/alertmanager", webhook({alert("firing", stale)}), {}).status, 415);
  EXPECT_EQ(ask("POST", "/alertmanager", webhook({alert("firing", stale)}),
                {{"content-type", "text/plain"}})
                .status,
            415);
  EXPECT_THAT(notifier.told, IsEmpty());
}

TEST_F(RelayTest, DemandsItsToken) {
  Relay closed(notifier, std::make_shared<Secret>(std::string_view("s3cret")), clock);
  const auto status = [&](const std::string& authorization) {
    return closed
        .answer({"POST",
                 "/alertmanager",
                 {{"content-type", "application/json"}, {"authorization", authorization}},
                 webhook({alert("firing", stale)})})
        .status;
  };
  for (const char* wrong : {"", "Bearer ", "Bearer", "Bearer s3cre", "Bearer s3cret2", "s3cret",
                            "Basic s3cret", "Bearer  s3cret"}) {
    EXPECT_EQ(status(wrong), 401) << wrong;
  }
  EXPECT_THAT(notifier.told, IsEmpty());
  EXPECT_EQ(status("Bearer s3cret"), 200);
  EXPECT_EQ(closed.answer({"GET", "/healthz", {}, ""}).status, 200);
}

}  // namespace
}  // namespace lifeboat::test
