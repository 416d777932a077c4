#include "recipe/volume/recipe_volume.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/format.h"
#include "base/text.h"
#include "io/files.h"
#include "recipe/details.h"
#include "recipe/volume/folder.h"
#include "recipe/volume/locate.h"
#include "recipe/volume/walk.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

TreeOptions tree_options(const Settings& settings, const StopToken& stop) {
  TreeOptions options;
  options.exclude = settings.list("exclude");
  options.must = settings.list("must");
  options.stop = stop;
  return options;
}

// What the walk before the backup finds. Its numbers are for the drill; see probe_counts().
struct Survey {
  TreeCounts counts;
  std::string largest;  // relative path, only if JSON can hold its name
  uint64_t largest_bytes = 0;
};

Survey survey(const fs::path& folder, const std::vector<std::string>& exclude,
              const StopToken& stop) {
  Survey found;
  TreeWalk walk(folder, exclude, stop);
  while (const std::optional<TreeEntry> entry = walk.next()) {
    count_entry(found.counts, entry->status);
    const auto size = static_cast<uint64_t>(entry->status.st_size);
    const bool is_larger = S_ISREG(entry->status.st_mode) && size > found.largest_bytes;
    if (!is_larger || printable(entry->path) != entry->path) continue;
    found.largest = entry->path;
    found.largest_bytes = size;
  }
  return found;
}

class VolumePlan final : public ServicePlan {
 public:
  VolumePlan(const Service& service, RecipeContext& context)
      : folder_(locate_folder(service)), tree_(folder_, options(service, context.stop)) {
    const Survey found = survey(folder_, service.settings.list("exclude"), context.stop);
    facts_.items.push_back({"files", found.counts.files, "file", "files", false});
    facts_.details = folder_details(service, folder_);
    facts_.details["files"] = found.counts.files;
    facts_.details["bytes"] = size_estimate_ = found.counts.bytes;
    if (!found.largest.empty()) {
      facts_.details["largest"] = {{"path", found.largest}, {"bytes", found.largest_bytes}};
    }
    facts_.details["must"] = service.settings.list("must");
    for (const std::string& pattern : service.settings.list("exclude")) {
      facts_.missing.push_back(
          format("files that match '{}', as 'exclude' asks", printable(pattern)));
    }
    facts_.consistency =
        "Files were copied one after another while the service ran: each is as it was at one "
        "moment where the kernel's times can tell, but not all at the same moment.";
  }

  const Facts& facts() const override { return facts_; }
  uint64_t size_estimate() const override { return size_estimate_; }
  std::optional<Member> next() override { return tree_.next(); }

  std::vector<std::string> warnings() const override {
    std::vector<std::string> all = tree_.warnings();
    for (std::string& note : databases_.list()) all.push_back(std::move(note));
    return all;
  }

 private:
  TreeOptions options(const Service& service, const StopToken& stop) {
    TreeOptions options = tree_options(service.settings, stop);
    options.sqlite = [this](const fs::path&, const FileMeta& meta) -> std::optional<Member> {
      databases_.add(
          format("'{}' is a SQLite database inside a raw copy, which a writer may have "
                 "torn: protect it with the recipe 'sqlite' as well",
                 printable(meta.path)));
      return std::nullopt;
    };
    return options;
  }

  Notes databases_;  // before tree_, whose hook fills it
  fs::path folder_;
  TreeMembers tree_;
  uint64_t size_estimate_ = 0;
  Facts facts_;
};

// Files may vanish between the walk that counts and the one that reads, so some may be missing: 1 %
// and 10 more. What is lost beyond the tree itself, in the archive, the engine finds by its index,
// which holds every member's hash.
ProbeResult probe_counts(const RestoredService& restored, const TreeCounts& found) {
  const uint64_t expected = detail_number(restored.expected.details, "files");
  const uint64_t spare = std::min(expected, expected / 100 + 10);
  const uint64_t least = expected == 0 ? 0 : std::max<uint64_t>(1, expected - spare);
  return {"no more files are missing than may have vanished", found.files >= least,
          format(">= {} files", least), print_count(found.files, "file", "files"),
          format("{} files and {} at backup time, {} now", expected,
                 print_bytes(detail_number(restored.expected.details, "bytes")),
                 print_bytes(found.bytes))};
}

std::optional<struct stat> status_of(const fs::path& folder, const std::string& path) {
  struct stat status {};
  if (!is_inner_path(path) || ::lstat((folder / path).c_str(), &status) != 0) return std::nullopt;
  return status;
}

