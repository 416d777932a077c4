#include "support/fake_discord.h"

#include <initializer_list>
#include <optional>
#include <set>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/format.h"
#include "base/text.h"

namespace lifeboat::test {
namespace {

ServedResponse told(int status, const Json& body) {
  return {.status = status,
          .headers = {{"Content-Type", "application/json"}},
          .body = print_json_line(body)};
}

size_t count_units(const std::string& utf8) {
  size_t units = 0;
  for (const char letter : utf8) {
    const auto byte = static_cast<unsigned char>(letter);
    if ((byte & 0xC0) != 0x80) units += byte >= 0xF0 ? 2 : 1;
  }
  return units;
}

// The first fault of a message, as Discord words it.
struct Fault {
  Json body;
};

[[noreturn]] void refuse(const std::vector<std::string>& path, const std::string& code,
                         const std::string& message) {
  Json errors{{"_errors", Json::array({Json{{"code", code}, {"message", message}}})}};
  for (auto name = path.rbegin(); name != path.rend(); ++name) errors = Json{{*name, errors}};
  throw Fault{Json{{"message", "Invalid Form Body"}, {"code", 50035}, {"errors", errors}}};
}

// A member of `object`, or null. Throws unless it has one of `types`.
const Json* member(const Json& object, const std::string& name, Json::value_t type,
                   std::vector<std::string> path) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return nullptr;
  path.push_back(name);
  if (found->type() != type) refuse(path, "BASE_TYPE_BAD_TYPE", "Wrong type.");
  return &*found;
}

// The units of a text, 0 without one.
size_t text_units(const Json& object, const std::string& name, size_t units_max,
                  std::vector<std::string> path, bool is_required = false) {
  const Json* const text = member(object, name, Json::value_t::string, path);
  path.push_back(name);
  const std::string value = text == nullptr ? "" : text->get<std::string>();
  if (is_required && trim(value).empty()) {
    refuse(path, "BASE_TYPE_REQUIRED", "This field is required");
  }
  const size_t units = count_units(value);
  if (units > units_max) {
    refuse(path, "BASE_TYPE_MAX_LENGTH", format("Must be {} or fewer in length.", units_max));
  }
  return units;
}

const Json* list(const Json& object, const std::string& name, size_t count_max,
                 std::vector<std::string> path) {
  const Json* const found = member(object, name, Json::value_t::array, path);
  if (found == nullptr) return nullptr;
  path.push_back(name);
  if (found->size() > count_max) {
    refuse(path, "BASE_TYPE_MAX_LENGTH", format("Must be {} or fewer in length.", count_max));
  }
  for (const Json& item : *found) {
    if (!item.is_object()) refuse(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used.");
  }
  return found;
}

size_t fields_units(const Json& embed, std::vector<std::string> path) {
  const Json* const fields = list(embed, "fields", 25, path);
  if (fields == nullptr) return 0;
  path.push_back("fields");
  size_t units = 0;
  for (size_t at = 0; at < fields->size(); ++at) {
    std::vector<std::string> here = path;
    here.push_back(std::to_string(at));
    const Json& field = (*fields)[at];
    units += text_units(field, "name", 256, here, true);
    units += text_units(field, "value", 1024, here, true);
    member(field, "inline", Json::value_t::boolean, here);
  }
  return units;
}

size_t embed_units(const Json& embed, const std::vector<std::string>& path) {
  size_t units = text_units(embed, "title", 256, path);
  units += text_units(embed, "description", 4096, path);
  units += fields_units(embed, path);
  if (units == 0) refuse(path, "BASE_TYPE_REQUIRED", "This field is required");
  if (const Json* const footer = member(embed, "footer", Json::value_t::object, path)) {
    units += text_units(*footer, "text", 2048, path, true);
  }
  if (const Json* const author = member(embed, "author", Json::value_t::object, path)) {
    units += text_units(*author, "name", 256, path, true);
  }
  if (const auto color = embed.find("color"); color != embed.end() && !color->is_null()) {
    const bool is_color = color->is_number_integer() && *color >= 0 && *color <= 0xFFFFFF;
    if (!is_color) refuse(path, "NUMBER_TYPE_MAX", "int value should be at most 16777215.");
  }
  if (const Json* const time = member(embed, "timestamp", Json::value_t::string, path)) {
    try {
      parse_time(time->get<std::string>());
    } catch (const Error&) {
      refuse(path, "DATE_TIME_TYPE_PARSE", "Could not parse. Should be ISO8601.");
    }
  }
  return units;
}

void check_mentions(const Json& message, bool may_be_missing) {
  const Json* const mentions = member(message, "allowed_mentions", Json::value_t::object, {});
  if (mentions == nullptr && may_be_missing) return;
  if (mentions == nullptr || *mentions != Json{{"parse", Json::array()}}) {
    refuse({"allowed_mentions"}, "FAKE_DISCORD", "mentions must be off");
  }
}

void check_message(const Json& message) {
  if (!message.is_object()) {
    throw Fault{Json{{"message", "The request body contains invalid JSON."}, {"code", 50109}}};
  }
  const size_t content = text_units(message, "content", 2000, {});
  const Json* const embeds = list(message, "embeds", 10, {});
  size_t units = 0;
  for (size_t at = 0; embeds != nullptr && at < embeds->size(); ++at) {
    units += embed_units((*embeds)[at], {"embeds", std::to_string(at)});
  }
  if (units > 6000) {
    refuse({"embeds"}, "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000");
  }
  if (content == 0 && units == 0) {
    throw Fault{Json{{"message", "Cannot send an empty message"}, {"code", 50006}}};
  }
}

std::string header(const ServedRequest& request, const std::string& name) {
  const auto found = request.headers.find(name);
  return found == request.headers.end() ? "" : found->second;
}

ServedResponse trouble_of(int status, double retry_after) {
  if (status == 0) return {.wire = ServedResponse::Wire::never_answer};
  if (status == 429) {
    ServedResponse limited = told(429, {{"message", "You are being rate limited."},
                                        {"retry_after", retry_after},
                                        {"global", false}});
    limited.headers.emplace_back("Retry-After", std::to_string(static_cast<int>(retry_after) + 1));
    return limited;
  }
  if (status == 404) return told(404, {{"message", "Unknown Webhook"}, {"code", 10015}});
  if (status == 401) return told(401, {{"message", "Invalid Webhook Token"}, {"code", 50027}});
  return told(status, {{"message", format("{}: told to fail", status)}, {"code", 0}});
}

}  // namespace

FakeDiscord::FakeDiscord(std::string token, Witness accepted, Witness refused)
    : webhook_path_("/api/webhooks/1/" + token),
      accepted_(std::move(accepted)),
      refused_(std::move(refused)),
      server_([this](const ServedRequest& request) { return answer(request); }) {}

std::vector<Json> FakeDiscord::messages() const {
  const std::lock_guard lock(mutex_);
  return messages_;
}

void FakeDiscord::fail_next(int times, int status, double retry_after_seconds) {
  const std::lock_guard lock(mutex_);
  for (int time = 0; time < times; ++time) troubles_.push_back({status, retry_after_seconds});
}

ServedResponse FakeDiscord::answer(const ServedRequest& request) {
  const std::lock_guard lock(mutex_);
  Json seen{{"method", request.method}, {"target", request.target}, {"body", request.body}};
  ServedResponse response;
  const std::string path = request.target.substr(0, request.target.find('?'));
  const std::string query =
      path.size() < request.target.size() ? request.target.substr(path.size() + 1) : "";
  if (!troubles_.empty()) {
    response = trouble_of(troubles_.front().status, troubles_.front().retry_after);
    troubles_.pop_front();
  } else if (path.starts_with("/hook") || path.starts_with("/ping")) {
    if (header(request, "content-type") == "application/json") {
      seen["body"] = Json::parse(request.body, nullptr, false);
    }
    response = {.body = "OK"};
  } else if (path.starts_with("/api/webhooks/1/") && path != webhook_path_) {
    response = trouble_of(401, 0);
  } else if (path != webhook_path_) {
    response = trouble_of(404, 0);
  } else {
    response = execute(request, query, seen);
  }
  const bool is_accepted =
      response.status / 100 == 2 && response.wire == ServedResponse::Wire::normal;
  if (const Witness& witness = is_accepted ? accepted_ : refused_) {
    if (!is_accepted) seen["answer"] = response.body;
    witness(seen);
  }
  return response;
}

ServedResponse FakeDiscord::execute(const ServedRequest& request, const std::string& query,
                                    Json& seen) {
  if (request.method != "POST") {
    return told(405, {{"message", "405: Method Not Allowed"}, {"code", 0}});
  }
  if (!header(request, "content-type").starts_with("application/json")) {
    return told(400, {{"message", "Cannot send an empty message"}, {"code", 50006}});
  }
  const Json message = Json::parse(request.body, nullptr, false);
  try {
    check_message(message);
    check_mentions(message, header(request, "user-agent").starts_with("Alertmanager/"));
  } catch (const Fault& fault) {
    return told(400, fault.body);
  }
  seen["body"] = message;
  messages_.push_back(message);
  const std::vector<std::string> asked = split(query, '&');
  if (std::set<std::string>(asked.begin(), asked.end()).contains("wait=true")) {
    return told(200, {{"id", "1"}, {"channel_id", "2"}});
  }
  return {.status = 204};
}

}  // namespace lifeboat::test
