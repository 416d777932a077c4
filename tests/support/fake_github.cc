#include "support/fake_github.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/format.h"
#include "base/text.h"

namespace lifeboat::test {
namespace {

constexpr const char* docs_url = "https://docs.github.com/rest";
constexpr const char* some_time = "2026-05-07T02:00:00Z";
constexpr size_t title_characters_max = 256;
constexpr size_t body_characters_max = 65'536;
constexpr size_t label_characters_max = 50;

ServedResponse json_answer(int status, const Json& body) {
  return {.status = status,
          .headers = {{"Content-Type", "application/json; charset=utf-8"}},
          .body = print_json_line(body)};
}

ServedResponse refusal(int status, const std::string& message) {
  return json_answer(status, Json{{"message", message},
                                  {"documentation_url", docs_url},
                                  {"status", std::to_string(status)}});
}

ServedResponse invalid(const std::string& field, const std::string& code,
                       const std::string& message = "") {
  Json error{{"resource", "Issue"}, {"code", code}, {"field", field}};
  if (!message.empty()) error["message"] = message;
  return json_answer(422, Json{{"message", "Validation Failed"},
                               {"errors", Json::array({error})},
                               {"documentation_url", docs_url},
                               {"status", "422"}});
}

size_t characters(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  }));
}

std::optional<ServedResponse> title_fault(const Json& title) {
  if (!title.is_string()) return invalid("title", "invalid", "title is not a string");
  if (trim(title.get<std::string>()).empty()) return invalid("title", "missing_field");
  if (characters(title.get<std::string>()) <= title_characters_max) return std::nullopt;
  return invalid("title", "custom", "title is too long (maximum is 256 characters)");
}

std::optional<ServedResponse> body_fault(const Json& body) {
  if (!body.is_string()) return invalid("body", "invalid", "body is not a string");
  if (characters(body.get<std::string>()) <= body_characters_max) return std::nullopt;
  return invalid("body", "custom", "body is too long (maximum is 65536 characters)");
}

std::optional<ServedResponse> label_fault(const Json& labels) {
  if (!labels.is_array()) return invalid("labels", "invalid");
  for (const Json& label : labels) {
    if (!label.is_string() || trim(label.get<std::string>()).empty()) {
      return invalid("name", "missing_field");
    }
    if (characters(label.get<std::string>()) > label_characters_max) {
      return invalid("name", "custom", "name is too long (maximum is 50 characters)");
    }
  }
  return std::nullopt;
}

Json issue_json(const FakeIssue& issue, const std::string& repo) {
  Json labels = Json::array();
  for (const std::string& label : issue.labels) labels.push_back({{"name", label}});
  Json json{{"number", issue.number},
            {"title", issue.title},
            {"body", issue.body.empty() ? Json(nullptr) : Json(issue.body)},
            {"labels", labels},
            {"state", issue.open ? "open" : "closed"},
            {"state_reason", issue.state_reason.empty() ? Json(nullptr) : Json(issue.state_reason)},
            {"locked", issue.locked},
            {"comments", issue.comments.size()},
            {"created_at", some_time},
            {"updated_at", some_time},
            {"html_url", format("https://github.com/{}/issues/{}", repo, issue.number)}};
  if (issue.is_pull_request) json["pull_request"] = {{"url", "https://api.github.com/x"}};
  return json;
}

// Labels are compared without regard to case.
bool has_label(const FakeIssue& issue, const std::string& wanted) {
  return std::any_of(issue.labels.begin(), issue.labels.end(), [&](const std::string& label) {
    return ascii_lower(label) == ascii_lower(wanted);
  });
}

std::map<std::string, std::string> parse_query(const std::string& query) {
  std::map<std::string, std::string> parameters;
  if (query.empty()) return parameters;
  for (const std::string& part : split(query, '&')) {
    const size_t equals = std::min(part.find('='), part.size());
    const std::string value = equals < part.size() ? part.substr(equals + 1) : "";
    parameters[part.substr(0, equals)] = percent_decode(value).value_or("");
  }
  return parameters;
}

}  // namespace

struct FakeGithub::Call {
  std::string method;
  std::string path;
  std::map<std::string, std::string> query;
  Json body;

  std::string parameter(const std::string& name, const std::string& otherwise) const {
    const auto found = query.find(name);
    return found == query.end() ? otherwise : found->second;
  }
  size_t number(const std::string& name, size_t otherwise) const {
    const std::string text = parameter(name, std::to_string(otherwise));
    const bool digits = !text.empty() && text.size() < 10 &&
                        text.find_first_not_of("0123456789") == std::string::npos;
    return digits ? std::max<size_t>(1, std::stoul(text)) : otherwise;
  }
};

FakeGithub::FakeGithub(Options options, std::function<void(const Json&)> on_act)
    : options_(std::move(options)),
      on_act_(std::move(on_act)),
      server_([this](const ServedRequest& request) { return answer(request); }) {}

std::vector<FakeIssue> FakeGithub::issues() const {
  const std::lock_guard lock(mutex_);
  return issues_;
}

std::vector<std::string> FakeGithub::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::vector<std::string> FakeGithub::acts() const {
  const std::lock_guard lock(mutex_);
  return acts_;
}

