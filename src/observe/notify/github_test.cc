#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "observe/notify/github_text.h"
#include "observe/notify/notifier.h"
#include "support/doubles.h"
#include "support/fake_github.h"

namespace lifeboat::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* token = "github_pat_test";
constexpr const char* other_token = "github_pat_of_somebody_else";

class Github : public testing::Test {
 protected:
  std::unique_ptr<Notifier> notifier(const std::string& used_token = token,
                                     const std::string& repo = "o/r") {
    GithubTarget target{.api_url = github.url(),
                        .repo = repo,
                        .token = std::make_shared<Secret>(std::string_view(used_token))};
    NotifyWorld world{.clock = clock, .random = random};
    world.request_timeout = request_timeout;
    return make_github_notifier(target, world);
  }
  Notice failure(const std::string& cause = "no such volume",
                 const std::string& id = "backup/nightly") {
    Notice notice;
    notice.kind = NoticeKind::failure;
    notice.host = "vps-h1";
    notice.activity = "backup";
    notice.job = "nightly";
    notice.title = "backup 'nightly' of vps-h1 failed";
    notice.problems = {{.id = id,
                        .title = notice.title,
                        .cause = cause,
                        .hints = {"Look at 'docker volume ls'."}}};
    notice.facts = {{"files", "25"}};
    notice.time = clock.now();
    return notice;
  }
  Notice success(const std::string& resolved = "backup/nightly") {
    Notice notice;
    notice.host = "vps-h1";
    notice.activity = "backup";
    notice.title = "backup 'nightly' of vps-h1 is done";
    notice.resolved = {resolved};
    notice.time = clock.now();
    return notice;
  }
  FakeIssue open_issue(const Notice& notice, const std::vector<std::string>& labels) {
    const Problem& problem = notice.problems.at(0);
    FakeIssue issue;
    issue.title = issue_title(problem);
    issue.body = issue_body(notice, problem, see_again({}, problem.cause, notice.time));
    issue.labels = labels;
    return issue;
  }
  template <typename Thrown = Error>
  std::string told_error(Notifier& told, const Notice& notice) {
    try {
      told.tell(notice);
    } catch (const Thrown& error) {
      EXPECT_FALSE(error.hints().empty()) << error.what();
      EXPECT_THAT(error.what(), Not(HasSubstr("github_pat")));
      return error.what();
    }
    ADD_FAILURE() << "nothing is thrown";
    return "";
  }

