#include "recipe/grafana/restored.h"

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "io/files.h"
#include "io/folder.h"
#include "io/no_links.h"
#include "recipe/grafana/api.h"
#include "recipe/grafana/export_files.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t file_bytes_max = 64 << 20;
constexpr int depth_max = 100;

std::vector<fs::path> json_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const fs::path& entry : list_folder(folder, ErrorKind::service)) {
    if (entry.extension() == ".json") files.push_back(entry);
  }
  return files;
}

void collect(const Json& value, GrafanaReferences& found, int depth) {
  if (depth > depth_max) return;
  if (value.is_array()) {
    for (const Json& one : value) collect(one, found, depth + 1);
  }
  if (!value.is_object()) return;
  for (const auto& [name, inner] : value.items()) {
    if (name == "datasource") {
      const std::string uid =
          inner.is_string() ? inner.get<std::string>() : grafana_text_or_empty(inner, "uid");
      if (!is_builtin_source(uid)) found.datasources.insert(uid);
    } else if (name == "libraryPanel") {
      const std::string uid = grafana_text_or_empty(inner, "uid");
      if (!uid.empty()) found.panels.insert(uid);
    } else {
      collect(inner, found, depth + 1);
    }
  }
}

}  // namespace

std::vector<RestoredOrg> restored_orgs(const fs::path& service_folder) {
  std::vector<RestoredOrg> orgs;
  std::error_code ignored;
  for (const fs::path& entry :
       list_folder(service_folder / grafana_export_folder, ErrorKind::service)) {
    if (!fs::is_directory(fs::symlink_status(entry, ignored))) continue;
    const Json org = read_export(entry / "org.json");
    orgs.push_back(
        {entry, grafana_number(org, "id", "org.json"), grafana_text(org, "name", "org.json")});
  }
  std::sort(orgs.begin(), orgs.end(),
            [](const RestoredOrg& left, const RestoredOrg& right) { return left.id < right.id; });
  return orgs;
}

Json read_export(const fs::path& file) {
  const std::string text = read_file_without_links(file, file_bytes_max);
  return parse_json(text, format("'{}'", printable(file.native())));
}

Json read_export_or(const fs::path& file, Json fallback) {
  std::error_code ignored;
  return fs::exists(file, ignored) ? read_export(file) : std::move(fallback);
}

void visit_export(const fs::path& folder,
                  const std::function<void(const fs::path&, const Json&)>& visit) {
  for (const fs::path& file : json_files(folder)) visit(file, read_export(file));
}

uint64_t count_export(const fs::path& folder) { return json_files(folder).size(); }

GrafanaReferences references_of(const Json& model) {
  GrafanaReferences found;
  collect(model, found, 0);
  return found;
}

std::vector<std::string> sources_named_by(const std::string& kind, const Json& file) {
  std::vector<std::string> named;
  const char* inner = kind == "dashboards" ? "dashboard" : "model";
  if (kind == "alert-rules") {
    for (const Json& rule : grafana_items(file, "rules")) {
      for (const Json& query : grafana_items(rule, "data")) {
        const std::string uid = grafana_text_or_empty(query, "datasourceUid");
        if (!is_builtin_source(uid)) named.push_back(uid);
      }
    }
  } else if ((kind == "dashboards" || kind == "library-elements") && file.contains(inner)) {
    const std::set<std::string> found = references_of(file[inner]).datasources;
    named.assign(found.begin(), found.end());
  }
  return named;
}

bool is_builtin_source(const std::string& uid) {
  static const std::set<std::string> builtin{"", "grafana", "default", "__expr__", "-100"};
  // "-- Grafana --", "-- Mixed --", "-- Dashboard --", and variables: "$source", "${source}".
  return builtin.contains(uid) || uid.starts_with("-- ") || uid.starts_with('$') ||
         uid.starts_with("[[");
}

}  // namespace lifeboat
