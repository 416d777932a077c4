// A strict stand-in for GitHub's issues: one repository with issues, pull requests among them,
// comments, labels, pages and limits. It refuses what the real one refuses, in its words, and
// remembers each act that it accepted.
// https://docs.github.com/en/rest/issues/issues
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "support/http_server.h"

namespace lifeboat::test {

struct FakeIssue {
  uint64_t number = 0;
  std::string title;
  std::string body;
  std::vector<std::string> labels;
  bool open = true;
  std::string state_reason;
  bool is_pull_request = false;
  bool locked = false;
  std::vector<std::string> comments;
};

// What the next request meets instead of an answer.
struct FakeGithubFault {
  int status = 500;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string message = "told to fail";
  // The request takes effect as usual, and its answer is lost on the way.
  bool lose_answer = false;
  bool hang = false;
};

class FakeGithub {
 public:
  enum class Labels {
    created,  // those that are missing are made
    dropped,  // ignored: the token has no push access
    refused,  // 403
    invalid,  // 422
  };
  struct Options {
    std::string repo = "o/r";
    std::string token = "github_pat_test";
  };
  // `on_act`, if any, is given each accepted act as it happens: {"act": "open", "number": 1,
  // "title": ...}; also "comment", "edit", "close", "reopen". Called under a lock.
  explicit FakeGithub(Options options, std::function<void(const Json&)> on_act = {});

  std::string url() const { return server_.url(); }
  // Copies, by number.
  std::vector<FakeIssue> issues() const;
  // "GET /repos/o/r/issues?..." of all that came.
  std::vector<std::string> requests() const;
  // "open 1", "comment 1", "edit 1", "close 1": accepted.
  std::vector<std::string> acts() const;

  uint64_t add(FakeIssue issue);
  // For the next requests, one each; for those alone whose "METHOD TARGET" begins with `prefix`.
  void fail_next(FakeGithubFault fault, int requests = 1, std::string prefix = "");
  void set_labels(Labels labels) { labels_ = labels; }
  void set_read_only(bool read_only) { read_only_ = read_only; }
  void set_issues_off(bool off) { issues_off_ = off; }
  // Pages at most so long, whatever is asked for.
  void set_page_max(size_t items) { page_max_ = items; }

 private:
  struct Call;
  ServedResponse answer(const ServedRequest& request);
  ServedResponse answer_call(const Call& call);
  ServedResponse list_issues(const Call& call);
  ServedResponse list_comments(const Call& call, const FakeIssue& issue);
  ServedResponse page_of(const Call& call, const Json& items);
  ServedResponse create_issue(const Json& body);
  ServedResponse create_comment(FakeIssue& issue, const Json& body);
  ServedResponse change_issue(FakeIssue& issue, const Json& body);
  FakeIssue* find_issue(const std::string& number);
  void note(const std::string& act, const FakeIssue& issue, Json details);

  Options options_;
  std::function<void(const Json&)> on_act_;
  mutable std::mutex mutex_;
  std::vector<FakeIssue> issues_;
  std::vector<std::string> acts_;
  std::vector<std::string> requests_;
  std::deque<std::pair<std::string, FakeGithubFault>> faults_;  // behind the prefix they are for
  Labels labels_ = Labels::created;
  bool read_only_ = false;
  bool issues_off_ = false;
  size_t page_max_ = 100;
  HttpServer server_;  // last: its threads use the rest
};

}  // namespace lifeboat::test
