// The files of an export, kept aside encrypted until their members are asked for, and where each
// thing of Grafana lies among them. Private to the recipe.
//
//   export/org-1/org.json                          {"id", "name"}
//   export/org-1/folders/UID.json                  as GET /api/folders/UID gives it
//   export/org-1/folder-permissions/UID.json
//   export/org-1/datasources/UID.json
//   export/org-1/library-elements/UID.json
//   export/org-1/dashboards/UID.json               {"meta", "dashboard"}
//   export/org-1/dashboard-permissions/UID.json
//   export/org-1/teams/NAME.json                   {"team", "members"}
//   export/org-1/templates/NAME.json, mute-timings/NAME.json, contact-points/UID.json
//   export/org-1/contact-points-export.json        with secrets, in the form of file provisioning
//   export/org-1/policies.json, users.json, preferences.json, annotations.json
//   export/org-1/alert-rules/FOLDER%2FGROUP.json   {"title", "folderUid", "interval", "rules"}
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "recipe/recipe.h"
#include "recipe/scratch_file.h"

namespace lifeboat {

inline constexpr const char* grafana_export_folder = "export";

// A kind of thing that has a file each.
struct GrafanaKind {
  const char* folder;  // below export/org-N/
  const char* item;    // key in Facts
  const char* singular;
  const char* plural;
  bool headline;
};
// In the order of an import.
const std::vector<GrafanaKind>& grafana_kinds();

// `name` as a file's name: percent-encoded, and cut with a hash behind it if it gets too long.
std::string grafana_file_name(const std::string& name);

class ExportFiles {
 public:
  ExportFiles(const std::filesystem::path& spool_dir, Random& random);

  // `path` is relative to the service's folder. What was there is replaced.
  void put(const std::string& path, const Json& value);
  void drop(const std::string& path) { entries_.erase(path); }
  // How many lie below `folder`.
  size_t count_below(const std::string& folder) const;

  // As members, sorted by path; the files must not change afterwards.
  std::vector<Member> members(Timestamp mtime) const;
  // As files of mode 0600 below `folder`.
  void write_to(const std::filesystem::path& folder) const;
  uint64_t bytes() const { return content_->size(); }

 private:
  struct Entry {
    uint64_t offset = 0;
    uint64_t size = 0;
  };

  std::shared_ptr<ScratchFile> content_;
  std::map<std::string, Entry> entries_;
};

}  // namespace lifeboat
