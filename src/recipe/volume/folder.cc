#include "recipe/volume/folder.h"

#include <fcntl.h>

#include "base/format.h"
#include "base/text.h"
#include "io/fd.h"
#include "io/no_links.h"
#include "recipe/container.h"
#include "recipe/details.h"
#include "recipe/sqlite/sqlite.h"
#include "recipe/volume/live_file.h"
#include "recipe/volume/locate.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr off_t sqlite_mark_bytes = 16;  // what is smaller need not be read

std::string integrity_of(const fs::path& file, const StopToken& stop) {
  try {
    SqliteDatabase database(file, SqliteOpen::copy, stop);
    const std::vector<std::string> lines = database.query_list("PRAGMA integrity_check");
    return lines.empty() ? "no answer" : lines.front();
  } catch (const Error& error) {
    return error.what();
  }
}

bool has_bytes(const fs::path& file) {
  std::error_code error;
  const uint64_t size = fs::file_size(file, error);
  return !error && size > 0;
}

}  // namespace

Json folder_details(const Service& service, const fs::path& folder) {
  const std::string volume = service.settings.text("volume");
  const struct stat status =
      stat_fd(open_without_links(folder, O_RDONLY | O_DIRECTORY).get(), folder.native());
  Json details = Json::object();
  details["source"] = volume.empty() ? printable(folder.native()) : format("volume '{}'", volume);
  details["root"] = {{"mode", format("{:04o}", status.st_mode & 07777)},
                     {"uid", status.st_uid},
                     {"gid", status.st_gid}};
  return details;
}

std::string folder_restore_steps(const Service& service, const Facts& facts) {
  const std::string volume = service.settings.text("volume");
  const std::string path = service.settings.text("path");
  const std::string container = detail_text(detail_object(facts.details, "container"), "name");
  std::string steps =
      container.empty() ? "Stop the service first, then:\n\n"
                        : format("Stop the service first (`docker stop {}`), then:\n\n", container);
  std::string target = shell_word(printable(path));
  if (!volume.empty()) {
    steps += format("    docker volume create {}\n", volume);
    target = format("\"$(docker volume inspect -f '{{{{.Mountpoint}}}}' {})\"", volume);
  }
  steps += format("    cp -a {}/. {}/\n", shell_word(service.name), target);
  const Json root = detail_object(facts.details, "root");
  steps += format("    chown {}:{} {} && chmod {} {}\n", detail_number(root, "uid"),
                  detail_number(root, "gid"), target, detail_text(root, "mode", "0755"), target);
  if (!container.empty()) steps += format("\nStart it again: `docker start {}`.\n", container);
  return steps +
         "\nExtract with `tar -xp --numeric-owner`: the ids are those inside the container.\n";
}

std::vector<Finding> check_folder(const Service& service, const TreeOptions& options,
                                  RecipeContext& context) {
  try {
    const fs::path folder = locate_folder(service, context);
    const TreeMembers tree(folder, options);
    std::vector<Finding> findings = check_container(service, context);
    findings.insert(
        findings.begin(),
        {Finding::Level::ok, format("folder '{}' can be read", printable(folder.native())), ""});
    return findings;
  } catch (const Error& error) {
    return {finding_of(error)};
  }
}

Finding finding_of(const Error& error) {
  return {Finding::Level::error, error.what(), error.hints().empty() ? "" : error.hints().front()};
}

ProbeResult probe_sqlite_files(const fs::path& folder, const std::vector<std::string>& exclude,
                               const StopToken& stop) {
  ProbeResult answer{"every SQLite file passes integrity_check", true, "ok", "ok", ""};
  uint64_t asked = 0;
  uint64_t with_log = 0;
  TreeWalk walk(folder, exclude, stop);
  while (const std::optional<TreeEntry> entry = walk.next()) {
    if (!S_ISREG(entry->status.st_mode) || entry->status.st_size < sqlite_mark_bytes) continue;
    const UniqueFd fd = open_below(entry->parent_fd, entry->name, O_RDONLY);
    if (!fd || !begins_as_sqlite(fd.get())) continue;
    const fs::path file = folder / entry->path;
    if (has_bytes(file.native() + "-wal")) {
      ++with_log;
      continue;
    }
    ++asked;
    const std::string found = integrity_of(file, stop);
    if (found == "ok" || !answer.passed) continue;
    answer.passed = false;
    answer.found = format("'{}': {}", printable(entry->path), printable(found));
  }
  answer.evidence = print_count(asked, "database", "databases") + " asked";
  if (with_log > 0) answer.evidence += format(", {} with a write-ahead log not asked", with_log);
  return answer;
}

}  // namespace lifeboat
