#include "recipe/grafana/export.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "recipe/grafana/restored.h"

namespace lifeboat {
namespace {

constexpr int rounds_max = 5;
constexpr int page_limit = 500;
constexpr int annotations_limit = 1000;
constexpr int annotations_limit_max = 100'000;

// Shown to some among the folders, and none: what others gave them a right to.
constexpr const char* shared_with_me = "sharedwithme";
constexpr const char* provisioning = "/api/v1/provisioning";

class OrgExport {
 public:
  OrgExport(GrafanaApi& api, const GrafanaExportOptions& options, RecipeContext& context,
            ExportFiles& files, GrafanaExport& made, const GrafanaOrg& org)
      : api_(api),
        options_(options),
        context_(context),
        files_(files),
        made_(made),
        org_(org),
        root_(format("{}/org-{}/", grafana_export_folder, org.id)) {}

  void run() {
    files_.put(root_ + "org.json", {{"id", org_.id}, {"name", org_.name}});
    export_content();
    export_dashboards();
    export_people();
    export_alerting();
    if (options_.annotation_days > 0) export_annotations();
    for (const auto& [file, uids] : named_sources_) {
      for (const std::string& uid : uids) made_.dangling_sources += sources_.contains(uid) ? 0 : 1;
    }
    for (const GrafanaKind& kind : grafana_kinds()) {
      made_.counts[kind.item] += files_.count_below(root_ + kind.folder);
    }
  }

 private:
  using List = std::function<GrafanaList()>;
  // The thing itself, nothing if it is gone.
  using Fetch = std::function<std::optional<Json>(const std::string& key, const Json& listed)>;

  std::string file_of(const char* kind, const std::string& key) const {
    return root_ + kind + "/" + grafana_file_name(key) + ".json";
  }

  // Lists and fetches until the list stands still; see the head of export.h.
  GrafanaList fetch_all(const char* kind, const List& list, const Fetch& fetch) {
    std::set<std::string> fetched;
    GrafanaList listed = list();
    for (int round = 1; round <= rounds_max; ++round) {
      for (const auto& [key, one] : listed) {
        context_.stop.throw_if_stopped();
        if (fetched.contains(key)) continue;
        const std::optional<Json> whole = fetch(key, one);
        if (!whole) continue;
        files_.put(file_of(kind, key), *whole);
        named_sources_[file_of(kind, key)] = sources_named_by(kind, *whole);
        fetched.insert(key);
      }
      GrafanaList again = list();
      bool is_still = fetched.size() == listed.size() && again.size() == listed.size();
      for (const auto& [key, one] : again) is_still = is_still && fetched.contains(key);
      if (is_still) return again;
      for (auto it = fetched.begin(); it != fetched.end();) {
        const bool is_gone = !again.contains(*it);
        if (is_gone) {
          files_.drop(file_of(kind, *it));
          named_sources_.erase(file_of(kind, *it));
        }
        it = is_gone ? fetched.erase(it) : std::next(it);
      }
      listed = std::move(again);
    }
    throw Error(ErrorKind::service,
                format("export Grafana's {}: {} of {} listed could be fetched, and the list kept "
                       "changing",
                       kind, fetched.size(), listed.size()))
        .hint("Let the job run when nobody changes Grafana, or find out who does it all the time.");
  }

  std::optional<Json> find(const std::string& path) {
    GrafanaAnswer answer = api_.ask(path, {404});
    if (answer.status == 404) return std::nullopt;
    return std::move(answer.value);
  }

  void tell_forbidden(const std::string& what) {
    made_.missing.push_back(format("{} of organization '{}': the token or user may not see them.",
                                   what, printable(org_.name)));
    made_.warnings.push_back(
        format("Grafana answers 403 for {} of organization '{}'; give the service account or user "
               "the role Admin.",
               what, printable(org_.name)));
  }

