// Folders and files: who may change what runs rely on, and whether there is room.
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/check/check_run.h"
#include "cli/job_request.h"
#include "codec/frame_cache.h"
#include "io/files.h"
#include "io/own_directory.h"
#include "observe/host_state.h"

namespace lifeboat::cli {
namespace {

namespace fs = std::filesystem;
using Level = Finding::Level;

constexpr uint64_t free_bytes_wanted = 1024ULL * 1024 * 1024;
constexpr long tmpfs_magic = 0x01021994;  // linux/magic.h
// Their files are streamed with a known size and never spooled.
constexpr std::array<std::string_view, 5> unspooled_recipes{"caddy", "files", "traefik", "volume",
                                                            "waha"};

// Who may write to a folder can exchange what lies in it, whatever the file's own mode.
void check_way(CheckRun& run, const fs::path& file, std::string_view key,
               std::set<fs::path>& seen) {
  for (fs::path folder = fs::absolute(file).parent_path(); seen.insert(folder).second;
       folder = folder.parent_path()) {
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0 || (status.st_mode & S_ISVTX) != 0) continue;
    const std::string name = printable(folder.native());
    std::string who;
    if ((status.st_mode & S_IWOTH) != 0) {
      who =
          format("others may write to the folder '{}' (mode {:04o})", name, status.st_mode & 07777);
    } else if ((status.st_mode & S_IWGRP) != 0 && status.st_gid != 0 &&
               status.st_gid != ::getegid()) {
      who = format("a group may write to the folder '{}' (mode {:04o}, group {})", name,
                   status.st_mode & 07777, status.st_gid);
    } else if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
      who = format("the folder '{}' belongs to another user ({})", name, status.st_uid);
    }
    if (who.empty()) continue;
    const Level level = (status.st_mode & S_IWOTH) != 0 ? Level::error : Level::warning;
    run.add(ErrorKind::config, "files",
            {level, format("{} and can exchange '{}'", who, printable(file.native())),
             format("Run: chmod go-w {0} (and chown root {0}), or move the file.", name)},
            key);
  }
}

void check_files(CheckRun& run) {
  const Config& config = run.config();
  std::set<fs::path> seen;
  check_way(run, run.context.config_path(), "", seen);
  for (const fs::path& file : config.secret_files) check_way(run, file, "", seen);
  if (config.signing.key_file) check_way(run, *config.signing.key_file, "signing.key_file", seen);
  if (config.drill && config.drill->identity) {
    check_way(run, *config.drill->identity, "drill.identity", seen);
  }
  if (!config.encryption.recipients_file) return;
  const fs::path& file = *config.encryption.recipients_file;
  constexpr std::string_view key = "encryption.recipients_file";
  check_way(run, file, key, seen);
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0 || (status.st_mode & 022) == 0) return;
  run.add(ErrorKind::config, "recipients",
          {Level::error,
           format("others may change '{}' (mode {:04o}): a key that they add reads every backup",
                  printable(file.native()), status.st_mode & 07777),
           format("Run: chmod go-w {}", printable(file.native()))},
          key);
}

struct Room {
  std::string what;  // "spool folder"
  std::string key;
  fs::path path;
  uint64_t needed = 0;  // bytes, by the last run; 0: not known
  bool holds_data = true;
};

