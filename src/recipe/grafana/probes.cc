#include "recipe/grafana/probes.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "io/fd.h"
#include "io/files.h"
#include "io/folder.h"
#include "io/no_links.h"
#include "recipe/details.h"
#include "recipe/grafana/api.h"
#include "recipe/grafana/export_files.h"
#include "recipe/grafana/instance.h"
#include "recipe/grafana/restored.h"
#include "recipe/grafana/secrets.h"
#include "recipe/sqlite/probes.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr size_t shown_max = 3;
constexpr uint64_t key_bytes_max = 64 << 10;
constexpr std::array<const char*, 6> counted_tables{"dashboard",  "data_source", "user",
                                                    "alert_rule", "data_keys",   "secrets"};

std::string first_of(const std::vector<std::string>& all) {
  std::string shown;
  for (size_t at = 0; at < std::min(all.size(), shown_max); ++at) {
    shown += (at == 0 ? "" : ", ") + all[at];
  }
  return all.size() > shown_max ? format("{} and {} more", shown, all.size() - shown_max) : shown;
}

// What the organizations of an export hold, by the names that others refer to it with.
struct OrgContent {
  std::set<std::string> folders;
  std::set<std::string> sources;  // uids and names
  std::set<std::string> elements;
  std::set<std::string> receivers;
  std::set<std::string> timings;
};

OrgContent content_of(const fs::path& org) {
  OrgContent content;
  const auto collect = [&](const char* kind, const char* key, std::set<std::string>& into) {
    visit_export(org / kind, [&](const fs::path& file, const Json& one) {
      into.insert(grafana_text(one, key, format("'{}'", file.filename().native())));
    });
  };
  collect("folders", "uid", content.folders);
  collect("datasources", "uid", content.sources);
  collect("datasources", "name", content.sources);
  collect("library-elements", "uid", content.elements);
  collect("contact-points", "name", content.receivers);
  collect("mute-timings", "name", content.timings);
  return content;
}

void check_folder(const OrgContent& content, const std::string& folder, const std::string& of,
                  std::vector<std::string>& dangling) {
  if (folder.empty() || content.folders.contains(folder)) return;
  dangling.push_back(format("{}: folder '{}'", of, printable(folder)));
}

void check_elements(const OrgContent& content, const Json& model, const std::string& of,
                    std::vector<std::string>& dangling) {
  for (const std::string& uid : references_of(model).panels) {
    if (content.elements.contains(uid)) continue;
    dangling.push_back(format("{}: library panel '{}'", of, printable(uid)));
  }
}

void check_sources(const OrgContent& content, const char* kind, const Json& file,
                   const std::string& of, std::vector<std::string>& sources) {
  for (const std::string& uid : sources_named_by(kind, file)) {
    if (content.sources.contains(uid)) continue;
    sources.push_back(format("{}: data source '{}'", of, printable(uid)));
  }
}

void check_route(const OrgContent& content, const Json& route, std::vector<std::string>& dangling) {
  const std::string receiver = grafana_text_or_empty(route, "receiver");
  if (!receiver.empty() && !content.receivers.contains(receiver)) {
    dangling.push_back(format("policies: contact point '{}'", printable(receiver)));
  }
  for (const Json& name : grafana_items(route, "mute_time_intervals")) {
    if (name.is_string() && !content.timings.contains(name.get<std::string>())) {
      dangling.push_back(format("policies: mute timing '{}'", printable(name.get<std::string>())));
    }
  }
  for (const Json& child : grafana_items(route, "routes")) check_route(content, child, dangling);
}