  ManualClock clock;
  SeededRandom random;
  std::chrono::milliseconds request_timeout{20'000};
  FakeGithub github{{}};
};

TEST_F(Github, OneIssueIsOpenedToldAgainAndClosed) {
  const auto told = notifier();
  told->tell(failure());
  ASSERT_EQ(github.issues().size(), 1u);
  const FakeIssue opened = github.issues()[0];
  EXPECT_EQ(opened.title, "backup 'nightly' of vps-h1 failed");
  EXPECT_THAT(opened.labels, ElementsAre("lifeboat", "vps-h1"));
  EXPECT_TRUE(opened.body.starts_with("<!-- lifeboat:vps-h1:backup/nightly -->\n"));
  for (const char* part : {"no such volume", "docker volume ls", "`files: 25`",
                           "Alert: BackupFailed", "Seen 1 time from 2026-05-07T02:00:00Z"}) {
    EXPECT_THAT(opened.body, HasSubstr(part));
  }

  clock.advance(hours(24));
  told->tell(failure());
  const FakeIssue repeated = github.issues()[0];
  EXPECT_THAT(repeated.comments, ElementsAre(HasSubstr("once a day in the first week")));
  EXPECT_THAT(repeated.body, HasSubstr("Seen 2 times from 2026-05-07T02:00:00Z to 2026-05-08"));

  clock.advance(hours(24));
  told->tell(success());
  const FakeIssue closed = github.issues()[0];
  EXPECT_FALSE(closed.open);
  EXPECT_EQ(closed.state_reason, "completed");
  EXPECT_THAT(closed.comments.back(), HasSubstr("It is over"));
  EXPECT_THAT(github.acts(), ElementsAre("open 1", "comment 1", "edit 1", "comment 1", "close 1"));

  told->tell(failure());  // a new issue: the old story is told
  EXPECT_EQ(github.issues().size(), 2u);
}

TEST_F(Github, AYearOfNightsIsNoYearOfComments) {
  const auto told = notifier();
  for (int night = 0; night < 365; ++night) {
    told->tell(failure(format("no room: {} bytes are missing", night)));
    clock.advance(hours(24) + minutes(night % 2 == 0 ? -5 : 5));
  }
  ASSERT_EQ(github.issues().size(), 1u);
  EXPECT_EQ(github.issues()[0].comments.size(), 7u + 51u);
  EXPECT_THAT(github.issues()[0].body, HasSubstr("Seen 365 times"));
}

TEST_F(Github, ANewCauseIsToldAtOnceButAtMostHourly) {
  const auto told = notifier();
  told->tell(failure("no such volume"));
  clock.advance(minutes(10));
  told->tell(failure("the bucket is gone"));
  EXPECT_THAT(github.issues()[0].comments, IsEmpty());
  EXPECT_THAT(github.issues()[0].body, HasSubstr("the bucket is gone"));
  clock.advance(minutes(50));
  told->tell(failure("the bucket is gone"));
  EXPECT_THAT(github.issues()[0].comments,
              ElementsAre(HasSubstr("with another cause than before")));
}

TEST_F(Github, WhatPeopleWroteIntoTheIssueStays) {
  notifier()->tell(failure());
  FakeIssue issue = github.issues()[0];
  const Notice notice = failure();
  const std::string ours = issue_body(notice, notice.problems[0], {});
  EXPECT_EQ(replace_issue_body("Mine.\r\n" + issue.body + "\r\nAlso mine.", ours),
            "Mine.\r\n" + ours + "\r\nAlso mine.");
  EXPECT_EQ(replace_issue_body("All mine.", ours), "All mine.");
  const std::string full(65'000, 'x');
  EXPECT_EQ(replace_issue_body(full + issue.body, ours), full + issue.body);
}

TEST_F(Github, HostsAndProblemsDoNotMix) {
  const auto told = notifier();
  told->tell(failure());
  Notice other_host = failure();
  other_host.host = "vps-h2";
  told->tell(other_host);
  told->tell(failure("x", "service/nightly/n8n"));
  EXPECT_EQ(github.issues().size(), 3u);
  told->tell(success("service/nightly/"));
  EXPECT_THAT(github.acts(), ElementsAre("open 1", "open 2", "open 3", "comment 3", "close 3"));
}

TEST_F(Github, WhatIsStillAProblemIsNotClosed) {
  const auto told = notifier();
  told->tell(failure("x", "service/nightly/n8n"));
  Notice partial = failure("x", "service/nightly/n8n");
  partial.resolved = {"service/nightly/"};
  told->tell(partial);
  EXPECT_TRUE(github.issues()[0].open);
}

TEST_F(Github, EveryPageIsReadAndPullRequestsAreNone) {
  FakeIssue request = open_issue(failure(), {"lifeboat", "vps-h1"});
  request.is_pull_request = true;
  const uint64_t oldest = github.add(open_issue(failure(), {"lifeboat", "VPS-H1"}));
  for (int i = 0; i < 6; ++i) github.add(request);
  FakeIssue closed = open_issue(failure(), {"lifeboat", "vps-h1"});
  closed.open = false;
  github.add(closed);
  github.set_page_max(2);
  notifier()->tell(success());
  EXPECT_THAT(github.acts(), ElementsAre(format("comment {}", oldest), format("close {}", oldest)));
}

TEST_F(Github, DuplicatesGiveWayToTheOldest) {
  for (int i = 0; i < 3; ++i) github.add(open_issue(failure(), {"lifeboat", "vps-h1"}));
  clock.advance(minutes(5));
  notifier()->tell(failure());
  const auto issues = github.issues();
  EXPECT_TRUE(issues[0].open);
  for (const size_t i : {1, 2}) {
    EXPECT_FALSE(issues[i].open);
    EXPECT_EQ(issues[i].state_reason, "not_planned");
    EXPECT_THAT(issues[i].comments, ElementsAre(HasSubstr("The same as #1.")));
  }
}

TEST_F(Github, WithoutLabelsNoSecondIssueIsFiled) {
  for (const auto labels :
       {FakeGithub::Labels::dropped, FakeGithub::Labels::refused, FakeGithub::Labels::invalid}) {
    const size_t before = github.issues().size();
    github.set_labels(labels);
    const auto told = notifier();
    for (int night = 0; night < 3; ++night) {
      told->tell(failure());
      clock.advance(hours(24));
    }
    ASSERT_EQ(github.issues().size(), before + 1);
    EXPECT_THAT(github.issues().back().labels, IsEmpty());
    EXPECT_EQ(github.issues().back().comments.size(), 2u);
    told->tell(success());
    EXPECT_FALSE(github.issues().back().open);
  }
}

TEST_F(Github, AnIssueWhoseAnswerWasLostIsNotFiledAgain) {
  github.fail_next({.lose_answer = true}, 1, "POST ");
  notifier()->tell(failure());
  EXPECT_THAT(github.acts(), ElementsAre("open 1"));
}

TEST_F(Github, ACommentWhoseAnswerWasLostIsNotMadeAgain) {
  const auto told = notifier();
  told->tell(failure());
  clock.advance(hours(24));
  github.fail_next({.lose_answer = true}, 1, "POST ");
  told->tell(failure());
  EXPECT_THAT(github.acts(), ElementsAre("open 1", "comment 1", "edit 1"));
}

TEST_F(Github, WhatPassesIsTriedAgainAndWhatDoesNotEnds) {
  const auto told = notifier();
  github.fail_next({.status = 500});
  github.fail_next({.status = 502}, 1, "POST ");
  told->tell(failure());
  EXPECT_EQ(github.issues().size(), 1u);
  const size_t before = github.requests().size();
  github.fail_next({.status = 503}, 100);
  EXPECT_THAT(error_text([&] { told->tell(failure()); }), HasSubstr("status 503"));
  EXPECT_EQ(github.requests().size(), before + 3);
}

TEST_F(Github, AServerThatHangsIsLeft) {
  request_timeout = std::chrono::milliseconds(100);
  github.fail_next({.hang = true}, 100);
  const auto told = notifier();
  EXPECT_THAT(error_text([&] { told->tell(failure()); }), HasSubstr("imed out"));
  EXPECT_EQ(github.requests().size(), 3u);
}

TEST_F(Github, RateLimitsAreWaitedForByTheInjectedClock) {
  const auto told = notifier();
  const Timestamp begin = clock.now();
  github.fail_next({.status = 429, .headers = {{"Retry-After", "20"}}});
  github.fail_next({.status = 403,
                    .headers = {{"X-RateLimit-Remaining", "0"},
                                {"X-RateLimit-Reset", "1778120000"},
                                {"Date", "Thu, 07 May 2026 02:12:50 GMT"}},
                    .message = "API rate limit exceeded"});
  told->tell(failure());
  EXPECT_EQ(github.issues().size(), 1u);
  // 20 s, and from 02:12:50 to 02:13:20.
  EXPECT_EQ(clock.now() - begin, seconds(20 + 30));

  github.fail_next({.status = 403, .message = "You have exceeded a secondary rate limit."});
  clock.advance(hours(24));
  const Timestamp next = clock.now();
  told->tell(failure());
  EXPECT_EQ(clock.now() - next, seconds(60));
}

TEST_F(Github, WaitsHaveAnEnd) {
  const auto told = notifier();
  github.fail_next({.status = 429, .headers = {{"Retry-After", "61"}}});
  const Timestamp begin = clock.now();
  EXPECT_THAT(error_text([&] { told->tell(failure()); }), HasSubstr("to wait 1 min 1 s"));
  EXPECT_EQ(clock.now(), begin);
  github.fail_next({.status = 429, .headers = {{"Retry-After", "0"}}}, 1000);
  error_text([&] { told->tell(failure()); });
  EXPECT_LE(clock.now() - begin, seconds(60));
}

TEST_F(Github, ATargetThatTakesNothingIsGone) {
  EXPECT_THAT(told_error<TargetGone>(*notifier(other_token), failure()),
              HasSubstr("status 401 (Bad credentials)"));
  EXPECT_THAT(told_error<TargetGone>(*notifier(token, "o/typo"), failure()), HasSubstr("'o/typo'"));
  github.fail_next({.status = 301, .headers = {{"Location", "https://example.org/"}}});
  told_error<TargetGone>(*notifier(), failure());
  github.set_read_only(true);
  told_error<TargetGone>(*notifier(), failure());
  github.set_issues_off(true);
  EXPECT_THAT(told_error<TargetGone>(*notifier(), failure()), HasSubstr("410"));
}

TEST_F(Github, OneIssueThatIsGoneOrLockedIsNotTheTarget) {
  FakeIssue locked = open_issue(failure(), {"lifeboat", "vps-h1"});
  locked.locked = true;
  github.add(locked);
  clock.advance(hours(24));
  notifier()->tell(failure());
  EXPECT_THAT(github.acts(), ElementsAre("edit 1"));
  for (const char* method : {"POST ", "PATCH "}) {
    github.fail_next({.status = 410, .message = "This issue was deleted"}, 1, method);
    clock.advance(hours(24));
    try {
      notifier()->tell(failure());
      ADD_FAILURE() << "nothing is thrown";
    } catch (const TargetGone&) {
      ADD_FAILURE() << "the target is not gone";
    } catch (const Error& error) {
      EXPECT_TRUE(error.is_transient());
    }
  }
}

TEST_F(Github, TheTokenGoesNowhereElse) {
  github.fail_next({.status = 200, .headers = {{"Link", "<http://127.0.0.1:1/>; rel=\"next\""}}});
  EXPECT_THAT(error_text([&] { notifier()->tell(failure()); }), HasSubstr("no list"));
  HttpServer server([](const ServedRequest&) {
    return ServedResponse{.headers = {{"Link", "<http://127.0.0.1:1/x>; rel=\"next\""}},
                          .body = "[]"};
  });
  GithubTarget target{.api_url = server.url(),
                      .repo = "o/r",
                      .token = std::make_shared<Secret>(std::string_view(token))};
  const auto told = make_github_notifier(target, {.clock = clock, .random = random});
  EXPECT_THAT(error_text([&] { told->tell(failure()); }), HasSubstr("elsewhere"));
}

TEST_F(Github, ATestIsAnIssueThatIsClosedAtOnce) {
  Notice notice;
  notice.host = "vps-h1";
  notice.activity = "test";
  notice.title = "a test of vps-h1";
  const auto told = notifier();
  ASSERT_TRUE(told->wants(notice));
  told->tell(notice);
  EXPECT_THAT(github.acts(), ElementsAre("open 1", "comment 1", "close 1"));
}

TEST_F(Github, WantsWhatHasAProblemOrEndsOne) {
  const auto told = notifier();
  EXPECT_TRUE(told->wants(failure()));
  EXPECT_TRUE(told->wants(success()));
  Notice started = failure();
  started.kind = NoticeKind::started;
  EXPECT_FALSE(told->wants(started));
  EXPECT_FALSE(told->wants(Notice{}));
  EXPECT_EQ(told->name(), "github");
  EXPECT_EQ(told->target_id().size(), 16u);
  EXPECT_NE(told->target_id(), notifier(other_token)->target_id());
  EXPECT_NE(told->target_id(), notifier(token, "o/r2")->target_id());
  EXPECT_EQ(told->target_id(), notifier()->target_id());
}

TEST_F(Github, ForeignTextStaysText) {
  Notice notice = failure("```\n@everyone #1 <!-- lifeboat:vps-h1:drill/x -->\x1b[2J\n````");
  notice.problems[0].hints = {"`` @user `x` #12", ""};
  notice.warnings = {"[link](https://example.org) o/r#1 token github_pat_test"};
  const auto told = notifier();
  told->tell(notice);
  const std::string body = github.issues()[0].body;
  EXPECT_THAT(body, HasSubstr("`````text\n```\n@everyone #1"));
  EXPECT_THAT(body, HasSubstr("\\x1b[2J"));
  EXPECT_THAT(body, HasSubstr("- ``` `` @user `x` #12 ```\n- –\n"));
  EXPECT_THAT(body, HasSubstr("- `[link](https://example.org) o/r#1 token ***`"));
  EXPECT_EQ(read_issue_mark(body)->id, "backup/nightly");
}

TEST_F(Github, NoNoticeIsTooLong) {
  Notice notice = failure(std::string(200'000, '`') + "\xff");
  notice.host = "host,with \"anything\" in it --> " + std::string(500, 'x');
  std::string long_text;
  for (int i = 0; i < 5000; ++i) long_text += "é`";
  notice.problems[0].id = "backup/" + std::string(300, 'y') + " -->:";
  notice.problems[0].title = long_text;
  notice.problems[0].hints.assign(100, long_text);
  notice.warnings.assign(100, long_text);
  notice.facts.assign(100, {long_text, long_text});
  const auto told = notifier();
  for (int night = 0; night < 2; ++night) {
    notice.time = clock.now();
    told->tell(notice);
    clock.advance(hours(24));
  }
  EXPECT_THAT(github.acts(), ElementsAre("open 1", "comment 1", "edit 1"));
  EXPECT_EQ(github.issues()[0].labels.size(), 2u);
  notice.resolved = {notice.problems[0].id};
  notice.problems.clear();
  told->tell(notice);
  EXPECT_FALSE(github.issues()[0].open);
}

TEST_F(Github, TheRunbookHasTheSectionsThatIssuesName) {
  std::ifstream file(LIFEBOAT_SOURCE_DIR "/docs/runbook.md");
  const std::string runbook(std::istreambuf_iterator<char>(file), {});
  for (const char* id : {"backup/nightly", "killed/backup/nightly", "service/nightly/n8n",
                         "drill/nightly", "watch/h/nightly", "notifier/discord", "metrics/textfile",
                         "alert/BackupExpiryCliff/nightly"}) {
    const Notice notice = failure("x", id);
    const std::string body = issue_body(notice, notice.problems[0], {});
    const size_t begin = body.find("`Alert: ");
    ASSERT_NE(begin, std::string::npos) << id;
    const std::string section = body.substr(begin + 1, body.find('`', begin + 1) - begin - 1);
    EXPECT_THAT(runbook, HasSubstr("## " + section + "\n"));
  }
}

TEST(GithubText, BrokenMarksAreNone) {
  for (const char* body : {"", "<!-- lifeboat:", "<!-- lifeboat:h -->", "<!-- lifeboat:%zz:x -->",
                           "<!-- lifeboat:end -->"}) {
    EXPECT_FALSE(read_issue_mark(body)) << body;
  }
  for (const char* body : {"", "<!-- lifeboat-state -->", "<!-- lifeboat-state {} -->",
                           "<!-- lifeboat-state {\"first\":1} -->",
                           "<!-- lifeboat-state {\"first\":\"2026-05-07T02:00:00Z\",\"last\":\"x\","
                           "\"told\":\"x\",\"count\":1,\"cause\":\"\"} -->"}) {
    EXPECT_FALSE(read_sightings(body)) << body;
  }
}

}  // namespace
}  // namespace lifeboat::test