// Logs are rotated and databases shrink, hence not the exact size; a torn copy of the file that
// matters most is much smaller.
ProbeResult probe_largest(const RestoredService& restored, const Json& largest) {
  const std::string path = detail_text(largest, "path");
  const uint64_t least = detail_number(largest, "bytes") / 4 * 3;
  const auto status = status_of(restored.directory, path);
  const std::string expected = format(">= {} bytes", least);
  // It may have vanished before it was read: `probe_counts` and the index watch over that.
  const bool is_there = status && S_ISREG(status->st_mode);
  const auto found = is_there ? static_cast<uint64_t>(status->st_size) : 0;
  return {"the largest file has its size", !is_there || found >= least, expected,
          is_there ? format("{} bytes", found) : "no such file", printable(path)};
}

ProbeResult probe_must(const RestoredService& restored, const std::vector<std::string>& must) {
  ProbeResult answer{"every must-have path is there", true,
                     print_count(must.size(), "path", "paths"),
                     print_count(must.size(), "path", "paths"), ""};
  for (const std::string& path : must) {
    if (status_of(restored.directory, path)) continue;
    answer.passed = false;
    answer.found = format("'{}' is missing", printable(path));
  }
  return answer;
}

Error nothing_to_damage(std::string_view what) {
  return Error(ErrorKind::service, format("damage the folder: {}", what));
}

void remove_must(const RestoredService& restored) {
  const auto must = detail_list(restored.expected.details, "must");
  if (must.empty() || !is_inner_path(must.front())) throw nothing_to_damage("nothing is 'must'");
  remove_tree(restored.directory / must.front(), ErrorKind::service);
}

void empty_folder(const RestoredService& restored) {
  if (detail_number(restored.expected.details, "files") == 0)
    throw nothing_to_damage("it is empty");
  for (const auto& entry : fs::directory_iterator(restored.directory)) {
    remove_tree(entry.path(), ErrorKind::service);
  }
}

void cut_largest(const RestoredService& restored) {
  const Json largest = detail_object(restored.expected.details, "largest");
  const std::string path = detail_text(largest, "path");
  if (!is_inner_path(path)) throw nothing_to_damage("there is no file with content");
  const auto half = static_cast<off_t>(detail_number(largest, "bytes") / 2);
  if (::truncate((restored.directory / path).c_str(), half) != 0) {
    throw system_error(ErrorKind::service, "cut the largest file", errno);
  }
}

class VolumeRecipe final : public Recipe {
 public:
  const RecipeInfo& info() const override {
    static const RecipeInfo info = [] {
      RecipeInfo made{"volume", "a folder or Docker volume, file by file", locate_options()};
      made.options.push_back({"exclude", OptionType::list, false,
                              "patterns of what to leave out, like `cache/**` or `*.log`"});
      made.options.push_back({"must", OptionType::list, false,
                              "paths without which the backup fails, relative to the folder"});
      return made;
    }();
    return info;
  }

  std::vector<Finding> check(const Service& service, RecipeContext& context) const override {
    return check_folder(service, tree_options(service.settings, context.stop));
  }

  std::unique_ptr<ServicePlan> plan(const Service& service, RecipeContext& context) const override {
    return std::make_unique<VolumePlan>(service, context);
  }

  std::string restore_card(const Service& service, const Facts& facts) const override {
    return folder_restore_steps(service, facts);
  }

  std::vector<ProbeResult> probe(const RestoredService& restored,
                                 RecipeContext& context) const override {
    TreeOptions options;
    options.stop = context.stop;
    std::vector<ProbeResult> answers;
    answers.push_back(probe_counts(restored, count_tree(restored.directory, options)));
    const Json largest = detail_object(restored.expected.details, "largest");
    if (!largest.empty()) answers.push_back(probe_largest(restored, largest));
    const auto must = detail_list(restored.expected.details, "must");
    if (!must.empty()) answers.push_back(probe_must(restored, must));
    answers.push_back(probe_sqlite_files(restored.directory, {}, context.stop));
    return answers;
  }

  std::vector<Sabotage> sabotages() const override {
    return {{"missing must-have path", "the first path under 'must' was removed", remove_must},
            {"emptied folder", "everything in the folder was removed", empty_folder},
            {"truncated file", "the largest file was cut to half its size", cut_largest}};
  }
};

}  // namespace

std::unique_ptr<Recipe> make_volume_recipe() { return std::make_unique<VolumeRecipe>(); }

}  // namespace lifeboat
