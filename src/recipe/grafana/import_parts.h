// The parts of an import, one organization at a time. Private to import*.cc.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "recipe/grafana/import.h"
#include "recipe/grafana/restored.h"

namespace lifeboat {

struct OrgImport {
  GrafanaApi& api;
  std::filesystem::path folder;  // export/org-N
  int64_t source_org = 0;        // N
  int64_t target_org = 0;        // where it goes
  const GrafanaSourceSecrets& secrets;
  GrafanaImport& report;
  const StopToken& stop;

  // Counts of one kind for the report.
  struct Tally {
    uint64_t made = 0;
    uint64_t overwritten = 0;
    uint64_t left = 0;
  };
  std::map<std::string, Tally> tallies = {};

  void note(std::string sentence) { report.notes.push_back(std::move(sentence)); }
  // Each file of `kind`, with the file's name as the context of what fails.
  void each(const char* kind, const std::function<void(const Json&)>& visit);
};

void import_folders(OrgImport& org);
void import_sources(OrgImport& org);
void import_elements(OrgImport& org);
void import_dashboards(OrgImport& org);
void import_teams(OrgImport& org);
void import_permissions(OrgImport& org);
void import_alerting(OrgImport& org);
void import_annotations(OrgImport& org);
void import_preferences(OrgImport& org);

// Of `from`, the members that `names` lists and that it has.
Json picked(const Json& from, std::initializer_list<const char*> names);

}  // namespace lifeboat