  // Only the children of one folder can be listed.
  void list_folders(const std::string& parent, GrafanaList& all) {
    const std::string query = parent.empty() ? "" : "&parentUid=" + percent_encode(parent);
    const auto children = api_.list(format("/api/folders?limit={}{}", page_limit, query), "uid");
    for (const auto& [uid, folder] : children) {
      if (uid == shared_with_me) continue;
      if (all.emplace(uid, folder).second) list_folders(uid, all);
    }
  }

  void export_content() {
    const GrafanaList folders = fetch_all(
        "folders",
        [this] {
          GrafanaList all;
          list_folders("", all);
          return all;
        },
        [this](const std::string& uid, const Json&) {
          return find("/api/folders/" + percent_encode(uid));
        });
    export_permissions("folder-permissions", "/api/folders/", folders);
    const GrafanaList sources = fetch_all(
        "datasources",
        [this] {
          GrafanaList all;
          for (const Json& one : array_at("/api/datasources")) {
            all.emplace(grafana_text(one, "uid", "Grafana's data sources"), one);
          }
          return all;
        },
        [this](const std::string& uid, const Json&) {
          return find("/api/datasources/uid/" + percent_encode(uid));
        });
    for (const auto& [uid, source] : sources) {
      sources_.insert(uid);
      sources_.insert(grafana_text(source, "name", "Grafana's data sources"));
    }
    export_elements();
  }

  Json array_at(const std::string& path) {
    Json all = api_.get(path);
    if (!all.is_array()) {
      throw Error(ErrorKind::service, format("GET {}: the answer is not a list", path));
    }
    return all;
  }

  void export_elements() {
    const std::string place = format("/api/library-elements?perPage={}", page_limit);
    const auto elements = [](const Json& answer) -> const Json& {
      static const Json none;
      const auto result = answer.find("result");
      if (result == answer.end() || !result->contains("elements")) return none;
      return (*result)["elements"];
    };
    if (api_.ask(place + "&page=1", {403}).status == 403) return tell_forbidden("library elements");
    fetch_all(
        "library-elements", [&] { return api_.list(place, "uid", elements); },
        [](const std::string&, const Json& listed) { return std::optional<Json>(listed); });
  }

  void export_dashboards() {
    const GrafanaList dashboards = fetch_all(
        "dashboards",
        [this] {
          return api_.list(format("/api/search?type=dash-db&limit={}", page_limit), "uid");
        },
        [this](const std::string& uid, const Json&) {
          std::optional<Json> whole = find_dashboard(uid);
          const bool is_whole = !whole || (whole->is_object() && whole->contains("meta") &&
                                           whole->contains("dashboard"));
          if (!is_whole) {
            throw Error(ErrorKind::service,
                        format("fetch dashboard '{}': the answer holds none", printable(uid)));
          }
          return whole;
        });
    export_permissions("dashboard-permissions", "/api/dashboards/uid/", dashboards);
  }

  std::optional<Json> find_dashboard(const std::string& uid) {
    GrafanaAnswer answer = api_.ask("/api/dashboards/uid/" + percent_encode(uid), {404, 406});
    if (answer.status == 404) return std::nullopt;
    return answer.status == 406 ? find_resource(uid, answer.value) : std::move(answer.value);
  }

  // A dashboard of the schema v2 (since Grafana 12): the API refuses it, and names the newer API
  // that has it. What that one counts and dates is left out.
  std::optional<Json> find_resource(const std::string& uid, const Json& refusal) {
    const std::string message = grafana_text_or_empty(refusal, "message");
    const std::string mark = "/apis/dashboard.grafana.app/";
    const size_t begin = message.find(mark);
    const size_t end = begin == std::string::npos ? begin : message.find('/', begin + mark.size());
    if (end == std::string::npos) {
      throw Error(ErrorKind::service, format("fetch dashboard '{}': Grafana answers 406: {}",
                                             printable(uid), printable(message)));
    }
    const std::string version = message.substr(begin + mark.size(), end - begin - mark.size());
    const std::optional<Json> found =
        find(grafana_resources(version, org_.id) + "/" + percent_encode(uid));
    if (!found) return std::nullopt;
    const Json none = Json::object();
    const Json spec = found->value("spec", none);
    const std::string folder = grafana_text_or_empty(
        found->value("metadata", none).value("annotations", none), "grafana.app/folder");
    Json resource = {{"apiVersion", grafana_text(*found, "apiVersion", "a dashboard")},
                     {"kind", "Dashboard"},
                     {"metadata", {{"name", uid}}},
                     {"spec", spec}};
    if (!folder.empty()) resource["metadata"]["annotations"] = {{"grafana.app/folder", folder}};
    return Json{{"meta", {{"folderUid", folder}, {"apiVersion", version}}},
                {"dashboard",
                 {{"uid", uid},
                  {"title", grafana_text_or_empty(spec, "title")},
                  {"resource", std::move(resource)}}}};
  }

