#include "recipe/volume/survey.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "base/format.h"
#include "base/text.h"
#include "io/files.h"
#include "io/folder.h"
#include "recipe/details.h"
#include "recipe/volume/folder.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

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

Error nothing_to_damage(std::string_view what) {
  return Error(ErrorKind::service, format("damage the folder: {}", what));
}

void empty_folder(const RestoredService& restored) {
  if (detail_number(restored.expected.details, "files") == 0)
    throw nothing_to_damage("it is empty");
  for (const fs::path& entry : list_folder(restored.directory, ErrorKind::service)) {
    remove_tree(entry, ErrorKind::service);
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

}  // namespace

void Survey::add_folder(const fs::path& folder, const std::string& prefix,
                        const TreeOptions& options) {
  TreeWalk walk(folder, options.exclude, options.stop, options.only);
  while (const std::optional<TreeEntry> entry = walk.next()) add(*entry, prefix);
}

void Survey::add(const TreeEntry& entry, const std::string& prefix) {
  if (is_side_file(entry)) return;  // a database's snapshot holds what is in it
  count_entry(counts_, entry.status);
  databases_.look(entry, prefix);
  const auto size = static_cast<uint64_t>(entry.status.st_size);
  const bool is_larger = S_ISREG(entry.status.st_mode) && size > largest_bytes_;
  if (!is_larger || printable(entry.path) != entry.path) return;
  largest_ = prefix + entry.path;
  largest_bytes_ = size;
}

void Survey::note(Facts& facts) const {
  facts.items.push_back({"files", counts_.files, "file", "files", false});
  facts.details["files"] = counts_.files;
  facts.details["bytes"] = counts_.bytes;
  if (largest_.empty()) return;
  facts.details["largest"] = {{"path", largest_}, {"bytes", largest_bytes_}};
}

void Survey::correct(Facts& facts, const Member& member) const {
  if (largest_.empty() || member.meta.path != largest_ || !member.size) return;
  facts.details["largest"]["bytes"] = *member.size;
}

std::vector<ProbeResult> probe_survey(const RestoredService& restored, RecipeContext& context) {
  std::vector<ProbeResult> answers;
  answers.push_back(probe_counts(restored, count_tree(restored.directory, {.stop = context.stop})));
  const Json largest = detail_object(restored.expected.details, "largest");
  if (!largest.empty()) answers.push_back(probe_largest(restored, largest));
  answers.push_back(probe_sqlite_files(restored.directory, {}, context.stop));
  return answers;
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

std::vector<Sabotage> survey_sabotages() {
  return {{"emptied folder", "everything in the folder was removed", empty_folder},
          {"truncated file", "the largest file was cut to half its size", cut_largest}};
}

void remove_first_listed(const RestoredService& restored, std::string_view name) {
  const auto listed = detail_list(restored.expected.details, name);
  if (listed.empty() || !is_inner_path(listed.front())) {
    throw nothing_to_damage(format("no path is listed under '{}'", name));
  }
  remove_tree(restored.directory / listed.front(), ErrorKind::service);
}

}  // namespace lifeboat
