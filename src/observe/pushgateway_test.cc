#include <gmock/gmock.h>

#include <atomic>

#include "base/error.h"
#include "base/format.h"
#include "observe/full_state_test_kit.h"
#include "observe/metrics.h"
#include "support/doubles.h"
#include "support/http_server.h"

namespace lifeboat::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using Wire = ServedResponse::Wire;

std::vector<std::string> asked(const HttpServer& server) {
  std::vector<std::string> lines;
  for (const ServedRequest& request : server.requests()) {
    lines.push_back(request.method + " " + request.target);
  }
  return lines;
}

TEST(Pushgateway, PutsOneGroupAJobADrillAndTheHost) {
  HttpServer server([](const ServedRequest&) { return ServedResponse{}; });
  HostState state = full_state();
  state.drill("vps-i1", "nightly").last_run = parse_time("2026-05-05T05:00:00Z");
  push_metrics({.url = server.url() + "/"}, state);
  EXPECT_THAT(asked(server),
              testing::ElementsAre("PUT /metrics/job/by_hand/host/vps-h1",
                                   "PUT /metrics/job/lifeboat/host/vps-h1",
                                   "PUT /metrics/job/nightly/host/vps-h1",
                                   "PUT /metrics/job/nightly/host/vps-h1/activity/drill",
                                   "PUT /metrics/job/nightly/host/vps-i1/activity/drill"));
  const auto requests = server.requests();
  EXPECT_THAT(requests[0].body, HasSubstr("lifeboat_run_status{host=\"vps-h1\",job=\"by_hand\"}"));
  EXPECT_THAT(requests[0].body, Not(HasSubstr("nightly")));
  EXPECT_THAT(requests[1].body, HasSubstr("lifeboat_build_info"));
  EXPECT_THAT(requests[1].body, HasSubstr("lifeboat_notifier_up"));
  EXPECT_THAT(requests[1].body, Not(HasSubstr("job=")));
  EXPECT_THAT(requests[2].body, Not(HasSubstr("lifeboat_drill")));
  EXPECT_THAT(requests[2].body, Not(HasSubstr("lifeboat_build_info")));
  EXPECT_THAT(requests[3].body, HasSubstr("lifeboat_drill_status"));
}

TEST(Pushgateway, AJobCalledLifeboatSharesTheHostsGroup) {
  HttpServer server([](const ServedRequest&) { return ServedResponse{}; });
  HostState state;
  state.host = "h";
  state.job("lifeboat").last_run = parse_time("2026-05-05T05:00:00Z");
  push_metrics({.url = server.url()}, state);
  ASSERT_EQ(server.requests().size(), 1u);
  EXPECT_THAT(server.requests()[0].body, HasSubstr("lifeboat_build_info"));
  EXPECT_THAT(server.requests()[0].body, HasSubstr("lifeboat_run_status"));
}

TEST(Pushgateway, DeletesTheGroupsOfJobs) {
  HttpServer server([](const ServedRequest&) { return ServedResponse{.status = 202}; });
  delete_pushed({.url = server.url()}, "h", {"a b"});
  EXPECT_THAT(asked(server),
              testing::ElementsAre("DELETE /metrics/job/a%20b/host/h",
                                   "DELETE /metrics/job/a%20b/host/h/activity/drill"));
}

TEST(Pushgateway, TriesOnceMore) {
  for (const ServedResponse& first :
       {ServedResponse{.status = 503}, ServedResponse{.wire = Wire::drop_before}}) {
    std::atomic<int> count = 0;
    HttpServer server(
        [&](const ServedRequest&) { return count++ == 0 ? first : ServedResponse{}; });
    HostState state;
    state.host = "h";
    push_metrics({.url = server.url()}, state);
    EXPECT_EQ(count, 2);
  }
}

TEST(Pushgateway, TellsARefusalOnceAndWithoutSecrets) {
  HttpServer server([](const ServedRequest&) {
    return ServedResponse{.status = 401, .body = "who is \x1b[31mthis?\n"};
  });
  const std::string url = format("http://user:hunter2@127.0.0.1:{}/prefix", server.port());
  const std::string text = error_text([&] { push_metrics({.url = url}, full_state()); });
  EXPECT_THAT(text, HasSubstr("the gateway answers 401: who is \\x1b[31mthis?"));
  EXPECT_THAT(text, HasSubstr("Check the user and password"));
  EXPECT_THAT(text, HasSubstr("/prefix/metrics/job/by_hand/host/vps-h1"));
  EXPECT_THAT(text, Not(HasSubstr("hunter2")));
  ASSERT_EQ(server.requests().size(), 1u);
  EXPECT_EQ(server.requests()[0].headers.at("authorization"), "Basic dXNlcjpodW50ZXIy");
}

TEST(Pushgateway, GivesUpAfterTwoTries) {
  std::atomic<int> count = 0;
  HttpServer server([&](const ServedRequest&) {
    ++count;
    return ServedResponse{.wire = Wire::never_answer};
  });
  const PushRequest request{.url = server.url(), .timeout = std::chrono::milliseconds(100)};
  EXPECT_THAT(error_text([&] { push_metrics(request, full_state()); }), HasSubstr("PUT http"));
  EXPECT_EQ(count, 2);

  const std::string nobody = format("http://127.0.0.1:{}", closed_port());
  EXPECT_THROW(push_metrics({.url = nobody}, full_state()), Error);
}

}  // namespace
}  // namespace lifeboat::test