  void export_permissions(const char* kind, const std::string& place, const GrafanaList& of) {
    for (const auto& [uid, one] : of) {
      const GrafanaAnswer answer =
          api_.ask(place + percent_encode(uid) + "/permissions", {403, 404});
      if (answer.status == 403) return tell_forbidden(kind);
      if (answer.status == 200) files_.put(file_of(kind, uid), answer.value);
    }
  }

  void export_people() {
    const auto put_one = [this](const char* path, const char* name, const char* what) {
      const GrafanaAnswer answer = api_.ask(path, {403});
      if (answer.status == 403) {
        tell_forbidden(what);
      } else {
        files_.put(root_ + name, answer.value);
        if (std::string_view(name) == "users.json") made_.counts["users"] += answer.value.size();
      }
    };
    put_one("/api/org/users", "users.json", "users");
    put_one("/api/org/preferences", "preferences.json", "preferences");
    const std::string place = "/api/teams/search?perpage=500";
    if (api_.ask(place + "&page=1", {403}).status == 403) return tell_forbidden("teams");
    const auto teams = [](const Json& answer) -> const Json& {
      static const Json none;
      const auto found = answer.find("teams");
      return found == answer.end() ? none : *found;
    };
    fetch_all(
        "teams", [&] { return api_.list(place, "name", teams); },
        [this](const std::string&, const Json& listed) -> std::optional<Json> {
          const int64_t id = grafana_number(listed, "id", "Grafana's teams");
          const auto members = find(format("/api/teams/{}/members", id));
          if (!members) return std::nullopt;
          return Json{{"team", listed}, {"members", *members}};
        });
  }

  void export_alerting() {
    const std::string base = provisioning;
    if (api_.ask(base + "/alert-rules", {403, 404}).status != 200) {
      return tell_forbidden("alerting (rules, contact points, policies)");
    }
    export_rules();
    const auto by_key = [&, this](const char* kind, const char* key) {
      fetch_all(
          kind,
          [&, this] {
            GrafanaList all;
            for (const Json& one : array_at(format("{}/{}", base, kind))) {
              std::string id = grafana_text(one, key, format("Grafana's {}", kind));
              // The contact point that Grafana is born with may have no uid.
              if (id.empty()) id = grafana_text(one, "name", format("Grafana's {}", kind));
              all.emplace(std::move(id), one);
            }
            return all;
          },
          [](const std::string&, const Json& listed) { return std::optional<Json>(listed); });
    };
    by_key("contact-points", "uid");
    by_key("mute-timings", "name");
    by_key("templates", "name");
    files_.put(root_ + "policies.json", api_.get(base + "/policies"));
    if (!options_.with_secrets) return;
    const GrafanaAnswer open =
        api_.ask(base + "/contact-points/export?decrypt=true&format=json", {403, 404});
    if (open.status == 200) {
      files_.put(root_ + "contact-points-export.json", open.value);
    } else {
      tell_forbidden("the secrets of contact points");
    }
  }

