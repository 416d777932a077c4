#include "recipe/grafana/api.h"

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "crypto/base64.h"

namespace lifeboat {
namespace {

constexpr int tries_max = 3;
constexpr std::chrono::seconds pause_between_tries{2};
constexpr int pages_max = 100'000;
constexpr size_t listed_max = 1'000'000;           // things of one list
constexpr std::chrono::minutes list_time_max{30};  // of all its pages
constexpr size_t message_bytes_max = 300;

// What Grafana says of a refusal; never more than a line of it.
std::string message_of(const std::string& body) {
  const Json parsed = Json::parse(body, nullptr, false);
  std::string told = parsed.is_object() ? grafana_text_or_empty(parsed, "message") : "";
  if (told.size() > message_bytes_max) told.resize(message_bytes_max);
  return told.empty() ? "" : format(": {}", printable(told));
}

bool is_among(std::initializer_list<int> expected, int status) {
  return std::find(expected.begin(), expected.end(), status) != expected.end();
}

std::string basic_credentials(const GrafanaAccess& access) {
  Secret pair(access.user.size() + 1 + access.password->size());
  auto target = std::copy_n(as_bytes(access.user).begin(), access.user.size(), pair.span().begin());
  *target++ = static_cast<std::byte>(':');
  std::copy_n(access.password->view().begin(), access.password->size(), target);
  return "Basic " + base64_encode_standard(pair.view());
}

}  // namespace

std::vector<OptionSpec> grafana_access_options() {
  return {{"url", OptionType::text, false, "where Grafana answers, for the export by its API"},
          {"token", OptionType::secret, false,
           "the token of a service account with the role Admin; sees its own organization"},
          {"user", OptionType::text, false,
           "a server admin's login, instead of a token; sees all organizations"},
          {"password", OptionType::secret, false, "that user's password"}};
}

GrafanaAccess grafana_access(const Settings& settings) {
  GrafanaAccess access{settings.text("url"), settings.secret("token"), settings.text("user"),
                       settings.secret("password")};
  while (access.url.ends_with('/')) access.url.pop_back();
  if (access.token && access.token->empty()) access.token = nullptr;
  const bool has_user = !access.user.empty() && access.password && !access.password->empty();
  if (access.url.empty()) {
    throw Error(ErrorKind::service, "ask Grafana: 'url' is not set");
  }
  if ((access.token != nullptr) == has_user) {
    throw Error(ErrorKind::service,
                has_user ? "ask Grafana: both 'token' and 'user' are set"
                         : "ask Grafana: neither 'token' nor 'user' and 'password' are set")
        .hint(
            "Make a service account with the role Admin in Grafana under Administration, and set "
            "'token' to its token; or set 'user' and 'password' of a server admin, which covers "
            "all organizations.");
  }
  return access;
}

GrafanaApi::GrafanaApi(GrafanaAccess access, RecipeContext& context)
    : GrafanaApi(std::move(access), context, HttpClient([&] {
                   HttpOptions options;
                   options.stop = context.stop;
                   return options;
                 }())) {}

GrafanaApi::GrafanaApi(GrafanaAccess access, RecipeContext& context, HttpClient client)
    : access_(std::move(access)), context_(context), client_(std::move(client)) {}

HttpRequest GrafanaApi::request_for(const std::string& method, const std::string& path) const {
  HttpRequest request;
  request.method = method;
  request.url = access_.url + path;
  request.headers = {{"Accept", "application/json"}};
  if (access_.token) {
    request.headers.emplace_back("Authorization", "Bearer " + std::string(access_.token->reveal()));
  } else if (access_.password) {
    request.headers.emplace_back("Authorization", basic_credentials(access_));
  }
  if (org_id_ != 0) request.headers.emplace_back("X-Grafana-Org-Id", format("{}", org_id_));
  return request;
}

void GrafanaApi::fail(const HttpRequest& request, const HttpResponse& response) {
  Error error(ErrorKind::service,
              format("{} {}: Grafana answers {}{}", request.method, printable_url(request.url),
                     response.status, message_of(response.body)));
  if (response.status == 401) {
    error.add_hint(
        "Set 'token' to a service account's token that has not expired, or 'user' and 'password' "
        "to a user who can log in with a password.");
  } else if (response.status == 403) {
    error.add_hint("The service account or user needs the role Admin in the organization.");
  } else if (response.status == 404) {
    error.add_hint(
        "Does 'url' lead to Grafana itself, with the sub-path it is served under, if any?");
  }
  throw error;
}

// A GET is asked again if the server is tired or the connection broke.
HttpResponse GrafanaApi::exchange(const HttpRequest& request) {
  for (int attempt = 1;; ++attempt) {
    const bool is_last = attempt == tries_max || request.method != "GET";
    try {
      HttpResponse response = client_.send(request);
      if (is_last || !is_transient_status(response.status)) return response;
    } catch (const Error& error) {
      if (is_last || !error.is_transient()) throw;
    }
    context_.clock.sleep(pause_between_tries * attempt, context_.stop);
  }
}

GrafanaAnswer GrafanaApi::ask(const std::string& path, std::initializer_list<int> expected) {
  const HttpRequest request = request_for("GET", path);
  const HttpResponse response = exchange(request);
  if (is_among(expected, response.status)) {
    Json told = Json::parse(response.body, nullptr, false);
    return {response.status, told.is_discarded() ? Json() : std::move(told)};
  }
  if (response.status != 200) fail(request, response);
  return {200, parse_json(response.body,
                          format("Grafana's answer to GET {}", printable_url(request.url)))};
}

Json GrafanaApi::get(const std::string& path) { return ask(path, {}).value; }

GrafanaAnswer GrafanaApi::send(const std::string& method, const std::string& path, const Json& body,
                               std::initializer_list<int> expected, bool disables_provenance) {
  HttpRequest request = request_for(method, path);
  request.headers.emplace_back("Content-Type", "application/json");
  if (disables_provenance) request.headers.emplace_back("X-Disable-Provenance", "true");
  request.body = print_json_line(body);
  const HttpResponse response = exchange(request);
  if (is_among(expected, response.status)) return {response.status, nullptr};
  if (response.status < 200 || response.status > 299) fail(request, response);
  GrafanaAnswer answer{response.status, Json::parse(response.body, nullptr, false)};
  if (answer.value.is_discarded()) answer.value = nullptr;
  return answer;
}

GrafanaList GrafanaApi::list(const std::string& path, const std::string& key,
                             const std::function<const Json&(const Json&)>& things) {
  GrafanaList found;
  const auto begin = context_.clock.steady_now();
  const char joint = path.find('?') == std::string::npos ? '?' : '&';
  for (int page = 1; page <= pages_max; ++page) {
    const Json answer = get(format("{}{}page={}", path, joint, page));
    const Json& all = things ? things(answer) : answer;
    if (!all.is_array()) {
      throw Error(ErrorKind::service,
                  format("GET {}: the answer is not a list", printable_url(access_.url + path)));
    }
    const size_t before = found.size();
    for (const Json& one : all) found.emplace(grafana_text(one, key, "a list of Grafana"), one);
    if (found.size() == before) return found;
    if (found.size() > listed_max || context_.clock.steady_now() - begin > list_time_max) break;
  }
  throw Error(ErrorKind::service,
              format("GET {}: its pages never end", printable_url(access_.url + path)));
}

std::vector<GrafanaOrg> GrafanaApi::orgs(bool& is_all) {
  const auto read = [](const Json& org) {
    return GrafanaOrg{grafana_number(org, "id", "an organization"),
                      grafana_text(org, "name", "an organization")};
  };
  is_all = false;
  if (is_user()) {
    std::map<int64_t, GrafanaOrg> found;
    for (int page = 0; page < pages_max; ++page) {  // here pages count from 0
      const GrafanaAnswer answer = ask(format("/api/orgs?perpage=1000&page={}", page), {403});
      if (answer.status == 403) break;
      is_all = true;
      const size_t before = found.size();
      for (const Json& one : answer.value) {
        const GrafanaOrg org = read(one);
        found.emplace(org.id, org);
      }
      if (found.size() == before) break;
    }
    if (is_all) {
      std::vector<GrafanaOrg> all;
      for (auto& [id, org] : found) all.push_back(org);
      return all;
    }
  }
  return {read(get("/api/org"))};
}

std::string GrafanaApi::version() {
  const Json health = get("/api/health");
  return health.is_object() ? printable(grafana_text_or_empty(health, "version")) : "";
}

std::string grafana_resources(const std::string& version, int64_t org_id) {
  return format("/apis/dashboard.grafana.app/{}/namespaces/{}/dashboards", percent_encode(version),
                org_id == 1 ? "default" : format("org-{}", org_id));
}

std::string grafana_text(const Json& object, const std::string& name, std::string_view what) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  if (!object.is_object() || found == object.end() || !found->is_string()) {
    throw Error(ErrorKind::service, format("read {}: something in it has no '{}'", what, name));
  }
  return found->get<std::string>();
}

std::string grafana_text_or_empty(const Json& object, const std::string& name) {
  if (!object.is_object()) return "";
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

int64_t grafana_number(const Json& object, const std::string& name, std::string_view what) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  if (!object.is_object() || found == object.end() || !found->is_number_integer()) {
    throw Error(ErrorKind::service, format("read {}: something in it has no '{}'", what, name));
  }
  return found->get<int64_t>();
}

const Json& grafana_items(const Json& object, const std::string& name) {
  static const Json none = Json::array();
  if (!object.is_object()) return none;
  const auto found = object.find(name);
  return found != object.end() && found->is_array() ? *found : none;
}

}  // namespace lifeboat
