#include "recipe/waha/server.h"

#include "base/error.h"
#include "base/format.h"
#include "base/json.h"
#include "http/client.h"

namespace lifeboat {
namespace {

constexpr uint64_t body_bytes_max = 4 * 1024 * 1024;
constexpr std::chrono::seconds timeout{15};

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

}  // namespace

std::vector<WahaServerSession> list_server_sessions(const std::string& url, const Secret* api_key,
                                                    const StopToken& stop) {
  HttpRequest request;
  request.url = url + (url.ends_with('/') ? "" : "/") + "api/sessions?all=true";
  request.timeout = timeout;
  if (api_key != nullptr) request.headers.emplace_back("X-Api-Key", api_key->reveal());
  return with_context(
      [&] { return format("list the sessions of {}", printable_url(url)); },
      [&] {
        HttpClient client({.body_max = body_bytes_max, .connect_timeout = timeout, .stop = stop});
        const HttpResponse response = client.send(request);
        if (response.status == 200) return sessions_from(response.body);
        throw Error(ErrorKind::service, format("the server answers {}", response.status))
            .hint(response.status == 401 ? "Give the key of the server as 'api_key'."
                                         : "Check that 'url' is WAHA's own address.");
      });
}

}  // namespace lifeboat