uint64_t FakeGithub::add(FakeIssue issue) {
  const std::lock_guard lock(mutex_);
  issue.number = issues_.size() + 1;
  issues_.push_back(std::move(issue));
  return issues_.size();
}

void FakeGithub::fail_next(FakeGithubFault fault, int requests, std::string prefix) {
  const std::lock_guard lock(mutex_);
  for (int i = 0; i < requests; ++i) faults_.emplace_back(prefix, fault);
}

void FakeGithub::note(const std::string& act, const FakeIssue& issue, Json details) {
  acts_.push_back(format("{} {}", act, issue.number));
  if (!on_act_) return;
  Json line{{"act", act}, {"number", issue.number}, {"title", issue.title}};
  line.update(details);
  on_act_(line);
}

ServedResponse FakeGithub::answer(const ServedRequest& request) {
  const std::lock_guard lock(mutex_);
  const std::string asked = request.method + " " + request.target;
  requests_.push_back(asked);
  bool lose_answer = false;
  const auto fault = std::find_if(faults_.begin(), faults_.end(), [&asked](const auto& waiting) {
    return asked.starts_with(waiting.first);
  });
  if (fault != faults_.end()) {
    const FakeGithubFault met = fault->second;
    faults_.erase(fault);
    if (met.hang) return {.wire = ServedResponse::Wire::never_answer};
    if (!met.lose_answer) {
      ServedResponse told = refusal(met.status, met.message);
      told.headers.insert(told.headers.end(), met.headers.begin(), met.headers.end());
      return told;
    }
    lose_answer = true;
  }
  const auto header = [&request](const char* name) {
    const auto found = request.headers.find(name);
    return found == request.headers.end() ? std::string() : found->second;
  };
  if (header("user-agent").empty()) {
    return {.status = 403,
            .body =
                "Request forbidden by administrative rules. Please make sure your request has "
                "a User-Agent header"};
  }
  const std::string version = header("x-github-api-version");
  if (version != "2022-11-28") return refusal(400, "Unsupported 'X-GitHub-Api-Version'");
  if (header("accept") != "application/vnd.github+json") {
    return refusal(415, "Unsupported 'Accept' header");
  }
  const std::string authorization = header("authorization");
  if (authorization.empty()) {
    return request.method == "GET" ? refusal(404, "Not Found")
                                   : refusal(401, "Requires authentication");
  }
  if (authorization != "Bearer " + options_.token) return refusal(401, "Bad credentials");
  Call call{.method = request.method, .path = "", .query = {}, .body = Json::object()};
  const size_t question = std::min(request.target.find('?'), request.target.size());
  call.path = request.target.substr(0, question);
  if (question < request.target.size()) {
    call.query = parse_query(request.target.substr(question + 1));
  }
  if (!request.body.empty()) {
    call.body = Json::parse(request.body, nullptr, false);
    if (call.body.is_discarded()) return refusal(400, "Problems parsing JSON");
    if (!call.body.is_object()) return refusal(400, "Body should be a JSON object");
  }
  ServedResponse made = answer_call(call);
  if (lose_answer) made.wire = ServedResponse::Wire::drop_before;
  return made;
}

ServedResponse FakeGithub::answer_call(const Call& call) {
  // The addresses of next pages name the repository by number.
  std::string rest = "/";
  for (const std::string& root : {"/repos/" + options_.repo, std::string("/repositories/1")}) {
    if (call.path.starts_with(root + "/issues")) rest = call.path.substr(root.size() + 7);
  }
  if (rest.ends_with('/')) return refusal(404, "Not Found");
  if (issues_off_) return refusal(410, "Issues are disabled for this repo");
  const bool writes = call.method == "POST" || call.method == "PATCH";
  if (!writes && call.method != "GET") return refusal(404, "Not Found");
  if (writes && read_only_) return refusal(403, "Resource not accessible by personal access token");
  if (rest.empty()) {
    if (call.method == "GET") return list_issues(call);
    return call.method == "POST" ? create_issue(call.body) : refusal(404, "Not Found");
  }
  const std::vector<std::string> parts = split(rest, '/');
  FakeIssue* const issue = parts.size() >= 2 ? find_issue(parts[1]) : nullptr;
  if (issue == nullptr) return refusal(404, "Not Found");
  if (parts.size() == 2 && call.method == "GET") {
    return json_answer(200, issue_json(*issue, options_.repo));
  }
  if (parts.size() == 2 && call.method == "PATCH") return change_issue(*issue, call.body);
  if (parts.size() == 3 && parts[2] == "comments") {
    if (call.method == "GET") return list_comments(call, *issue);
    if (call.method == "POST") return create_comment(*issue, call.body);
  }
  return refusal(404, "Not Found");
}

FakeIssue* FakeGithub::find_issue(const std::string& number) {
  const auto found = std::find_if(issues_.begin(), issues_.end(), [&](const FakeIssue& issue) {
    return std::to_string(issue.number) == number;
  });
  return found == issues_.end() ? nullptr : &*found;
}

