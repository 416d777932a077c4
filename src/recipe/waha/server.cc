#include "recipe/waha/server.h"

#include "base/error.h"
#include "base/format.h"
#include "base/json.h"
#include "base/text.h"

namespace lifeboat {
namespace {

constexpr uint64_t body_bytes_max = 4 * 1024 * 1024;
constexpr std::chrono::seconds timeout{15};
// Stopping ends a browser, with the engine WEBJS.
constexpr std::chrono::seconds act_timeout{60};

std::vector<WahaServerSession> sessions_from(const std::string& body) {
  try {
    const Json list = parse_json(body, "the list");
    std::vector<WahaServerSession> sessions;
    for (const Json& one : list) {
      sessions.push_back({one.at("name").get<std::string>(), one.at("status").get<std::string>()});
    }
    if (list.is_array()) return sessions;
  } catch (const Error&) {
    // The parsers quote what they read, and a session's configuration may hold keys.
  } catch (const Json::exception&) {
  }
  throw Error(ErrorKind::service, "the answer is not a list of sessions");
}

Error refused(int status) {
  return Error(ErrorKind::service, format("the server answers {}", status))
      .hint(status == 401 || status == 403 ? "Give the key of the server as 'api_key'."
                                           : "Check that 'url' is WAHA's own address.");
}

}  // namespace

WahaServer::WahaServer(const Service& service, StopToken stop)
    : url_(service.settings.text("url")),
      api_key_(service.settings.secret("api_key")),
      stop_(std::move(stop)) {
  ensure(!url_.empty(), "a WAHA server is asked only where its address is given");
  while (url_.ends_with('/')) url_.pop_back();
}

HttpResponse WahaServer::ask(const std::string& method, const std::string& path,
                             const StopToken& stop) {
  HttpRequest request;
  request.method = method;
  request.url = url_ + path;
  request.timeout = method == "GET" ? timeout : act_timeout;
  if (api_key_) request.headers.emplace_back("X-Api-Key", api_key_->reveal());
  HttpClient client({.body_max = body_bytes_max, .connect_timeout = timeout, .stop = stop});
  return client.send(request);
}

std::vector<WahaServerSession> WahaServer::sessions() {
  return with_context([&] { return format("list the sessions of {}", printable_url(url_)); },
                      [&] {
                        const HttpResponse response = ask("GET", "/api/sessions?all=true", stop_);
                        if (response.status != 200) throw refused(response.status);
                        return sessions_from(response.body);
                      });
}

void WahaServer::act(const std::string& name, const char* verb, const StopToken& stop) {
  with_context(
      [&] { return format("{} session '{}' of {}", verb, printable(name), printable_url(url_)); },
      [&] {
        const std::string path = format("/api/sessions/{}/{}", percent_encode(name), verb);
        const int status = ask("POST", path, stop).status;
        if (status < 200 || status > 299) throw refused(status);
      });
}

void WahaServer::stop_session(const std::string& name) { act(name, "stop", stop_); }
void WahaServer::start_session(const std::string& name) { act(name, "start", {}); }

}  // namespace lifeboat
