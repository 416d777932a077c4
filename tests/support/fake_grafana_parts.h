// The parts of the fake Grafana. Private to tests/support/fake_grafana*.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"

namespace lifeboat::test {

struct GrafanaCall {
  Json& org;  // everything that the organization holds, by kind
  int org_id = 1;
  int64_t& next_id;  // numeric ids are the instance's own
  bool is_server_admin = false;
  bool is_org_admin = false;
  bool disables_provenance = false;
  std::vector<std::string> args;  // what stands for ':' in the path
  std::map<std::string, std::string> query;
  Json body;

  const std::string& arg(size_t at) const { return args.at(at); }
  int64_t number(const std::string& name, int64_t fallback) const;
};

struct GrafanaReply {
  int status = 200;
  Json body = Json::object();
};

GrafanaReply refuse_call(int status, const std::string& message);

struct GrafanaRoute {
  std::string method;
  std::string path;     // "/api/folders/:"; ':' is one segment
  std::string readers;  // "viewer", "admin" (of the organization) or "server"
  GrafanaReply (*handle)(GrafanaCall& call);
};

void add_content_routes(std::vector<GrafanaRoute>& routes);
void add_dashboard_routes(std::vector<GrafanaRoute>& routes);
void add_alerting_routes(std::vector<GrafanaRoute>& routes);
void add_people_routes(std::vector<GrafanaRoute>& routes);

Json empty_grafana_org(int id, const std::string& name);
void seed_grafana(std::map<int, Json>& orgs, int64_t& next_id);

// The field names of `body` that `allowed` does not have, or nothing.
std::optional<GrafanaReply> refuse_unknown(const Json& body, const std::set<std::string>& allowed);
// Nothing if `uid` may name something new or old: up to 40 of a-z A-Z 0-9 - _.
std::optional<GrafanaReply> refuse_uid(const std::string& uid);
std::string text_of(const Json& object, const std::string& name);
// One page of `all`; pages count from 1.
Json page_of(const Json& all, int64_t page, int64_t limit);
bool has_folder(const Json& org, const std::string& uid);

}  // namespace lifeboat::test
