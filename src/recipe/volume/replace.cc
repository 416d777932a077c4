#include "recipe/volume/replace.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "io/files.h"
#include "io/folder.h"
#include "recipe/volume/copy.h"
#include "recipe/volume/replace_note.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr int same_second_max = 100;

void make_folder(const fs::path& path) {
  if (::mkdir(path.c_str(), 0700) == 0) return;
  const int reason = errno;
  throw system_error(ErrorKind::service, format("make folder '{}'", printable(path.native())),
                     reason);
}

// "20261127-120000"
std::string print_stamp(Timestamp now) {
  std::string date = print_date(date_of(now));
  date.erase(std::remove(date.begin(), date.end(), '-'), date.end());
  return date + "-" + print_compact_time_of_day(now);
}

// `<live><word><stamp>`, or `<word><stamp>` inside it if its parent is another filesystem; with
// `-2` and so on where an earlier replacement of the same second left one.
fs::path place_beside(const fs::path& live, std::string_view word, std::string_view stamp) {
  struct stat own {};
  struct stat parents {};
  const fs::path folder = fs::canonical(live);
  const bool is_known =
      ::stat(folder.c_str(), &own) == 0 && ::stat(folder.parent_path().c_str(), &parents) == 0;
  const bool is_inside = !is_known || own.st_dev != parents.st_dev || !folder.has_relative_path();
  const std::string name = format("{}{}", word, stamp);
  const fs::path wanted =
      is_inside ? folder / name : folder.parent_path() / (folder.filename().native() + name);
  fs::path path = wanted;
  for (int number = 2; is_there(path) && number <= same_second_max; ++number) {
    path = wanted.native() + format("-{}", number);
  }
  return path;
}

// The children that go, asked only once nobody makes new ones.
std::set<std::string> names_to_drop(const FolderChange& change) {
  std::set<std::string> names = change.drop;
  if (!change.is_whole) return names;
  for (const fs::path& entry : list_folder(change.live, ErrorKind::service)) {
    const std::string name = entry.filename().native();
    // What is kept inside the folder is not the service's.
    const bool is_ours = name.starts_with(".before-") || name.starts_with(".new-");
    if (!change.put.contains(name) && !is_ours) names.insert(name);
  }
  return names;
}

std::vector<NotedFolder> note_places(const std::vector<FolderChange>& changes, Timestamp now) {
  const std::string stamp = print_stamp(now);
  std::vector<NotedFolder> noted;
  for (const FolderChange& change : changes) {
    NotedFolder folder{.live = fs::absolute(change.live),
                       .staged = place_beside(change.live, ".new-", stamp),
                       .kept = place_beside(change.live, ".before-", stamp),
                       .in_place = change.in_place};
    for (const auto& [name, restored] : change.put) folder.put.insert(name);
    noted.push_back(std::move(folder));
  }
  return noted;
}

class Replacement {
 public:
  Replacement(const Service& service, const std::vector<FolderChange>& changes,
              RecipeContext& context, const ReplaceWatch& watch)
      : changes_(changes),
        watch_(watch),
        copy_(context.stop),
        folders_(note_places(changes, context.clock.now())),
        note_(context.state_dir, service.name, folders_, context.random) {}
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;
  ~Replacement() {
    bool is_clean = is_committed_ || try_to([&] { note_.set_moved(false); });
    for (auto folder = folders_.rbegin(); folder != folders_.rend(); ++folder) {
      is_clean &= try_to([&] {
        if (is_committed_) {
          remove_staged(*folder);
        } else {
          put_back(*folder);
        }
      });
    }
    if (is_clean) note_.remove();
  }

  void stage() {
    for (size_t at = 0; at < changes_.size(); ++at) stage(changes_[at], folders_[at]);
  }
  void move(ReplaceReport& report) {
    for (size_t at = 0; at < changes_.size(); ++at) move(changes_[at], folders_[at], report);
    note_.set_moved(true);
  }

  // Nothing is undone from here on.
  void commit(ReplaceReport& report) {
    is_committed_ = true;
    for (const NotedFolder& folder : folders_) {
      if (::rmdir(folder.kept.c_str()) != 0) report.kept.push_back(folder.kept.native());
    }
  }

  void step(std::string_view what) const {
    if (watch_) watch_(what);
  }

 private:
  template <typename Step>
  static bool try_to(Step undo) noexcept {
    try {
      undo();
      return true;
    } catch (const std::exception& error) {
      log_line(LogLevel::error,
               format("undo a replacement: {}; the next run tries again", error.what()));
      return false;
    }
  }