// A folder that a run makes if it is missing is fine as long as it can be made.
void check_room(CheckRun& run, const Room& room) {
  const fs::path existing = existing_part(room.path);
  std::error_code ignored;
  if (!fs::is_directory(existing, ignored)) {
    throw Error(ErrorKind::config, format("'{}' is not a folder", printable(existing.native())))
        .hint(format("Name another one with {}.", room.key));
  }
  if (existing == room.path) ensure_own_directory(existing, ErrorKind::config);
  try {
    open_nameless_file(existing, ErrorKind::config);  // as a spool file: gone at once
  } catch (Error& error) {
    error.add_hint(format("Let the user that runs backups write there, or set {}.", room.key));
    throw;
  }
  struct statvfs space {};
  struct statfs kind {};
  if (::statvfs(existing.c_str(), &space) != 0 || ::statfs(existing.c_str(), &kind) != 0) {
    throw system_error(ErrorKind::config, format("ask for free space of '{}'", existing.native()),
                       errno);
  }
  const uint64_t free_bytes = uint64_t{space.f_bavail} * space.f_frsize;
  const std::string told =
      format("'{}': {} free", printable(room.path.native()), print_bytes(free_bytes));
  const std::string hint =
      format("Free some space, or set {} to a folder on another disk.", room.key);
  if (space.f_files > 0 && space.f_favail == 0) {
    run.add(ErrorKind::config, room.what,
            {Level::error, format("'{}': no inode is free", printable(room.path.native())),
             "Remove files that nobody needs: many small ones fill a disk too."},
            room.key);
  } else if (free_bytes < room.needed) {
    run.add(ErrorKind::config, room.what,
            {Level::error, format("{}, and the last run needed {}", told, print_bytes(room.needed)),
             hint},
            room.key);
  } else if (room.holds_data && free_bytes < std::max(free_bytes_wanted, room.needed / 2 * 3)) {
    run.add(
        ErrorKind::config, room.what,
        {Level::warning,
         room.needed == 0 ? told
                          : format("{}; the last run needed {}", told, print_bytes(room.needed)),
         hint},
        room.key);
  } else if (room.holds_data && kind.f_type == tmpfs_magic) {
    run.add(ErrorKind::config, room.what,
            {Level::warning, told + ", and it is memory (tmpfs)", hint}, room.key);
  } else {
    run.add(ErrorKind::config, room.what, {Level::ok, told, ""});
  }
}

// Of the largest dump, compressed as well as the whole archive was: one lies there at a time.
uint64_t spool_need(const Config& config, const HostState& state) {
  uint64_t needed = 0;
  for (const JobState& job : state.jobs) {
    const double ratio = job.raw_bytes == 0 ? 1
                                            : static_cast<double>(job.archive_bytes) /
                                                  static_cast<double>(job.raw_bytes);
    for (const ServiceState& service : job.services) {
      const ServiceConfig* known = config.find_service(service.name);
      if (known == nullptr || std::ranges::count(unspooled_recipes, known->recipe) > 0) continue;
      needed = std::max(needed,
                        static_cast<uint64_t>(static_cast<double>(service.source_bytes) * ratio));
    }
  }
  return needed;
}

uint64_t scratch_need(const HostState& state) {
  uint64_t needed = 0;
  for (const JobState& job : state.jobs) needed = std::max(needed, job.raw_bytes);
  return needed;
}

// It costs time only, and so is never worse than a warning.
void check_cache(CheckRun& run, const HostState& state) {
  const Config& config = run.config();
  fs::path folder;
  uint64_t night_bytes = 0;  // of all jobs that use it, by their last runs
  for (const JobConfig& job : config.jobs) {
    const auto its_folder = frame_cache_folder(make_backup_request(config, job), config.state_dir);
    if (!its_folder) continue;
    folder = *its_folder;
    for (const JobState& known : state.jobs) {
      if (known.name == job.name) night_bytes += known.archive_bytes;
    }
  }
  if (folder.empty()) return;
  const uint64_t bytes_max = config.cache_bytes_max;
  const std::string told =
      format("'{}': {} of {} used", printable(folder.native()),
             print_bytes(FrameCache::bytes_in(folder)), print_bytes(bytes_max));
  Finding finding{Level::ok, told, ""};
  if (const std::string trouble = FrameCache::trouble_with(folder); !trouble.empty()) {
    finding = {
        Level::warning, printable(trouble),
        "Remove it: the next run makes it anew. Until then each night compresses everything."};
  } else if (night_bytes > bytes_max) {
    finding = {
        Level::warning, format("{}, and the last runs stored {}", told, print_bytes(night_bytes)),
        "Give compression.cache more than that: what does not fit is compressed each night."};
  }
  run.add(ErrorKind::config, "frame cache", finding, "compression.cache");
}

}  // namespace

void check_places(CheckRun& run) {
  const Config& config = run.config();
  check_files(run);
  HostState state;
  run.guarded(ErrorKind::config, "state folder", [&] {
    state = StateFile(config.state_dir, config.host, run.context.random()).load();
  });
  std::vector<Room> rooms{
      {"spool folder", "spool_dir", config.spool_dir, spool_need(config, state)},
      {"state folder", "state_dir", config.state_dir, 0, false}};
  if (config.drill) {
    rooms.push_back(
        {"drill scratch folder", "drill.scratch", config.drill->scratch, scratch_need(state)});
  }
  for (const Room& room : rooms) {
    run.guarded(
        ErrorKind::config, room.what, [&] { check_room(run, room); }, room.key);
  }
  run.guarded(ErrorKind::config, "frame cache", [&] { check_cache(run, state); });
}

}  // namespace lifeboat::cli
