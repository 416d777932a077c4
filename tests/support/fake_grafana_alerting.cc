// The alerting provisioning API of the fake Grafana.
//
// Whatever is written without X-Disable-Provenance gets the provenance "api" and is locked in the
// UI; what has one cannot be written under another. Rules are kept by uid, the interval of a group
// by "FOLDER/GROUP", contact points by uid with their secrets in "settings".
#include "base/format.h"
#include "support/fake_grafana_parts.h"

namespace lifeboat::test {
namespace {

constexpr const char* redacted = "[REDACTED]";

const std::set<std::string>& secret_settings(const std::string& type) {
  static const std::map<std::string, std::set<std::string>> by_type{
      {"slack", {"url", "token"}},
      {"webhook", {"password", "authorization_credentials"}},
      {"pagerduty", {"integrationKey"}},
      {"telegram", {"bottoken"}},
      {"discord", {"url"}},
      {"email", {}}};
  static const std::set<std::string> none;
  const auto found = by_type.find(type);
  return found == by_type.end() ? none : found->second;
}

std::string provenance_of(const Json& kept) { return text_of(kept, "provenance"); }

// Marks `value` as this call writes it; a reply if `old` forbids that.
std::optional<GrafanaReply> set_provenance(const GrafanaCall& call, const Json* old, Json& value) {
  const std::string wanted = call.disables_provenance ? "" : "api";
  const std::string had = old == nullptr ? "" : provenance_of(*old);
  if (!had.empty() && had != wanted) {
    return refuse_call(409, format("cannot change provenance from '{}' to '{}'", had, wanted));
  }
  value.erase("provenance");
  if (!wanted.empty()) value["provenance"] = wanted;
  return std::nullopt;
}

// ---- rules

const std::set<std::string> rule_fields{"id",
                                        "uid",
                                        "orgID",
                                        "folderUID",
                                        "ruleGroup",
                                        "title",
                                        "condition",
                                        "data",
                                        "updated",
                                        "noDataState",
                                        "execErrState",
                                        "for",
                                        "labels",
                                        "annotations",
                                        "isPaused",
                                        "provenance",
                                        "notification_settings",
                                        "record",
                                        "keep_firing_for"};

std::optional<GrafanaReply> refuse_rule(const GrafanaCall& call, const Json& rule) {
  if (auto bad = refuse_unknown(rule, rule_fields)) return bad;
  if (auto bad = refuse_uid(text_of(rule, "uid"))) return bad;
  for (const char* needed : {"folderUID", "ruleGroup", "title", "condition", "for"}) {
    if (text_of(rule, needed).empty()) return refuse_call(400, format("'{}' is required", needed));
  }
  if (!rule.at("data").is_array() || rule["data"].empty()) {
    return refuse_call(400, "no queries or expressions are found");
  }
  if (!call.org["folders"].contains(text_of(rule, "folderUID"))) {
    return refuse_call(400, "folder does not exist");
  }
  for (const auto& [uid, other] : call.org["rules"].items()) {
    if (uid != text_of(rule, "uid") && other["title"] == rule["title"] &&
        other["folderUID"] == rule["folderUID"]) {
      return refuse_call(400, "a rule with this title exists in the folder");
    }
  }
  if (rule.contains("notification_settings") && rule["notification_settings"].is_object()) {
    const std::string receiver = text_of(rule["notification_settings"], "receiver");
    bool is_known = false;
    for (const auto& [uid, point] : call.org["contact_points"].items()) {
      is_known = is_known || point["name"] == receiver;
    }
    if (!is_known) return refuse_call(400, format("receiver '{}' does not exist", receiver));
  }
  return std::nullopt;
}

std::string group_key(const Json& rule) {
  return text_of(rule, "folderUID") + "/" + text_of(rule, "ruleGroup");
}

GrafanaReply keep_rule(GrafanaCall& call, Json rule, int status) {
  const std::string uid = text_of(rule, "uid");
  Json& all = call.org["rules"];
  const Json* old = all.contains(uid) ? &all[uid] : nullptr;
  if (auto bad = set_provenance(call, old, rule)) return *bad;
  rule["id"] = old != nullptr ? (*old)["id"] : Json(call.next_id++);
  rule["orgID"] = call.org_id;
  rule["updated"] = "2026-01-03T00:00:00Z";
  if (!call.org["groups"].contains(group_key(rule))) call.org["groups"][group_key(rule)] = 60;
  all[uid] = rule;
  return {status, rule};
}

GrafanaReply list_rules(GrafanaCall& call) {
  Json all = Json::array();
  for (const auto& [uid, rule] : call.org["rules"].items()) all.push_back(rule);
  return {200, all};
}

GrafanaReply get_rule(GrafanaCall& call) {
  if (!call.org["rules"].contains(call.arg(0))) return {404, nullptr};
  return {200, call.org["rules"][call.arg(0)]};
}

GrafanaReply post_rule(GrafanaCall& call) {
  if (auto bad = refuse_rule(call, call.body)) return *bad;
  if (call.org["rules"].contains(text_of(call.body, "uid"))) {
    return refuse_call(409, "an alert rule with this uid exists");
  }
  return keep_rule(call, call.body, 201);
}

GrafanaReply put_rule(GrafanaCall& call) {
  if (!call.org["rules"].contains(call.arg(0))) return {404, nullptr};
  Json rule = call.body;
  rule["uid"] = call.arg(0);
  if (auto bad = refuse_rule(call, rule)) return *bad;
  return keep_rule(call, rule, 200);
}

GrafanaReply get_group(GrafanaCall& call) {
  const std::string key = call.arg(0) + "/" + call.arg(1);
  if (!call.org["groups"].contains(key)) return refuse_call(404, "rule group does not exist");
  Json rules = Json::array();
  for (const auto& [uid, rule] : call.org["rules"].items()) {
    if (group_key(rule) == key) rules.push_back(rule);
  }
  return {200,
          {{"title", call.arg(1)},
           {"folderUid", call.arg(0)},
           {"interval", call.org["groups"][key]},
           {"rules", rules}}};
}

// Replaces the whole group: what it does not name is deleted.
GrafanaReply put_group(GrafanaCall& call) {
  if (auto bad = refuse_unknown(call.body, {"title", "folderUid", "interval", "rules"})) {
    return *bad;
  }
  const int64_t interval = call.body.at("interval").get<int64_t>();
  if (interval <= 0 || interval % 10 != 0) {
    return refuse_call(400, "interval must be a multiple of 10 seconds");
  }
  const std::string key = call.arg(0) + "/" + call.arg(1);
  std::set<std::string> named;
  for (const Json& rule : call.body.at("rules")) {
    const std::string uid = text_of(rule, "uid");
    if (!uid.empty() && !call.org["rules"].contains(uid)) {
      return refuse_call(500, format("failed to update rule with UID {} because could not find "
                                     "alert rule",
                                     uid));
    }
    if (auto bad = refuse_rule(call, rule)) return *bad;
    named.insert(uid);
  }
  for (const Json& rule : call.body["rules"]) {
    const GrafanaReply made = keep_rule(call, rule, 200);
    if (made.status != 200) return made;
  }
  std::vector<std::string> gone;
  for (const auto& [uid, rule] : call.org["rules"].items()) {
    if (group_key(rule) == key && !named.contains(uid)) gone.push_back(uid);
  }
  for (const std::string& uid : gone) call.org["rules"].erase(uid);
  call.org["groups"][key] = interval;
  return {200, call.body};
}

// ---- contact points

Json shown_point(Json point) {
  for (const std::string& name : secret_settings(text_of(point, "type"))) {
    if (point["settings"].contains(name)) point["settings"][name] = redacted;
  }
  return point;
}

GrafanaReply list_points(GrafanaCall& call) {
  Json all = Json::array();
  for (const auto& [uid, point] : call.org["contact_points"].items()) {
    all.push_back(shown_point(point));
  }
  return {200, all};
}

GrafanaReply export_points(GrafanaCall& call) {
  const auto decrypt = call.query.find("decrypt");
  const bool is_open = decrypt != call.query.end() && decrypt->second == "true";
  if (is_open && !call.is_org_admin) {
    return refuse_call(403, "user is not authorized to read decrypted secrets");
  }
  Json points = Json::array();
  for (const auto& [uid, kept] : call.org["contact_points"].items()) {
    Json point = is_open ? kept : shown_point(kept);
    const std::string name = text_of(point, "name");
    point.erase("name");
    point.erase("provenance");
    points.push_back({{"orgId", call.org_id}, {"name", name}, {"receivers", Json::array({point})}});
  }
  return {200, {{"apiVersion", 1}, {"contactPoints", points}}};
}

std::optional<GrafanaReply> refuse_point(const Json& body) {
  if (auto bad = refuse_unknown(
          body, {"uid", "name", "type", "settings", "disableResolveMessage", "provenance"})) {
    return bad;
  }
  if (auto bad = refuse_uid(text_of(body, "uid"))) return bad;
  if (text_of(body, "name").empty() || text_of(body, "type").empty() ||
      !body.at("settings").is_object()) {
    return refuse_call(400, "invalid object specification");
  }
  return std::nullopt;
}

GrafanaReply post_point(GrafanaCall& call) {
  if (auto bad = refuse_point(call.body)) return *bad;
  const std::string uid = text_of(call.body, "uid");
  Json& all = call.org["contact_points"];
  if (all.contains(uid)) return refuse_call(400, "a contact point with this uid exists");
  // The real one keeps the word itself, and notifies nobody from then on.
  for (const std::string& name : secret_settings(text_of(call.body, "type"))) {
    if (text_of(call.body["settings"], name) == redacted) {
      return refuse_call(400, format("the secret '{}' is redacted", name));
    }
  }
  Json made = call.body;
  if (auto bad = set_provenance(call, nullptr, made)) return *bad;
  const std::string name = uid.empty() ? format("c{}", call.next_id++) : uid;
  made["uid"] = name;
  all[name] = made;
  return {202, shown_point(made)};
}

GrafanaReply put_point(GrafanaCall& call) {
  Json& all = call.org["contact_points"];
  if (!all.contains(call.arg(0))) return refuse_call(404, "contact point not found");
  if (auto bad = refuse_point(call.body)) return *bad;
  Json made = call.body;
  made["uid"] = call.arg(0);
  if (auto bad = set_provenance(call, &all[call.arg(0)], made)) return *bad;
  for (auto& [name, value] : made["settings"].items()) {
    if (value == redacted) value = all[call.arg(0)]["settings"].value(name, Json(""));
  }
  all[call.arg(0)] = made;
  return {202, {{"message", "contactpoint updated"}}};
}

// ---- policies

std::optional<GrafanaReply> refuse_route(const GrafanaCall& call, const Json& route) {
  if (auto bad = refuse_unknown(
          route, {"receiver", "group_by", "object_matchers", "matchers", "mute_time_intervals",
                  "active_time_intervals", "continue", "routes", "group_wait", "group_interval",
                  "repeat_interval", "provenance"})) {
    return bad;
  }
  const std::string receiver = text_of(route, "receiver");
  bool is_known = receiver.empty();
  for (const auto& [uid, point] : call.org["contact_points"].items()) {
    is_known = is_known || point["name"] == receiver;
  }
  if (!is_known) return refuse_call(400, format("receiver '{}' does not exist", receiver));
  for (const Json& name : route.value("mute_time_intervals", Json::array())) {
    if (!call.org["mute_timings"].contains(name.get<std::string>())) {
      return refuse_call(400, "mute time interval does not exist");
    }
  }
  for (const Json& child : route.value("routes", Json::array())) {
    if (auto bad = refuse_route(call, child)) return bad;
  }
  return std::nullopt;
}

GrafanaReply put_policies(GrafanaCall& call) {
  if (text_of(call.body, "receiver").empty()) {
    return refuse_call(400, "root route must specify a default receiver");
  }
  if (auto bad = refuse_route(call, call.body)) return *bad;
  Json made = call.body;
  if (auto bad = set_provenance(call, &call.org["policies"], made)) return *bad;
  call.org["policies"] = made;
  return {202, {{"message", "policies updated"}}};
}

// ---- mute timings and templates, by name

GrafanaReply list_kind(const Json& kept) {
  Json all = Json::array();
  for (const auto& [name, one] : kept.items()) all.push_back(one);
  return {200, all};
}

GrafanaReply keep_timing(GrafanaCall& call, const std::string& name, int status) {
  if (auto bad = refuse_unknown(call.body, {"name", "time_intervals", "provenance", "version"})) {
    return *bad;
  }
  Json& all = call.org["mute_timings"];
  Json made = {{"name", name}, {"time_intervals", call.body.at("time_intervals")}};
  if (auto bad = set_provenance(call, all.contains(name) ? &all[name] : nullptr, made)) return *bad;
  made["version"] = format("v{}", call.next_id++);
  all[name] = made;
  return {status, made};
}

GrafanaReply post_timing(GrafanaCall& call) {
  const std::string name = text_of(call.body, "name");
  if (name.empty()) return refuse_call(400, "mute timing has no name");
  if (call.org["mute_timings"].contains(name)) {
    return refuse_call(409, "a mute timing with this name exists");
  }
  return keep_timing(call, name, 201);
}

GrafanaReply put_timing(GrafanaCall& call) {
  if (!call.org["mute_timings"].contains(call.arg(0))) return refuse_call(404, "not found");
  Json& old = call.org["mute_timings"][call.arg(0)];
  const std::string version = text_of(call.body, "version");
  if (!version.empty() && version != text_of(old, "version")) {
    return refuse_call(409, "version conflict");
  }
  return keep_timing(call, call.arg(0), 202);
}

GrafanaReply put_template(GrafanaCall& call) {
  if (auto bad = refuse_unknown(call.body, {"template", "version"})) return *bad;
  if (text_of(call.body, "template").empty()) return refuse_call(400, "template must have content");
  Json& all = call.org["templates"];
  const Json* old = all.contains(call.arg(0)) ? &all[call.arg(0)] : nullptr;
  const std::string version = text_of(call.body, "version");
  if (!version.empty() && (old == nullptr || version != text_of(*old, "version"))) {
    return refuse_call(409, "version conflict");
  }
  Json made = {{"name", call.arg(0)}, {"template", call.body["template"]}};
  if (auto bad = set_provenance(call, old, made)) return *bad;
  made["version"] = format("v{}", call.next_id++);
  all[call.arg(0)] = made;
  return {202, made};
}

}  // namespace

void add_alerting_routes(std::vector<GrafanaRoute>& routes) {
  const std::string base = "/api/v1/provisioning/";
  routes.push_back({"GET", base + "alert-rules", "admin", list_rules});
  routes.push_back({"POST", base + "alert-rules", "admin", post_rule});
  routes.push_back({"GET", base + "alert-rules/:", "admin", get_rule});
  routes.push_back({"PUT", base + "alert-rules/:", "admin", put_rule});
  routes.push_back({"GET", base + "folder/:/rule-groups/:", "admin", get_group});
  routes.push_back({"PUT", base + "folder/:/rule-groups/:", "admin", put_group});
  routes.push_back({"GET", base + "contact-points", "admin", list_points});
  routes.push_back({"POST", base + "contact-points", "admin", post_point});
  routes.push_back({"GET", base + "contact-points/export", "viewer", export_points});
  routes.push_back({"PUT", base + "contact-points/:", "admin", put_point});
  routes.push_back({"GET", base + "policies", "admin", [](GrafanaCall& call) {
                      return GrafanaReply{200, call.org["policies"]};
                    }});
  routes.push_back({"PUT", base + "policies", "admin", put_policies});
  routes.push_back({"GET", base + "mute-timings", "admin",
                    [](GrafanaCall& call) { return list_kind(call.org["mute_timings"]); }});
  routes.push_back({"POST", base + "mute-timings", "admin", post_timing});
  routes.push_back({"PUT", base + "mute-timings/:", "admin", put_timing});
  routes.push_back({"GET", base + "templates", "admin",
                    [](GrafanaCall& call) { return list_kind(call.org["templates"]); }});
  routes.push_back({"PUT", base + "templates/:", "admin", put_template});
}

}  // namespace lifeboat::test
