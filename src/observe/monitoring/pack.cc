#include "observe/monitoring/pack.h"

#include <algorithm>
#include <set>

#include "base/format.h"
#include "base/json.h"
#include "observe/monitoring/pack_files.h"

namespace lifeboat {
namespace {

constexpr std::string_view tree_folder = "deploy/monitoring/";
constexpr std::string_view tree_runbook = "docs/runbook.md";
constexpr std::string_view default_runbook_link = "runbook.md#";

// A double-quoted string of YAML, of which JSON's are a part. https://yaml.org/spec/1.2.2/
std::string quote(std::string_view text) { return print_json_line(Json(text)); }

std::string rule(std::string_view name, int64_t value, const ExpectedJob* labels) {
  std::string text = format("      - record: {}\n        expr: vector({})\n", name, value);
  if (labels != nullptr) {
    text += format("        labels: {{ host: {}, backup_job: {} }}\n", quote(labels->host),
                   quote(labels->job));
  }
  return text;
}

std::string print_settings(const PackOptions& options) {
  std::string rules;
  std::set<std::pair<std::string, std::string>> seen;
  for (const ExpectedJob& one : options.expected) {
    if (!seen.insert({one.host, one.job}).second) continue;
    rules += rule("backup:expected", 1, &one);
    if (one.stale_after) {
      rules += rule("backup:expected:stale_after_seconds", one.stale_after->count(), &one);
    }
  }
  if (options.stale_after) {
    rules += rule("backup:for_all:stale_after_seconds", options.stale_after->count(), nullptr);
  }
  return "# What backups.yml expects of whom. Written by 'lifeboat monitoring --expect HOST/JOB';\n"
         "# a job that is expected and not seen raises BackupMissing.\n"
         "\n"
         "groups:\n"
         "  - name: backups_settings\n"
         "    rules:" +
         (rules.empty() ? " []\n" : "\n" + rules);
}

// `text` with each link to the runbook of the pack leading to the one at `url` instead.
std::string with_runbook(std::string text, const std::string& url) {
  const std::string link = url + "#";
  for (size_t at = text.find(default_runbook_link); at != std::string::npos;
       at = text.find(default_runbook_link, at + link.size())) {
    text.replace(at, default_runbook_link.size(), link);
  }
  return text;
}

}  // namespace

std::vector<PackFile> monitoring_pack(const PackOptions& options) {
  std::vector<PackFile> files;
  for (const EmbeddedFile& source : pack_sources()) {
    if (source.path == tree_runbook) {
      files.push_back({"runbook.md", std::string(source.text)});
      continue;
    }
    files.push_back({std::string(source.path.substr(tree_folder.size())),
                     with_runbook(std::string(source.text), options.runbook_url)});
  }
  files.push_back({"prometheus/rules/backups_settings.yml", print_settings(options)});
  std::sort(files.begin(), files.end(),
            [](const PackFile& a, const PackFile& b) { return a.path < b.path; });
  return files;
}

}  // namespace lifeboat
