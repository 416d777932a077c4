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

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t in_place_bytes_max = 64 << 20;
constexpr int same_second_max = 100;

bool is_there(const fs::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) return true;
  if (errno == ENOENT) return false;
  throw system_error(ErrorKind::service, format("look at '{}'", printable(path.native())), errno);
}

void rename_to(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return;
  const int reason = errno;
  throw system_error(ErrorKind::service,
                     format("move '{}' to '{}'", printable(from.native()), printable(to.native())),
                     reason);
}

// Makes `wanted`, or `wanted-2` and so on where an earlier replacement of the same second left one.
fs::path make_folder(const fs::path& wanted) {
  fs::path path = wanted;
  for (int number = 2; ::mkdir(path.c_str(), 0700) != 0; ++number) {
    const int reason = errno;
    if (reason != EEXIST || number > same_second_max) {
      throw system_error(ErrorKind::service, format("make folder '{}'", printable(path.native())),
                         reason);
    }
    path = wanted.native() + format("-{}", number);
  }
  return path;
}

// The file keeps its inode and owner, and gets the mode of `like`.
void write_into(const fs::path& path, const fs::path& like, std::string_view content) {
  struct stat status {};
  if (::lstat(like.c_str(), &status) != 0) {
    throw system_error(ErrorKind::service, format("look at '{}'", like.native()), errno);
  }
  const UniqueFd fd = open_file(path, O_WRONLY | O_TRUNC | O_NOFOLLOW);
  write_fd(fd.get(), as_bytes(content), path.native(), ErrorKind::service);
  if (::fchmod(fd.get(), status.st_mode & 07777) != 0 || ::fsync(fd.get()) != 0) {
    throw system_error(ErrorKind::service, format("write '{}'", path.native()), errno);
  }
}

// "20261127-120000"
std::string print_stamp(Timestamp now) {
  std::string date = print_date(date_of(now));
  date.erase(std::remove(date.begin(), date.end(), '-'), date.end());
  return date + "-" + print_compact_time_of_day(now);
}

// `<live><word><stamp>`, or `<word><stamp>` inside it if its parent is another filesystem.
fs::path place_beside(const fs::path& live, std::string_view word, std::string_view stamp) {
  struct stat own {};
  struct stat parents {};
  const fs::path folder = fs::canonical(live);
  const bool is_known =
      ::stat(folder.c_str(), &own) == 0 && ::stat(folder.parent_path().c_str(), &parents) == 0;
  const bool is_inside = !is_known || own.st_dev != parents.st_dev || !folder.has_relative_path();
  const std::string name = format("{}{}", word, stamp);
  if (is_inside) return folder / name;
  return folder.parent_path() / (folder.filename().native() + name);
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

class Replacement {
 public:
  Replacement(RecipeContext& context, const ReplaceWatch& watch)
      : watch_(watch), copy_(context.stop), stamp_(print_stamp(context.clock.now())) {}
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;
  ~Replacement() {
    undo();
    for (const fs::path& folder : staged_) {
      try {
        remove_tree(folder, ErrorKind::service);
      } catch (const std::exception& error) {
        log_line(LogLevel::error, error.what());
      }
    }
  }

  void stage(const FolderChange& change) {
    step("make the folder of the copies");
    const fs::path folder = make_folder(place_beside(change.live, ".new-", stamp_));
    staged_.push_back(folder);
    for (const auto& [name, restored] : change.put) {
      step("copy " + name);
      copy_.copy(restored, folder / name);
    }
    step("set modes");
    if (change.prepare) change.prepare(folder);
    const UniqueFd fd = open_file(folder, O_RDONLY | O_DIRECTORY);
    if (::syncfs(fd.get()) != 0) {
      throw system_error(ErrorKind::service, format("write to '{}'", folder.native()), errno);
    }
  }

  // `at`: which of the staged changes.
  void move(const FolderChange& change, size_t at, ReplaceReport& report) {
    step("make the folder of what goes");
    const fs::path kept = make_folder(place_beside(change.live, ".before-", stamp_));
    undo_.push_back([kept] { fs::remove(kept); });
    for (const auto& [name, restored] : change.put) {
      if (change.in_place.contains(name) && is_there(change.live / name)) {
        write_in_place(change.live / name, kept / name, staged_[at] / name);
        continue;
      }
      keep(change.live / name, kept / name);
      bring(staged_[at] / name, change.live / name);
    }
    for (const std::string& name : names_to_drop(change)) keep(change.live / name, kept / name);
    sync_directory(change.live, ErrorKind::service);
    report.done.push_back(format(
        "put {} into '{}'", print_count(change.put.size(), "restored entry", "restored entries"),
        printable(change.live.native())));
    kept_.push_back(kept);
  }

  // Nothing is undone from here on.
  void commit(ReplaceReport& report) {
    undo_.clear();
    for (const fs::path& kept : kept_) {
      if (::rmdir(kept.c_str()) != 0) report.kept.push_back(kept.native());
    }
  }

  void step(std::string_view what) const {
    if (watch_) watch_(what);
  }

 private:
  void keep(const fs::path& live, const fs::path& kept) {
    if (!is_there(live)) return;
    step("move away " + live.filename().native());
    rename_to(live, kept);
    undo_.push_back([live, kept] { rename_to(kept, live); });
  }

  void bring(const fs::path& staged, const fs::path& live) {
    step("bring " + live.filename().native());
    rename_to(staged, live);
    undo_.push_back([staged, live] { rename_to(live, staged); });
  }

  void write_in_place(const fs::path& live, const fs::path& kept, const fs::path& staged) {
    step("keep a copy of " + live.filename().native());
    copy_.copy(live, kept);
    undo_.push_back([kept] { fs::remove(kept); });
    const std::string content = read_file(staged, in_place_bytes_max);
    undo_.push_back([live, kept] { write_into(live, kept, read_file(kept, in_place_bytes_max)); });
    step("write into " + live.filename().native());
    write_into(live, staged, content);
  }

  void undo() noexcept {
    for (auto one = undo_.rbegin(); one != undo_.rend(); ++one) {
      try {
        (*one)();
      } catch (const std::exception& error) {
        log_line(LogLevel::error, format("undo a replacement: {}", error.what()));
      }
    }
    undo_.clear();
  }

  const ReplaceWatch& watch_;
  RestoredCopy copy_;
  std::string stamp_;
  std::vector<fs::path> staged_;
  std::vector<fs::path> kept_;
  std::vector<std::function<void()>> undo_;
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
  Replacement replacement(context, watch);
  for (const FolderChange& change : changes) replacement.stage(change);
  replacement.step("stop the container");
  still = keep_stopped(service, context);
  for (size_t at = 0; at < changes.size(); ++at) replacement.move(changes[at], at, report);
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