ServedResponse FakeGithub::list_issues(const Call& call) {
  const std::string state = call.parameter("state", "open");
  if (state != "open" && state != "closed" && state != "all") return invalid("state", "invalid");
  const std::string labels = call.parameter("labels", "");
  Json items = Json::array();
  for (auto issue = issues_.rbegin(); issue != issues_.rend(); ++issue) {  // the newest first
    if (state != "all" && issue->open != (state == "open")) continue;
    bool all = true;
    for (const std::string& label : split(labels, ',')) {
      all = all && (labels.empty() || has_label(*issue, label));
    }
    if (all) items.push_back(issue_json(*issue, options_.repo));
  }
  return page_of(call, items);
}

ServedResponse FakeGithub::list_comments(const Call& call, const FakeIssue& issue) {
  Json items = Json::array();
  for (size_t i = 0; i < issue.comments.size(); ++i) {
    items.push_back({{"id", issue.number * 1000 + i}, {"body", issue.comments[i]}});
  }
  return page_of(call, items);
}

ServedResponse FakeGithub::page_of(const Call& call, const Json& items) {
  const size_t size = std::min({call.number("per_page", 30), page_max_, size_t{100}});
  const size_t page = call.number("page", 1);
  const size_t begin = std::min((page - 1) * size, items.size());
  const size_t end = std::min(begin + size, items.size());
  Json part = Json::array();
  for (size_t i = begin; i < end; ++i) part.push_back(items[i]);
  ServedResponse made = json_answer(200, part);
  std::string query;
  for (const auto& [name, value] : call.query) {
    if (name != "page") query += format("{}={}&", name, percent_encode(value));
  }
  const size_t issues_at = call.path.find("/issues");
  const std::string address =
      format("{}/repositories/1{}?{}page=", server_.url(), call.path.substr(issues_at), query);
  std::string link;
  if (page > 1) link = format("<{}{}>; rel=\"prev\"", address, page - 1);
  if (end < items.size()) {
    link += format("{}<{}{}>; rel=\"next\", <{}{}>; rel=\"last\"", link.empty() ? "" : ", ",
                   address, page + 1, address, (items.size() + size - 1) / size);
  }
  if (!link.empty()) made.headers.emplace_back("Link", link);
  return made;
}

ServedResponse FakeGithub::create_issue(const Json& body) {
  if (!body.contains("title")) return invalid("title", "missing_field");
  if (const auto fault = title_fault(body["title"])) return *fault;
  if (body.contains("body")) {
    if (const auto fault = body_fault(body["body"])) return *fault;
  }
  FakeIssue issue;
  if (body.contains("labels") && !body["labels"].empty()) {
    if (labels_ == Labels::refused) {
      return refusal(403, "You do not have permission to create labels on this repository.");
    }
    if (labels_ == Labels::invalid) return invalid("name", "invalid");
    if (const auto fault = label_fault(body["labels"])) return *fault;
    if (labels_ == Labels::created) issue.labels = body["labels"];
  }
  issue.number = issues_.size() + 1;
  issue.title = body["title"];
  issue.body = body.value("body", "");
  issues_.push_back(issue);
  note("open", issue, {{"body", issue.body}, {"labels", issue.labels}});
  ServedResponse made = json_answer(201, issue_json(issue, options_.repo));
  made.headers.emplace_back(
      "Location", format("{}/repos/{}/issues/{}", server_.url(), options_.repo, issue.number));
  return made;
}

ServedResponse FakeGithub::create_comment(FakeIssue& issue, const Json& body) {
  if (issue.locked) {
    return refusal(403, "Unable to create comment because issue is locked.");
  }
  if (!body.contains("body")) return invalid("body", "missing_field");
  if (const auto fault = body_fault(body["body"])) return *fault;
  const std::string text = body["body"];
  if (trim(text).empty()) return invalid("body", "custom", "body can't be blank");
  issue.comments.push_back(text);
  note("comment", issue, {{"body", text}});
  return json_answer(201, {{"id", issue.number * 1000 + issue.comments.size()}, {"body", text}});
}

ServedResponse FakeGithub::change_issue(FakeIssue& issue, const Json& body) {
  static const std::set<std::string> reasons{"completed", "not_planned", "reopened", "duplicate"};
  if (body.contains("title")) {
    if (const auto fault = title_fault(body["title"])) return *fault;
  }
  if (body.contains("body")) {
    if (const auto fault = body_fault(body["body"])) return *fault;
  }
  const std::string state = body.value("state", issue.open ? "open" : "closed");
  if (state != "open" && state != "closed") return invalid("state", "invalid");
  const std::string reason = body.value("state_reason", "");
  if (!reason.empty() && !reasons.contains(reason)) return invalid("state_reason", "invalid");
  if (body.contains("title")) issue.title = body["title"];
  if (body.contains("body")) {
    issue.body = body["body"];
    note("edit", issue, {{"body", issue.body}});
  }
  if (issue.open != (state == "open")) {
    issue.open = state == "open";
    issue.state_reason = reason;
    note(issue.open ? "reopen" : "close", issue, {{"state_reason", reason}});
  }
  return json_answer(200, issue_json(issue, options_.repo));
}

}  // namespace lifeboat::test