// What is dangling, and apart from it data sources that are not there: dashboards often name some
// that were deleted long ago, so these are compared with what was so at backup time.
void check_org(const fs::path& org, std::vector<std::string>& dangling,
               std::vector<std::string>& sources) {
  const OrgContent content = content_of(org);
  visit_export(org / "folders", [&](const fs::path&, const Json& one) {
    check_folder(content, grafana_text_or_empty(one, "parentUid"),
                 format("folder '{}'", printable(grafana_text_or_empty(one, "uid"))), dangling);
  });
  visit_export(org / "library-elements", [&](const fs::path&, const Json& one) {
    const std::string of = format("library '{}'", printable(grafana_text_or_empty(one, "name")));
    check_folder(content, grafana_text_or_empty(one, "folderUid"), of, dangling);
    check_sources(content, "library-elements", one, of, sources);
  });
  visit_export(org / "dashboards", [&](const fs::path& file, const Json& one) {
    const std::string of = format("dashboard '{}'", printable(file.stem().native()));
    if (!one.contains("dashboard") || !one.contains("meta")) {
      throw Error(ErrorKind::service, format("read '{}': it is no dashboard", file.native()));
    }
    check_folder(content, grafana_text_or_empty(one["meta"], "folderUid"), of, dangling);
    check_elements(content, one["dashboard"], of, dangling);
    check_sources(content, "dashboards", one, of, sources);
  });
  visit_export(org / "alert-rules", [&](const fs::path& file, const Json& group) {
    const std::string of = format("rule group '{}'", printable(file.stem().native()));
    check_folder(content, grafana_text(group, "folderUid", of), of, dangling);
    check_sources(content, "alert-rules", group, of, sources);
  });
  check_route(content, read_export_or(org / "policies.json", Json::object()), dangling);
}

uint64_t count_rules(const fs::path& org) {
  uint64_t rules = 0;
  visit_export(org / "alert-rules", [&](const fs::path&, const Json& group) {
    rules += grafana_items(group, "rules").size();
  });
  return rules;
}

uint64_t count_item(const std::vector<RestoredOrg>& orgs, const std::string& key) {
  uint64_t count = 0;
  for (const RestoredOrg& org : orgs) {
    if (key == "alert_rules") count += count_rules(org.folder);
    if (key == "users" || key == "annotations") {
      count += read_export_or(org.folder / (key + ".json"), Json::array()).size();
    }
    for (const GrafanaKind& kind : grafana_kinds()) {
      if (key == kind.item) count += count_export(org.folder / kind.folder);
    }
  }
  return count;
}

void probe_export(const RestoredService& restored, std::vector<ProbeResult>& results) {
  std::vector<RestoredOrg> orgs;
  results.push_back(ask("every organization is there", [&] {
    orgs = restored_orgs(restored.directory);
    const uint64_t expected = detail_list(restored.expected.details, "organizations").size();
    return compare("", format("{}", expected), format("{}", orgs.size()));
  }));
  for (const Item& item : restored.expected.items) {
    results.push_back(ask(format("count of {}", item.plural), [&] {
      return compare("", format("{}", item.count), format("{}", count_item(orgs, item.key)));
    }));
  }
  std::vector<std::string> dangling;
  std::vector<std::string> sources;
  results.push_back(ask("every file parses, and what it names is there", [&] {
    for (const RestoredOrg& org : orgs) check_org(org.folder, dangling, sources);
    return compare("", "nothing is missing",
                   dangling.empty() ? "nothing is missing" : first_of(dangling));
  }));
  results.push_back(ask("every data source that is named is there", [&] {
    const uint64_t before = detail_number(restored.expected.details, "dangling_sources");
    return compare("", format("{} missing", before), format("{} missing", sources.size()),
                   first_of(sources));
  }));
}

ProbeResult probe_secrets(SqliteDatabase& database, const fs::path& key_file, uint64_t expected) {
  return ask("every secret decrypts with the key in the archive", [&] {
    const std::string key = read_file_without_links(key_file, key_bytes_max);
    const GrafanaSecretTest test = test_grafana_secrets(database, key);
    std::string evidence = test.failing.empty() ? "data sources, plugins and contact points"
                                                : "these do not: " + first_of(test.failing);
    if (test.unknown > 0) evidence += format("; {} under a KMS were not judged", test.unknown);
    return compare("", format("{} of {}", expected, expected),
                   format("{} of {}", test.total - test.failing.size(), test.total), evidence);
  });
}

void probe_database(const RestoredService& restored, const StopToken& stop,
                    std::vector<ProbeResult>& results) {
  std::unique_ptr<SqliteDatabase> database;
  results.push_back(ask("the database opens", [&] {
    database = std::make_unique<SqliteDatabase>(restored.directory / grafana_database_name,
                                                SqliteOpen::copy, stop);
    count_rows(*database, "dashboard");
    return compare("", "yes", "yes");
  }));
  if (!results.back().passed) return;
  const Json details = detail_object(restored.expected.details, "database");
  results.push_back(probe_integrity(*database));
  const Json rows = detail_object(details, "rows");
  for (const auto& [table, count] : rows.items()) {
    const std::string name = table;
    results.push_back(ask(format("rows of {}", name), [&] {
      return compare("", format("{}", detail_number(rows, name)),
                     format("{}", count_rows(*database, name)));
    }));
  }
  results.push_back(probe_secrets(*database, restored.directory / grafana_key_name,
                                  detail_number(details, "secrets_that_decrypt")));
}

