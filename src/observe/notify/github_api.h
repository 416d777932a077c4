// The few calls of GitHub's REST API that issues take.
//
// Beyond what a Sender does, the caller looks, before a POST is repeated, whether its first answer
// alone was lost: an issue must not be filed twice. And GitHub tells limits in its own ways.
// https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "http/client.h"
#include "observe/notify/notifier.h"

namespace lifeboat {

struct GithubIssue {
  uint64_t number = 0;
  std::string body;
  std::string updated_at;  // as GitHub writes it
};

// One thread at a time. Throws TargetGone or another Error(service), and Interrupted.
class GithubApi {
 public:
  GithubApi(GithubTarget target, const NotifyWorld& world);

  // What may be waited for rate limits begins anew.
  void begin_notice() { begun_ = world_.clock.steady_now(); }
  // Those with all of `labels`, without pull requests, the newest first.
  std::vector<GithubIssue> open_issues(const std::vector<std::string>& labels, size_t pages_max);
  // Without the labels if GitHub refuses these. `find` looks for the issue before a second try.
  GithubIssue create(const std::string& title, const std::string& body,
                     const std::vector<std::string>& labels,
                     const std::function<std::optional<GithubIssue>()>& find);
  // A locked conversation takes no comment, which is no failure.
  void comment(const GithubIssue& issue, const std::string& text);
  void edit_body(const GithubIssue& issue, const std::string& body);
  // `reason`: "completed", "not_planned"
  void close(const GithubIssue& issue, std::string_view reason);

 private:
  HttpRequest request(std::string_view method, const std::string& url, std::string_view attempted,
                      const Json* body = nullptr) const;
  // An answer of any status but what a later try may change. Nothing: `is_done` found out, before
  // a repetition, that the request had its effect.
  std::optional<HttpResponse> send(const HttpRequest& asked, const std::function<bool()>& is_done);
  HttpResponse send(const HttpRequest& asked) { return *send(asked, {}); }
  bool has_comment(const GithubIssue& issue, std::string_view mark);
  // The items of all pages that begin at `url`.
  void each_page(std::string url, size_t pages_max, const std::function<void(const Json&)>& take);
  void change(const GithubIssue& issue, std::string_view attempted, const Json& change);
  std::string issue_url(const GithubIssue& issue) const;

  GithubTarget target_;
  NotifyWorld world_;
  std::string issues_url_;
  std::chrono::steady_clock::time_point begun_{};
};

}  // namespace lifeboat