  // The interval is the group's, so a group is what is fetched; its rules are counted against the
  // list of all rules.
  void export_rules() {
    uint64_t listed = 0;
    uint64_t fetched = 0;
    fetch_all(
        "alert-rules",
        [&, this] {
          GrafanaList groups;
          listed = 0;
          for (const Json& rule : array_at(format("{}/alert-rules", provisioning))) {
            ++listed;
            const std::string folder = grafana_text(rule, "folderUID", "an alert rule");
            const std::string group = grafana_text(rule, "ruleGroup", "an alert rule");
            groups.emplace(folder + "/" + group, Json{{"folder", folder}, {"group", group}});
          }
          return groups;
        },
        [&, this](const std::string&, const Json& one) {
          auto group = find(format("{}/folder/{}/rule-groups/{}", provisioning,
                                   percent_encode(one["folder"].get<std::string>()),
                                   percent_encode(one["group"].get<std::string>())));
          if (group) fetched += grafana_items(*group, "rules").size();
          return group;
        });
    if (fetched != listed) {
      made_.warnings.push_back(format(
          "Organization '{}' lists {} alert rules, and {} came with their groups; rules changed "
          "meanwhile.",
          printable(org_.name), listed, fetched));
    }
    made_.counts["alert_rules"] += fetched;
  }

  // Newest first, a window after the other: the API knows no pages here.
  void export_annotations() {
    using std::chrono::milliseconds;
    const auto now =
        std::chrono::duration_cast<milliseconds>(context_.clock.now().time_since_epoch());
    const milliseconds from = now - std::chrono::days(options_.annotation_days);
    milliseconds to = now;
    int limit = annotations_limit;
    std::map<int64_t, Json> found;
    for (;;) {
      const std::string place = format("/api/annotations?type=annotation&from={}&to={}&limit={}",
                                       from.count(), to.count(), limit);
      const GrafanaAnswer answer = api_.ask(place, {403});
      if (answer.status == 403) return tell_forbidden("annotations");
      milliseconds oldest = to;
      for (const Json& one : answer.value) {
        oldest = std::min(oldest, milliseconds(grafana_number(one, "time", "an annotation")));
        found.emplace(grafana_number(one, "id", "an annotation"), one);
      }
      if (answer.value.size() < static_cast<size_t>(limit)) break;
      // As many at one moment as a window may hold: a larger window is the only way on.
      if (oldest == to) limit *= 10;
      if (limit > annotations_limit_max) {
        throw Error(ErrorKind::service, "export Grafana's annotations: too many at one moment")
            .hint("Set 'annotation_days' to 0 to leave annotations out.");
      }
      to = oldest;
    }
    Json all = Json::array();
    for (auto& [id, one] : found) all.push_back(std::move(one));
    made_.counts["annotations"] += all.size();
    files_.put(root_ + "annotations.json", all);
  }

  GrafanaApi& api_;
  const GrafanaExportOptions& options_;
  RecipeContext& context_;
  ExportFiles& files_;
  GrafanaExport& made_;
  const GrafanaOrg& org_;
  std::string root_;
  std::set<std::string> sources_;                                  // uids and names
  std::map<std::string, std::vector<std::string>> named_sources_;  // by file
};

}  // namespace

GrafanaExport export_grafana(GrafanaApi& api, const GrafanaExportOptions& options,
                             RecipeContext& context, ExportFiles& files) {
  GrafanaExport made;
  made.version = api.version();
  bool is_all = false;
  made.orgs = api.orgs(is_all);
  if (!is_all) {
    made.missing.push_back(
        format("Other organizations than '{}': the API shows all of them to a server admin with "
               "'user' and 'password' only.",
               printable(made.orgs.front().name)));
  }
  for (const GrafanaOrg& org : made.orgs) {
    if (is_all) api.use_org(org.id);
    with_context(format("organization '{}'", printable(org.name)), [&] {
      try {
        OrgExport(api, options, context, files, made, org).run();
      } catch (const nlohmann::json::exception&) {  // its words quote the content
        throw Error(ErrorKind::service, "export Grafana: an answer is of another form");
      }
    });
  }
  api.use_org(0);
  return made;
}

}  // namespace lifeboat
