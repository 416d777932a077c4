#include "observe/notify/github_api.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "observe/notify/notice_text.h"
#include "observe/notify/sender.h"

namespace lifeboat {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api: without a header
// that says how long, at least a minute.
constexpr seconds rate_limit_default{60};
constexpr uint64_t response_bytes_max = 64 << 20;  // 100 issues of 65,536 escaped characters

// An object for a body that is none, so that its members can be asked for.
Json parse_object(const HttpResponse& response) {
  Json parsed = Json::parse(response.body, nullptr, false);
  return parsed.is_object() ? parsed : Json::object();
}

std::string text_member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string message_of(const HttpResponse& response) {
  constexpr size_t message_units_max = 200;
  return shorten(one_line(redact(text_member(parse_object(response), "message"))),
                 message_units_max);
}

std::optional<int64_t> number_header(const HttpResponse& response, std::string_view name) {
  const std::string_view text = response.header(name).value_or("");
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

bool is_rate_limited(const HttpResponse& response) {
  if (response.status == 429) return true;
  if (response.status != 403) return false;
  return response.header("retry-after") ||
         number_header(response, "x-ratelimit-remaining") == int64_t{0} ||
         ascii_lower(message_of(response)).find("rate limit") != std::string::npos;
}

// How long GitHub asks to wait. Its own clock counts, if it tells it.
nanoseconds limit_wait(const HttpResponse& response, Timestamp now) {
  constexpr int64_t seconds_max = 1'000'000'000;
  const auto server_now = parse_http_date(response.header("date").value_or(""));
  if (const auto asked = number_header(response, "retry-after")) {
    return seconds(std::min(*asked, seconds_max));
  }
  const auto reset = number_header(response, "x-ratelimit-reset");
  if (reset && number_header(response, "x-ratelimit-remaining") == int64_t{0}) {
    const Timestamp until{seconds(std::min(*reset, int64_t{4'000'000'000}))};
    return std::max<nanoseconds>(until - server_now.value_or(now), seconds(1));
  }
  return rate_limit_default;
}

// The address of the next page: <https://...?page=2>; rel="next". Empty: there is none.
// https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
std::string next_page(const HttpResponse& response) {
  for (const std::string& link : split(response.header("link").value_or(""), ',')) {
    const size_t begin = link.find('<');
    const size_t end = link.find('>');
    if (begin == std::string::npos || end == std::string::npos || end < begin) continue;
    if (link.find("rel=\"next\"", end) == std::string::npos) continue;
    return link.substr(begin + 1, end - begin - 1);
  }
  return "";
}

// "https://api.github.com/", where alone the token may go.
std::string origin_of(const std::string& url) {
  const size_t scheme = url.find("://");
  return scheme == std::string::npos ? url : url.substr(0, url.find('/', scheme + 3)) + "/";
}

GithubIssue parse_issue(const Json& item) {
  GithubIssue issue;
  const auto number = item.find("number");
  if (number == item.end() || !number->is_number_unsigned()) {
    throw Error(ErrorKind::service, "read GitHub's answer: an issue without a number");
  }
  issue.number = number->get<uint64_t>();
  issue.body = text_member(item, "body");  // null for an empty one
  issue.updated_at = text_member(item, "updated_at");
  return issue;
}

[[noreturn]] void refuse(const HttpRequest& asked, const HttpResponse& response) {
  const std::string text =
      format("{}: status {} ({})", asked.told_as, response.status, message_of(response));
  const auto gone = [&text](std::string hint) {
    TargetGone error(text);
    error.add_hint(std::move(hint));
    return error;
  };
  switch (response.status) {
    case 401:
      throw gone(
          "GitHub does not know the token, or it expired: make a fine-grained personal access "
          "token for this repository with the permission Issues: read and write.");
    case 403:
      throw gone(
          "The token may not do that: its repository permission Issues must be read and write, "
          "and the repository must not be archived.");
    case 404:
      throw gone(
          "No such repository for this token: look at the repository's name (owner/name), and "
          "whether the token was made for it, with the permission Issues: read and write.");
    case 410:
      throw gone("Turn issues on in the settings of the repository.");
    case 301:
    case 302:
    case 307:
    case 308:
      throw gone("The repository was renamed or moved: write its new name (owner/name).");
    default: {
      Error error(ErrorKind::service, text);
      if (is_transient_status(response.status)) throw std::move(error).transient();
      throw error;
    }
  }
}

// What concerns one issue that was listed a moment ago: the repository is there.
[[noreturn]] void refuse_issue(const HttpRequest& asked, const HttpResponse& response) {
  if (response.status != 404 && response.status != 410) refuse(asked, response);
  throw Error(ErrorKind::service, format("{}: the issue is gone", asked.told_as)).transient();
}

bool refuses_labels(const HttpResponse& response) {
  return response.status == 422 || response.status == 403;
}

}  // namespace

GithubApi::GithubApi(GithubTarget target, const NotifyWorld& world)
    : target_(std::move(target)), world_(world) {
  std::string& api = target_.api_url;
  while (api.ends_with('/')) api.pop_back();
  issues_url_ = format("{}/repos/{}/issues", api, percent_encode(target_.repo, "/"));
}

HttpRequest GithubApi::request(std::string_view method, const std::string& url,
                               std::string_view attempted, const Json* body) const {
  HttpRequest made{.method = std::string(method), .url = url};
  made.headers = {{"User-Agent", "lifeboat/" LIFEBOAT_VERSION},  // 403 without one
                  {"Accept", "application/vnd.github+json"},
                  {"X-GitHub-Api-Version", "2022-11-28"},
                  {"Authorization", format("Bearer {}", reveal(target_.token))}};
  if (body != nullptr) {
    made.headers.emplace_back("Content-Type", "application/json");
    made.body = print_json_line(*body);
  }
  made.timeout = world_.request_timeout;
  made.stop = world_.stop;
  made.told_as = format("{} of '{}' ({})", attempted, printable(target_.repo),
                        printable_origin(target_.api_url));
  return made;
}

std::optional<HttpResponse> GithubApi::send(const HttpRequest& asked,
                                            const std::function<bool()>& is_done) {
  NotifyWorld world = world_;
  const auto spent = std::chrono::ceil<seconds>(world.clock.steady_now() - begun_);
  world.wait_max = std::max(world.wait_max - spent, seconds(0));
  std::optional<HttpResponse> answer;
  bool may_be_done = false;
  try_again(world, [&] {
    if (may_be_done && is_done && is_done()) return answer.reset();
    may_be_done = true;
    // A connection of its own: a request that a kept one loses is repeated by libcurl itself, POST
    // or not, and nobody looks then whether it had its effect.
    answer = HttpClient({.body_max = response_bytes_max}).send(asked);
    if (is_rate_limited(*answer)) {
      may_be_done = false;
      const auto pause = std::max<nanoseconds>(limit_wait(*answer, world.clock.now()), seconds(1));
      throw RateLimited(format("{}: status {} ({}), to wait {}", asked.told_as, answer->status,
                               message_of(*answer), print_duration(pause)),
                        pause);
    }
    if (is_transient_status(answer->status)) refuse(asked, *answer);
  });
  return answer;
}

void GithubApi::each_page(std::string url, size_t pages_max,
                          const std::function<void(const Json&)>& take) {
  const std::string origin = origin_of(target_.api_url + "/");
  for (size_t page = 0; page < pages_max && !url.empty(); ++page) {
    const HttpRequest asked = request("GET", url, "list issues");
    const HttpResponse response = send(asked);
    if (response.status != 200) refuse(asked, response);
    const Json items = Json::parse(response.body, nullptr, false);
    if (!items.is_array()) throw Error(ErrorKind::service, "read GitHub's answer: no list");
    for (const Json& item : items) {
      if (item.is_object()) take(item);
    }
    url = next_page(response);
    if (!url.empty() && !url.starts_with(origin)) {
      throw Error(ErrorKind::service,
                  format("list issues: the next page lies elsewhere, at '{}'", printable_url(url)));
    }
  }
}

std::vector<GithubIssue> GithubApi::open_issues(const std::vector<std::string>& labels,
                                                size_t pages_max) {
  std::string url = issues_url_ + "?state=open&per_page=100";
  if (!labels.empty()) url += "&labels=" + percent_encode(format("{}", join(labels, ",")));
  std::vector<GithubIssue> issues;
  each_page(url, pages_max, [&issues](const Json& item) {
    if (!item.contains("pull_request")) issues.push_back(parse_issue(item));
  });
  return issues;
}

GithubIssue GithubApi::create(const std::string& title, const std::string& body,
                              const std::vector<std::string>& labels,
                              const std::function<std::optional<GithubIssue>()>& find) {
  std::optional<GithubIssue> found;
  const auto is_done = [&] {
    found = find();
    return found.has_value();
  };
  Json issue{{"title", title}, {"body", body}, {"labels", labels}};
  HttpRequest asked = request("POST", issues_url_, "file an issue", &issue);
  auto response = send(asked, is_done);
  if (response && refuses_labels(*response)) {
    issue.erase("labels");
    asked.body = print_json_line(issue);
    response = send(asked, is_done);
  }
  if (!response) return *found;
  if (response->status != 201) refuse(asked, *response);
  return parse_issue(parse_object(*response));
}

std::string GithubApi::issue_url(const GithubIssue& issue) const {
  return format("{}/{}", issues_url_, issue.number);
}

bool GithubApi::has_comment(const GithubIssue& issue, std::string_view mark) {
  constexpr size_t pages_max = 10;  // since the issue was listed, moments ago
  bool found = false;
  const std::string since =
      issue.updated_at.empty() ? "" : "&since=" + percent_encode(issue.updated_at);
  each_page(issue_url(issue) + "/comments?per_page=100" + since, pages_max,
            [&found, mark](const Json& item) {
              found = found || text_member(item, "body").find(mark) != std::string::npos;
            });
  return found;
}

void GithubApi::comment(const GithubIssue& issue, const std::string& text) {
  const std::string mark = format("<!-- lifeboat-comment:{} -->", random_hex(world_.random, 8));
  const Json body{{"body", text + "\n" + mark}};
  const HttpRequest asked = request("POST", issue_url(issue) + "/comments",
                                    format("comment on issue {}", issue.number), &body);
  const auto response = send(asked, [&] { return has_comment(issue, mark); });
  if (!response || response->status == 201) return;
  if (response->status == 403 && message_of(*response).find("locked") != std::string::npos) return;
  refuse_issue(asked, *response);
}

void GithubApi::change(const GithubIssue& issue, std::string_view attempted, const Json& change) {
  const HttpRequest asked =
      request("PATCH", issue_url(issue), format("{} issue {}", attempted, issue.number), &change);
  const HttpResponse response = send(asked);
  if (response.status != 200) refuse_issue(asked, response);
}

void GithubApi::edit_body(const GithubIssue& issue, const std::string& body) {
  change(issue, "edit", {{"body", body}});
}

void GithubApi::close(const GithubIssue& issue, std::string_view reason) {
  change(issue, "close", {{"state", "closed"}, {"state_reason", reason}});
}

}  // namespace lifeboat
