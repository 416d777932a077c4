// Grafana's HTTP API as a client of it sees it: who asks, which organization is meant, what an
// answer means. Bounded: an answer has at most 64 MiB, a list ends, a server that is tired is asked
// again twice and no more. Private to the recipe.
//
// API: https://grafana.com/docs/grafana/latest/developers/http_api/
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/secret.h"
#include "http/client.h"
#include "recipe/recipe.h"

namespace lifeboat {

// Whom Grafana hears: the token of a service account, which belongs to one organization, or a user
// with a password, who may see all of them.
struct GrafanaAccess {
  std::string url;  // without a final slash
  std::shared_ptr<const Secret> token;
  std::string user;
  std::shared_ptr<const Secret> password;
};
// The options `url`, `token`, `user` and `password`.
std::vector<OptionSpec> grafana_access_options();
// Throws Error(service) unless `url` and one way in are set, and only one.
GrafanaAccess grafana_access(const Settings& settings);

struct GrafanaAnswer {
  int status = 0;
  Json value;  // null if there is no body
};

// What a list is made of: a thing's key and what the list tells of it, in the list's order.
using GrafanaList = std::map<std::string, Json>;

struct GrafanaOrg {
  int64_t id = 0;
  std::string name;
};

// One thread at a time.
class GrafanaApi {
 public:
  // `context` must outlive it.
  GrafanaApi(GrafanaAccess access, RecipeContext& context);
  // By a client of the caller's. Without token and password it asks as an anonymous visitor.
  GrafanaApi(GrafanaAccess access, RecipeContext& context, HttpClient client);

  // All requests from now on mean this organization; 0: the one that the token or user is in.
  void use_org(int64_t id) { org_id_ = id; }
  bool is_user() const { return access_.token == nullptr; }

  // The JSON at `path`, which begins with "/api/". Throws Error(service) for any other status than
  // 200, with a hint for 401 and 403.
  Json get(const std::string& path);
  // The same, but the statuses of `expected` are answers too, with whatever JSON comes with them.
  GrafanaAnswer ask(const std::string& path, std::initializer_list<int> expected);
  // Sends `body`; never sent twice. Statuses outside 2xx and `expected` throw Error(service) with
  // what Grafana says.
  GrafanaAnswer send(const std::string& method, const std::string& path, const Json& body,
                     std::initializer_list<int> expected = {}, bool disables_provenance = false);

  // Pages through `path` ("page=N" is appended) until a page brings nothing new. `things` picks the
  // array out of an answer, `key` names what identifies a thing in it.
  GrafanaList list(const std::string& path, const std::string& key,
                   const std::function<const Json&(const Json&)>& things = {});

  // All of them if a server admin asks, else the own one, with `is_all` false.
  std::vector<GrafanaOrg> orgs(bool& is_all);
  std::string version();

 private:
  HttpResponse exchange(const HttpRequest& request);
  HttpRequest request_for(const std::string& method, const std::string& path) const;
  [[noreturn]] void fail(const HttpRequest& request, const HttpResponse& response);

  GrafanaAccess access_;
  RecipeContext& context_;
  HttpClient client_;
  int64_t org_id_ = 0;
};

// The folder of the newer API with an organization's dashboards of that version ("v2beta1").
std::string grafana_resources(const std::string& version, int64_t org_id);

// A member of `object` that must be a text: Error(service) that says what `object` is otherwise.
std::string grafana_text(const Json& object, const std::string& name, std::string_view what);
// The same, or "" where there is none.
std::string grafana_text_or_empty(const Json& object, const std::string& name);
// A member that must be a whole number.
int64_t grafana_number(const Json& object, const std::string& name, std::string_view what);
// The items of `value`, none if it is not an array.
const Json& grafana_items(const Json& object, const std::string& name);

}  // namespace lifeboat