// ---- sabotage

// Where there is nothing of the kind: what tells the organization.
fs::path first_file_of(const RestoredService& restored, const char* kind) {
  const std::vector<RestoredOrg> orgs = restored_orgs(restored.directory);
  for (const RestoredOrg& org : orgs) {
    const std::vector<fs::path> files = list_folder(org.folder / kind, ErrorKind::service);
    if (!files.empty()) return files.front();
  }
  if (orgs.empty()) throw Error(ErrorKind::service, "damage the export: it is empty");
  return orgs.front().folder / "org.json";
}

RestoredFile first_file(const char* kind) {
  return [kind](const RestoredService& restored) { return first_file_of(restored, kind); };
}

void write_key(const RestoredService& restored) {
  const fs::path file = restored.directory / grafana_key_name;
  const UniqueFd fd = open_file(file, O_WRONLY | O_TRUNC);
  write_fd(fd.get(), as_bytes("this-is-another-key-altogether"), file.native(), ErrorKind::service);
}

void cut_dashboard(const RestoredService& restored) {
  const fs::path file = first_file_of(restored, "dashboards");
  if (::truncate(file.c_str(), static_cast<off_t>(fs::file_size(file) / 2)) != 0) {
    throw system_error(ErrorKind::service, format("cut '{}'", file.native()), errno);
  }
}

bool has_export(const RestoredService& restored) {
  std::error_code ignored;
  return fs::exists(restored.directory / grafana_export_folder, ignored);
}

bool has_database(const RestoredService& restored) {
  std::error_code ignored;
  return fs::exists(restored.directory / grafana_database_name, ignored);
}

// A key that opens nothing cannot be told from another one.
bool has_secrets(const RestoredService& restored) {
  if (!has_database(restored)) return false;
  SqliteDatabase database(restored.directory / grafana_database_name, SqliteOpen::copy);
  return test_grafana_secrets(database, grafana_default_key).total > 0;
}

}  // namespace

Json count_grafana_rows(SqliteDatabase& database) {
  Json rows = Json::object();
  for (const char* table : counted_tables) {
    if (database.has_table(table)) rows[table] = count_rows(database, table);
  }
  return rows;
}

std::vector<ProbeResult> probe_grafana(const RestoredService& restored, const StopToken& stop) {
  std::vector<ProbeResult> results;
  if (restored.expected.details.contains("organizations")) probe_export(restored, results);
  if (restored.expected.details.contains("database")) probe_database(restored, stop, results);
  if (results.empty()) {
    results.push_back(
        {"the backup holds something", false, "an export or a database", "neither", ""});
  }
  return results;
}

// Damage to a part that an archive does not hold is damage to the other part, so that each of them
// can be done and must be noticed.
std::vector<Sabotage> grafana_sabotages() {
  const RestoredFile database = restored_file(grafana_database_name);
  using Holds = bool (*)(const RestoredService&);
  const auto either = [](Sabotage made, Holds holds, const Sabotage& other) {
    made.apply = [first = made.apply, holds,
                  second = other.apply](const RestoredService& restored) {
      holds(restored) ? first(restored) : second(restored);
    };
    return made;
  };
  Sabotage dashboard = sabotage_missing_file(first_file("dashboards"));
  dashboard.name = "missing dashboard";
  dashboard.description = "removed the file of a dashboard";
  Sabotage folder = sabotage_missing_file(first_file("folders"));
  folder.name = "missing folder";
  folder.description = "removed the file of a folder";
  const Sabotage cut{"cut JSON", "cut a dashboard's file to half its size", cut_dashboard};
  const Sabotage key{"wrong secret key", "put another key into secret_key", write_key};
  const Sabotage page = sabotage_damaged_page(database);
  const Sabotage row = either(sabotage_missing_row(database, "dashboard"), has_database, dashboard);
  return {either(dashboard, has_export, row),
          either(folder, has_export, row),
          either(cut, has_export, page),
          either(key, has_secrets, row),
          row,
          either(page, has_database, dashboard)};
}

}  // namespace lifeboat
