#include "support/fake_waha.h"

#include <utility>

#include "base/format.h"
#include "base/json.h"
#include "base/text.h"

namespace lifeboat::test {
namespace {

ServedResponse told(int status, const std::string& message) {
  return {.status = status,
          .headers = {{"Content-Type", "application/json"}},
          .body = print_json_line(Json{{"message", message}, {"statusCode", status}})};
}

}  // namespace

FakeWaha::FakeWaha(std::map<std::string, std::string> sessions, std::string api_key)
    : sessions_(std::move(sessions)),
      api_key_(std::move(api_key)),
      server_([this](const ServedRequest& request) { return answer(request); }) {}

std::string FakeWaha::status(const std::string& session) const {
  const std::lock_guard lock(mutex_);
  return sessions_.at(session);
}

void FakeWaha::set_status(const std::string& session, const std::string& status) {
  const std::lock_guard lock(mutex_);
  sessions_[session] = status;
}

std::vector<std::string> FakeWaha::acts() const {
  const std::lock_guard lock(mutex_);
  return acts_;
}

void FakeWaha::fail(const std::string& prefix, int status) {
  const std::lock_guard lock(mutex_);
  failures_[prefix] = status;
}

ServedResponse FakeWaha::answer(const ServedRequest& request) {
  const std::lock_guard lock(mutex_);
  const std::string asked = request.method + " " + request.target;
  if (request.method != "GET") acts_.push_back(asked);
  const auto key = request.headers.find("x-api-key");
  if (key == request.headers.end() || key->second != api_key_) return told(401, "Unauthorized");
  for (const auto& [prefix, status] : failures_) {
    if (status != 0 && asked.starts_with(prefix)) return told(status, "told to fail");
  }
  if (asked == "GET /api/sessions?all=true") return list(true);
  if (asked == "GET /api/sessions") return list(false);
  const std::vector<std::string> parts = split(request.target, '/');
  const bool is_act = request.method == "POST" && parts.size() == 5 && parts[1] == "api" &&
                      parts[2] == "sessions" && (parts[4] == "stop" || parts[4] == "start");
  if (!is_act) return told(request.method == "GET" ? 404 : 405, "Cannot " + asked);
  return act(percent_decode(parts[3]).value_or(""), parts[4]);
}

ServedResponse FakeWaha::list(bool all) {
  Json list = Json::array();
  for (auto& [name, status] : sessions_) {
    if (stopping_.contains(name) && stopping_[name]-- == 0) {
      stopping_.erase(name);
      status = "STOPPED";
    }
    if (!all && status == "STOPPED") continue;
    list.push_back({{"name", name}, {"status", status}, {"config", Json::object()}});
  }
  return {.headers = {{"Content-Type", "application/json"}}, .body = print_json_line(list)};
}

ServedResponse FakeWaha::act(const std::string& session, const std::string& verb) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return told(404, "Session not found");
  std::string& status = found->second;
  if (verb == "start" && status != "STOPPED") return told(422, "Session is already started");
  if (verb == "start") {
    status = "WORKING";
  } else if (lists_until_stopped_ > 0) {
    stopping_[session] = lists_until_stopped_;
  } else {
    status = "STOPPED";
  }
  return {.status = 201,
          .headers = {{"Content-Type", "application/json"}},
          .body = print_json_line(Json{{"name", session}, {"status", status}})};
}

}  // namespace lifeboat::test
