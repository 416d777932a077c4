// Folders, data sources and library elements of the fake Grafana.
#include <algorithm>

#include "base/format.h"
#include "support/fake_grafana_parts.h"

namespace lifeboat::test {
namespace {

// ---- folders: kept as uid -> {id, uid, title, parentUid, permissions}

Json shown_folder(const Json& folder, bool is_whole) {
  Json shown = {{"id", folder["id"]}, {"uid", folder["uid"]}, {"title", folder["title"]}};
  if (!text_of(folder, "parentUid").empty()) shown["parentUid"] = folder["parentUid"];
  if (is_whole) {
    shown["version"] = folder.value("version", 1);
    shown["created"] = "2026-01-01T00:00:00Z";
    shown["updated"] = "2026-01-02T00:00:00Z";
    shown["canAdmin"] = true;
  }
  return shown;
}

GrafanaReply list_folders(GrafanaCall& call) {
  const auto parent = call.query.find("parentUid");
  const std::string wanted = parent == call.query.end() ? "" : parent->second;
  if (!has_folder(call.org, wanted)) return refuse_call(404, "folder not found");
  Json all = Json::array();
  for (const auto& [uid, folder] : call.org["folders"].items()) {
    if (text_of(folder, "parentUid") == wanted) all.push_back(shown_folder(folder, false));
  }
  return {200, page_of(all, call.number("page", 1),
                       std::min<int64_t>(call.number("limit", 1000), 1000))};
}

GrafanaReply get_folder(GrafanaCall& call) {
  if (!call.org["folders"].contains(call.arg(0))) return refuse_call(404, "folder not found");
  return {200, shown_folder(call.org["folders"][call.arg(0)], true)};
}

GrafanaReply post_folder(GrafanaCall& call) {
  if (auto bad = refuse_unknown(call.body, {"uid", "title", "description", "parentUid"})) {
    return *bad;
  }
  const std::string uid = text_of(call.body, "uid");
  const std::string parent = text_of(call.body, "parentUid");
  if (auto bad = refuse_uid(uid)) return *bad;
  if (text_of(call.body, "title").empty()) return refuse_call(400, "folder title cannot be empty");
  if (!has_folder(call.org, parent)) return refuse_call(400, "parent folder not found");
  if (call.org["folders"].contains(uid)) {
    return refuse_call(409, "a folder with the same uid already exists");
  }
  const std::string made = uid.empty() ? format("f{}", call.next_id) : uid;
  call.org["folders"][made] = {
      {"id", call.next_id++}, {"uid", made},  {"title", call.body["title"]},
      {"parentUid", parent},  {"version", 1}, {"permissions", Json::array()}};
  return {200, shown_folder(call.org["folders"][made], true)};
}

GrafanaReply put_folder(GrafanaCall& call) {
  if (auto bad = refuse_unknown(call.body, {"title", "description", "version", "overwrite"})) {
    return *bad;
  }
  if (!call.org["folders"].contains(call.arg(0))) return refuse_call(404, "folder not found");
  Json& folder = call.org["folders"][call.arg(0)];
  if (!call.body.value("overwrite", false) &&
      call.body.value("version", int64_t{-1}) != folder.value("version", int64_t{1})) {
    return refuse_call(412, "the folder has been changed by someone else");
  }
  folder["title"] = call.body.at("title");
  folder["version"] = folder.value("version", int64_t{1}) + 1;
  return {200, shown_folder(folder, true)};
}

GrafanaReply move_folder(GrafanaCall& call) {
  if (auto bad = refuse_unknown(call.body, {"parentUid"})) return *bad;
  if (!call.org["folders"].contains(call.arg(0))) return refuse_call(404, "folder not found");
  const std::string parent = text_of(call.body, "parentUid");
  if (!has_folder(call.org, parent)) return refuse_call(400, "parent folder not found");
  call.org["folders"][call.arg(0)]["parentUid"] = parent;
  return {200, shown_folder(call.org["folders"][call.arg(0)], true)};
}

// ---- data sources: kept as uid -> what the API shows, and "secrets", which it never shows

Json shown_source(const Json& source) {
  Json shown = source;
  shown["secureJsonFields"] = Json::object();
  for (const auto& [name, value] : source["secrets"].items()) {
    shown["secureJsonFields"][name] = true;
  }
  shown.erase("secrets");
  return shown;
}

GrafanaReply list_sources(GrafanaCall& call) {
  Json all = Json::array();
  for (const auto& [uid, source] : call.org["datasources"].items()) {
    Json shown = shown_source(source);
    shown.erase("secureJsonFields");  // the list leaves it out
    all.push_back(std::move(shown));
  }
  return {200, all};
}

GrafanaReply get_source(GrafanaCall& call) {
  if (!call.org["datasources"].contains(call.arg(0))) {
    return refuse_call(404, "Data source not found");
  }
  return {200, shown_source(call.org["datasources"][call.arg(0)])};
}

std::optional<GrafanaReply> refuse_source(const GrafanaCall& call, const std::string& own_uid) {
  static const std::set<std::string> fields{
      "uid",       "name",     "type",           "access",        "url",
      "database",  "user",     "basicAuth",      "basicAuthUser", "withCredentials",
      "isDefault", "jsonData", "secureJsonData", "version"};
  if (auto bad = refuse_unknown(call.body, fields)) return bad;
  for (const char* needed : {"name", "type", "access"}) {
    if (text_of(call.body, needed).empty()) {
      return refuse_call(400, format("'{}' is required", needed));
    }
  }
  for (const auto& [uid, source] : call.org["datasources"].items()) {
    if (uid != own_uid && source["name"] == call.body["name"]) {
      return refuse_call(409, "data source with the same name already exists");
    }
  }
  return std::nullopt;
}

void keep_source(GrafanaCall& call, const std::string& uid, int64_t id) {
  Json kept = {{"id", id}, {"uid", uid}, {"orgId", call.org_id}};
  for (const auto& [name, value] : call.body.items()) {
    if (name != "secureJsonData" && name != "uid") kept[name] = value;
  }
  kept["readOnly"] = false;
  Json secrets = Json::object();
  if (call.org["datasources"].contains(uid)) secrets = call.org["datasources"][uid]["secrets"];
  if (call.body.contains("secureJsonData")) {
    for (const auto& [name, value] : call.body["secureJsonData"].items()) secrets[name] = value;
  }
  kept["secrets"] = std::move(secrets);
  if (kept.value("isDefault", false)) {
    for (auto& [other, source] : call.org["datasources"].items()) source["isDefault"] = false;
  }
  call.org["datasources"][uid] = std::move(kept);
}

GrafanaReply post_source(GrafanaCall& call) {
  if (auto bad = refuse_source(call, "")) return *bad;
  const std::string uid = text_of(call.body, "uid");
  if (auto bad = refuse_uid(uid)) return *bad;
  if (call.org["datasources"].contains(uid)) {
    return refuse_call(409, "data source with the same uid already exists");
  }
  const std::string made = uid.empty() ? format("d{}", call.next_id) : uid;
  keep_source(call, made, call.next_id++);
  return {200,
          {{"message", "Datasource added"},
           {"datasource", shown_source(call.org["datasources"][made])}}};
}

GrafanaReply put_source(GrafanaCall& call) {
  if (!call.org["datasources"].contains(call.arg(0))) {
    return refuse_call(404, "Data source not found");
  }
  if (auto bad = refuse_source(call, call.arg(0))) return *bad;
  const Json& old = call.org["datasources"][call.arg(0)];
  if (old.value("readOnly", false)) {
    return refuse_call(403, "Cannot update read-only data source");
  }
  keep_source(call, call.arg(0), old["id"].get<int64_t>());
  return {200, {{"message", "Datasource updated"}}};
}

// ---- library elements: kept as uid -> {id, uid, folderUid, name, kind, type, model, version}

GrafanaReply list_elements(GrafanaCall& call) {
  Json all = Json::array();
  for (const auto& [uid, element] : call.org["library_elements"].items()) all.push_back(element);
  const int64_t page = call.number("page", 1);
  const int64_t limit = call.number("perPage", 100);
  return {200,
          {{"result",
            {{"totalCount", all.size()},
             {"elements", page_of(all, page, limit)},
             {"page", page},
             {"perPage", limit}}}}};
}

GrafanaReply get_element(GrafanaCall& call) {
  if (!call.org["library_elements"].contains(call.arg(0))) {
    return refuse_call(404, "library element could not be found");
  }
  return {200, {{"result", call.org["library_elements"][call.arg(0)]}}};
}

GrafanaReply post_element(GrafanaCall& call) {
  if (auto bad = refuse_unknown(call.body, {"folderUid", "name", "model", "kind", "uid"})) {
    return *bad;
  }
  const std::string uid = text_of(call.body, "uid");
  if (auto bad = refuse_uid(uid)) return *bad;
  const int64_t kind = call.body.at("kind").get<int64_t>();
  if (kind != 1 && kind != 2) return refuse_call(400, "the element kind is not supported");
  if (!has_folder(call.org, text_of(call.body, "folderUid"))) {
    return refuse_call(400, "folder not found");
  }
  if (call.org["library_elements"].contains(uid)) {
    return refuse_call(400, "library element with that name or UID already exists");
  }
  Json made = call.body;
  made["id"] = call.next_id++;
  made["type"] = text_of(made.at("model"), "type");
  made["version"] = 1;
  call.org["library_elements"][uid] = made;
  return {200, {{"result", made}}};
}

GrafanaReply patch_element(GrafanaCall& call) {
  if (auto bad =
          refuse_unknown(call.body, {"folderUid", "name", "model", "kind", "uid", "version"})) {
    return *bad;
  }
  if (!call.org["library_elements"].contains(call.arg(0))) {
    return refuse_call(404, "library element could not be found");
  }
  Json& element = call.org["library_elements"][call.arg(0)];
  if (call.body.at("version") != element["version"]) {
    return refuse_call(412, "the library element has been changed by someone else");
  }
  if (!has_folder(call.org, text_of(call.body, "folderUid"))) {
    return refuse_call(400, "folder not found");
  }
  for (const auto& [name, value] : call.body.items()) {
    if (name != "version") element[name] = value;
  }
  element["version"] = element["version"].get<int64_t>() + 1;
  return {200, {{"result", element}}};
}

}  // namespace

void add_content_routes(std::vector<GrafanaRoute>& routes) {
  routes.push_back({"GET", "/api/folders", "viewer", list_folders});
  routes.push_back({"POST", "/api/folders", "admin", post_folder});
  routes.push_back({"GET", "/api/folders/:", "viewer", get_folder});
  routes.push_back({"PUT", "/api/folders/:", "admin", put_folder});
  routes.push_back({"POST", "/api/folders/:/move", "admin", move_folder});
  routes.push_back({"GET", "/api/datasources", "admin", list_sources});
  routes.push_back({"POST", "/api/datasources", "admin", post_source});
  routes.push_back({"GET", "/api/datasources/uid/:", "admin", get_source});
  routes.push_back({"PUT", "/api/datasources/uid/:", "admin", put_source});
  routes.push_back({"GET", "/api/library-elements", "viewer", list_elements});
  routes.push_back({"POST", "/api/library-elements", "admin", post_element});
  routes.push_back({"GET", "/api/library-elements/:", "viewer", get_element});
  routes.push_back({"PATCH", "/api/library-elements/:", "admin", patch_element});
}

}  // namespace lifeboat::test