  void stage(const FolderChange& change, const NotedFolder& folder) {
    step("make the folder of the copies");
    make_folder(folder.staged);
    for (const auto& [name, restored] : change.put) {
      step("copy " + name);
      copy_.copy(restored, folder.staged / name);
    }
    step("set modes");
    if (change.prepare) change.prepare(folder.staged);
    const UniqueFd fd = open_file(folder.staged, O_RDONLY | O_DIRECTORY);
    if (::syncfs(fd.get()) != 0) {
      throw system_error(ErrorKind::service, format("write to '{}'", folder.staged.native()),
                         errno);
    }
  }

  // All that goes before the first that comes: a database must never lie beside another one's log,
  // which SQLite would write into it. And durably so: of what was not synced, a power cut may undo
  // the move away and keep what came over it, or lose the name of the folder with all old files.
  void move(const FolderChange& change, const NotedFolder& folder, ReplaceReport& report) {
    step("make the folder of what goes");
    make_folder(folder.kept);
    sync_directory(folder.kept.parent_path(), ErrorKind::service);
    const auto is_in_place = [&](const std::string& name) {
      return change.in_place.contains(name) && is_there(folder.live / name);
    };
    std::set<std::string> coming;
    for (const auto& [name, restored] : change.put) {
      if (!is_in_place(name)) coming.insert(name);
    }
    for (const std::string& name : coming) keep(name, folder);
    for (const std::string& name : names_to_drop(change)) keep(name, folder);
    sync_directory(folder.kept, ErrorKind::service);
    sync_directory(folder.live, ErrorKind::service);
    for (const auto& [name, restored] : change.put) {
      if (!coming.contains(name)) write_in_place(name, folder);
    }
    for (const std::string& name : coming) {
      step("bring " + name);
      rename_to(folder.staged / name, folder.live / name);
    }
    sync_directory(folder.live, ErrorKind::service);
    report.done.push_back(format(
        "put {} into '{}'", print_count(change.put.size(), "restored entry", "restored entries"),
        printable(change.live.native())));
  }

  void keep(const std::string& name, const NotedFolder& folder) {
    if (!is_there(folder.live / name)) return;
    step("move away " + name);
    rename_to(folder.live / name, folder.kept / name);
  }

  // The copy has its name once it is whole and durable: what is written back must be.
  void write_in_place(const std::string& name, const NotedFolder& folder) {
    step("keep a copy of " + name);
    const fs::path copy = folder.kept / unfinished_copy;
    copy_.copy(folder.live / name, copy);
    const UniqueFd fd = open_file(folder.kept, O_RDONLY | O_DIRECTORY);
    if (::syncfs(fd.get()) != 0) {
      throw system_error(ErrorKind::service, format("write to '{}'", folder.kept.native()), errno);
    }
    rename_to(copy, folder.kept / name);
    sync_directory(folder.kept, ErrorKind::service);
    step("write into " + name);
    write_into(folder.live / name, folder.staged / name);
  }

  const std::vector<FolderChange>& changes_;
  const ReplaceWatch& watch_;
  RestoredCopy copy_;
  std::vector<NotedFolder> folders_;
  ReplaceNote note_;
  bool is_committed_ = false;
};

}  // namespace

FolderChange whole_folder(const fs::path& live, const fs::path& restored) {
  FolderChange change{.live = live, .is_whole = true};
  for (const fs::path& entry : list_folder(restored, ErrorKind::service)) {
    change.put.emplace(entry.filename().native(), entry);
  }
  return change;
}

void put_database(FolderChange& change, const std::string& name, const fs::path& restored) {
  change.put.insert_or_assign(name, restored);
  for (const char* end : {"-wal", "-shm", "-journal"}) change.drop.insert(name + end);
}

ReplaceReport replace_folders(const Service& service, const std::vector<FolderChange>& changes,
                              RecipeContext& context, const ReplaceWatch& watch) {
  ReplaceReport report;
  std::unique_ptr<StillContainer> still;  // runs again after the undoing
  Replacement replacement(service, changes, context, watch);
  replacement.stage();
  replacement.step("stop the container");
  still = keep_stopped(service, context);
  replacement.move(report);
  replacement.step("start the container");
  try {
    if (still) still->end();
  } catch (Error& error) {
    error.add_hint(
        "The old files are back. Start it by hand; the next backup tries again as well.");
    throw;
  }
  report.done.push_back(still ? "the container was stopped meanwhile and is as it was before"
                              : "found no container to stop: restart what uses the files");
  replacement.commit(report);
  return report;
}

}  // namespace lifeboat
