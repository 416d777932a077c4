#include "support/fake_grafana.h"

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "support/fake_grafana_parts.h"

namespace lifeboat::test {
namespace {

// Standard base64 of "admin:fake-admin-password".
constexpr const char* basic_admin = "Basic YWRtaW46ZmFrZS1hZG1pbi1wYXNzd29yZA==";

std::map<std::string, std::string> parse_query(const std::string& text) {
  std::map<std::string, std::string> query;
  for (const std::string& pair : split(text, '&')) {
    const size_t equals = pair.find('=');
    if (equals == std::string::npos) continue;
    query[pair.substr(0, equals)] = percent_decode(pair.substr(equals + 1)).value_or("");
  }
  return query;
}

// What stands for ':' if `path` is of `pattern`.
std::optional<std::vector<std::string>> match(const std::string& pattern, const std::string& path) {
  const std::vector<std::string> wanted = split(pattern, '/');
  const std::vector<std::string> given = split(path, '/');
  if (wanted.size() != given.size()) return std::nullopt;
  std::vector<std::string> args;
  for (size_t at = 0; at < wanted.size(); ++at) {
    if (wanted[at] == ":") {
      args.push_back(percent_decode(given[at]).value_or(""));
    } else if (wanted[at] != given[at]) {
      return std::nullopt;
    }
  }
  return args;
}

}  // namespace

int64_t GrafanaCall::number(const std::string& name, int64_t fallback) const {
  const auto found = query.find(name);
  return found == query.end() ? fallback : std::stoll(found->second);
}

GrafanaReply refuse_call(int status, const std::string& message) {
  return {status, {{"message", message}}};
}

std::optional<GrafanaReply> refuse_unknown(const Json& body, const std::set<std::string>& allowed) {
  if (!body.is_object()) return refuse_call(400, "bad request data");
  for (const auto& [name, value] : body.items()) {
    if (!allowed.contains(name)) return refuse_call(400, format("unknown field '{}'", name));
  }
  return std::nullopt;
}

std::optional<GrafanaReply> refuse_uid(const std::string& uid) {
  const bool is_good = std::all_of(uid.begin(), uid.end(), [](char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '-' || letter == '_';
  });
  if (!is_good) return refuse_call(400, "uid contains illegal characters");
  if (uid.size() > 40) return refuse_call(400, "uid too long, max 40 characters");
  return std::nullopt;
}

std::string text_of(const Json& object, const std::string& name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

Json page_of(const Json& all, int64_t page, int64_t limit) {
  Json made = Json::array();
  const auto from = static_cast<size_t>((page - 1) * limit);
  for (size_t at = from; at < all.size() && at < from + static_cast<size_t>(limit); ++at) {
    made.push_back(all[at]);
  }
  return made;
}

bool has_folder(const Json& org, const std::string& uid) {
  return uid.empty() || org["folders"].contains(uid);
}

Json empty_grafana_org(int id, const std::string& name) {
  Json org = {{"id", id}, {"name", name}};
  for (const char* kind : {"folders", "dashboards", "datasources", "library_elements", "teams",
                           "users", "rules", "groups", "mute_timings", "templates"}) {
    org[kind] = Json::object();
  }
  org["contact_points"] = {{"grafana-default-email",
                            {{"uid", "grafana-default-email"},
                             {"name", "grafana-default-email"},
                             {"type", "email"},
                             {"settings", {{"addresses", "<example@email.com>"}}},
                             {"disableResolveMessage", false}}}};
  org["policies"] = {{"receiver", "grafana-default-email"},
                     {"group_by", {"grafana_folder", "alertname"}}};
  org["annotations"] = Json::array();
  org["preferences"] = Json::object();
  org["users"]["admin"] = {{"userId", 1},
                           {"login", "admin"},
                           {"email", "admin@localhost"},
                           {"name", "admin"},
                           {"role", "Admin"}};
  return org;
}

struct FakeGrafana::State {
  explicit State(const FakeGrafanaOptions& wanted);
  ServedResponse answer(const ServedRequest& request);
  std::optional<ServedResponse> faulty(const std::string& method, const std::string& path);
  GrafanaReply dispatch(const ServedRequest& request, const std::string& path,
                        const std::string& query);
  GrafanaReply handle(const GrafanaRoute& route, GrafanaCall& call);

  FakeGrafanaOptions options;
  mutable std::mutex mutex;
  std::vector<GrafanaRoute> routes;
  std::map<int, Json> orgs;
  int64_t next_id = 100;
  std::vector<GrafanaFault> faults;
  std::vector<std::string> asked;
  std::function<void(const std::string&)> watcher;
  std::unique_ptr<HttpServer> server;  // last: its threads use the rest
};

FakeGrafana::State::State(const FakeGrafanaOptions& wanted) : options(wanted) {
  add_content_routes(routes);
  add_dashboard_routes(routes);
  add_alerting_routes(routes);
  add_people_routes(routes);
  orgs[1] = empty_grafana_org(1, "Main Org.");
  server =
      std::make_unique<HttpServer>([this](const ServedRequest& request) { return answer(request); },
                                   HttpServer::HeadHandler{}, options.port);
}

std::optional<ServedResponse> FakeGrafana::State::faulty(const std::string& method,
                                                         const std::string& path) {
  for (GrafanaFault& fault : faults) {
    const bool is_meant = fault.method.empty() ? method != "GET" : fault.method == method;
    if (!is_meant || !path.starts_with(fault.path) || fault.times == 0) continue;
    if (--fault.nth > 0) continue;
    --fault.times;
    return fault.response;
  }
  return std::nullopt;
}

ServedResponse FakeGrafana::State::answer(const ServedRequest& request) {
  const size_t mark = request.target.find('?');
  const std::string path = request.target.substr(0, mark);
  const std::string query = mark == std::string::npos ? "" : request.target.substr(mark + 1);
  std::function<void(const std::string&)> told;
  {
    const std::lock_guard lock(mutex);
    asked.push_back(request.method + " " + path);
    told = watcher;
  }
  if (told) told(request.method + " " + path);
  const std::lock_guard lock(mutex);
  if (auto fault = faulty(request.method, path)) {
    if (fault->wire == ServedResponse::Wire::normal) return *fault;
    const GrafanaReply reply = dispatch(request, path, query);
    fault->body = print_json_line(reply.body);
    return *fault;
  }
  const GrafanaReply reply = dispatch(request, path, query);
  return {reply.status,
          {{"Content-Type", "application/json; charset=UTF-8"}},
          reply.body.is_null() ? "" : print_json_line(reply.body)};
}

GrafanaReply FakeGrafana::State::dispatch(const ServedRequest& request, const std::string& path,
                                          const std::string& query) {
  if (request.method == "GET" && path == "/api/health") {
    return {200, {{"database", "ok"}, {"version", "11.6.0"}, {"commit", "fake"}}};
  }
  const auto header = [&](const char* name) {
    const auto found = request.headers.find(name);
    return found == request.headers.end() ? std::string() : found->second;
  };
  const std::string who = header("authorization");
  const bool is_basic = who == basic_admin;
  const bool is_admin_token = who == std::string("Bearer ") + fake_grafana_admin_token ||
                              (who.empty() && options.has_anonymous_admin);
  const bool is_viewer_token = who == std::string("Bearer ") + fake_grafana_viewer_token;
  if (!is_basic && !is_admin_token && !is_viewer_token) {
    return refuse_call(
        401, who.starts_with("Basic") ? "Invalid username or password" : "Invalid API key");
  }
  const std::string wanted_org = header("x-grafana-org-id");
  const int org_id = wanted_org.empty() ? 1 : std::stoi(wanted_org);
  if (!orgs.contains(org_id) || (!is_basic && org_id != 1)) return refuse_call(401, "Unauthorized");
  if (path == "/api/orgs" && request.method == "GET") {
    if (!is_basic) return refuse_call(403, "You'll need additional permissions");
    Json list = Json::array();
    for (const auto& [id, org] : orgs) list.push_back({{"id", id}, {"name", org["name"]}});
    GrafanaCall call{orgs[1], 1, next_id, true, true, false, {}, parse_query(query), nullptr};
    return {200, page_of(list, call.number("page", 0) + 1, call.number("perpage", 1000))};
  }
  if (path == "/api/orgs" && request.method == "POST") {
    const Json body = Json::parse(request.body, nullptr, false);
    const std::string name = body.is_object() ? text_of(body, "name") : "";
    if (!is_basic) return refuse_call(403, "You'll need additional permissions");
    for (const auto& [id, org] : orgs) {
      if (org["name"] == name) return refuse_call(409, "Organization name taken");
    }
    const int id = orgs.rbegin()->first + 1;
    orgs[id] = empty_grafana_org(id, name);
    return {200, {{"message", "Organization created"}, {"orgId", id}}};
  }
  GrafanaCall call{orgs[org_id],
                   org_id,
                   next_id,
                   is_basic,
                   is_basic || is_admin_token,
                   request.headers.contains("x-disable-provenance"),
                   {},
                   parse_query(query),
                   nullptr};
  if (!request.body.empty()) {
    call.body = Json::parse(request.body, nullptr, false);
    if (call.body.is_discarded()) return refuse_call(400, "bad request data");
  }
  bool is_known = false;
  for (const GrafanaRoute& route : routes) {
    const auto args = match(route.path, path);
    if (!args) continue;
    is_known = true;
    if (route.method != request.method) continue;
    call.args = *args;
    return handle(route, call);
  }
  return refuse_call(is_known ? 405 : 404, is_known ? "Method not allowed" : "Not found");
}

GrafanaReply FakeGrafana::State::handle(const GrafanaRoute& route, GrafanaCall& call) {
  const bool may = route.readers == "viewer"  ? true
                   : route.readers == "admin" ? call.is_org_admin
                                              : call.is_server_admin;
  if (!may) return refuse_call(403, "You'll need additional permissions to perform this action.");
  try {
    return route.handle(call);
  } catch (const nlohmann::json::exception&) {
    return refuse_call(400, "bad request data");
  }
}

FakeGrafana::FakeGrafana(const FakeGrafanaOptions& options)
    : state_(std::make_unique<State>(options)) {}
FakeGrafana::~FakeGrafana() = default;

std::string FakeGrafana::url() const { return state_->server->url(); }

void FakeGrafana::seed() {
  const std::lock_guard lock(state_->mutex);
  seed_grafana(state_->orgs, state_->next_id);
}

void FakeGrafana::add_fault(GrafanaFault fault) {
  const std::lock_guard lock(state_->mutex);
  state_->faults.push_back(std::move(fault));
}

void FakeGrafana::on_request(std::function<void(const std::string&)> watcher) {
  const std::lock_guard lock(state_->mutex);
  state_->watcher = std::move(watcher);
}

std::vector<std::string> FakeGrafana::asked() const {
  const std::lock_guard lock(state_->mutex);
  return state_->asked;
}

Json FakeGrafana::kept(int org, const std::string& kind) const {
  const std::lock_guard lock(state_->mutex);
  return state_->orgs.at(org)[kind];
}

void FakeGrafana::put(int org, const std::string& kind, Json value) {
  const std::lock_guard lock(state_->mutex);
  if (!state_->orgs.contains(org)) state_->orgs[org] = empty_grafana_org(org, "another");
  state_->orgs[org][kind] = std::move(value);
}

}  // namespace lifeboat::test
