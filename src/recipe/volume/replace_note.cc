#include "recipe/volume/replace_note.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "io/files.h"
#include "io/folder.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t in_place_bytes_max = 64 << 20;
constexpr uint64_t note_bytes_max = 256 << 20;
constexpr std::string_view note_prefix = "replacing-";

// Fields that end with a NUL, since a name may hold all else: a word, then what it tells. "noted"
// ends what is written before anything is made.
constexpr std::string_view word_service = "service";
constexpr std::string_view word_live = "live";
constexpr std::string_view word_staged = "staged";
constexpr std::string_view word_kept = "kept";
constexpr std::string_view word_put = "put";
constexpr std::string_view word_in_place = "in_place";
constexpr std::string_view word_noted = "noted";
constexpr std::string_view word_moved = "moved";
constexpr std::string_view yes = "yes";

struct Noted {
  std::string service;
  std::vector<NotedFolder> folders;
  bool is_whole = false;
  bool is_moved = false;
};

void add_field(std::string& text, std::string_view word, std::string_view value) {
  text.append(word).push_back('\0');
  text.append(value).push_back('\0');
}

std::string print_note(std::string_view service, const std::vector<NotedFolder>& folders) {
  std::string text;
  add_field(text, word_service, service);
  for (const NotedFolder& folder : folders) {
    add_field(text, word_live, folder.live.native());
    add_field(text, word_staged, folder.staged.native());
    add_field(text, word_kept, folder.kept.native());
    for (const std::string& name : folder.put) add_field(text, word_put, name);
    for (const std::string& name : folder.in_place) add_field(text, word_in_place, name);
  }
  add_field(text, word_noted, "");
  return text;
}

Noted parse_note(std::string_view text) {
  Noted note;
  std::vector<std::string> fields = split(text, '\0');
  fields.pop_back();  // behind the last NUL: nothing, or a field that was cut off
  for (size_t at = 0; at + 1 < fields.size(); at += 2) {
    const std::string& word = fields[at];
    const std::string& value = fields[at + 1];
    if (word == word_service) note.service = value;
    if (word == word_live) note.folders.push_back({.live = value});
    if (word == word_noted) note.is_whole = true;
    if (word == word_moved) note.is_moved = value == yes;  // the last one counts
    if (note.folders.empty()) continue;
    NotedFolder& folder = note.folders.back();
    if (word == word_staged) folder.staged = value;
    if (word == word_kept) folder.kept = value;
    if (word == word_put) folder.put.insert(value);
    if (word == word_in_place) folder.in_place.insert(value);
  }
  return note;
}

void remove_file(const fs::path& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return;
  throw system_error(ErrorKind::service, format("remove '{}'", printable(path.native())), errno);
}

void take_back(const NotedFolder& folder) {
  for (const std::string& name : folder.put) {
    const bool has_come = !is_there(folder.staged / name) && is_there(folder.live / name);
    if (has_come) rename_to(folder.live / name, folder.staged / name);
  }
  for (const fs::path& old : list_folder(folder.kept, ErrorKind::service)) {
    const std::string name = old.filename();
    const fs::path live = folder.live / name;
    if (name == unfinished_copy) {
      remove_file(old);
    } else if (folder.in_place.contains(name)) {
      write_into(live, old);
      remove_file(old);
    } else if (is_there(live)) {
      throw Error(ErrorKind::service, format("put '{}' back: something else has come there since",
                                             printable(old.native())));
    } else {
      rename_to(old, live);
    }
  }
  sync_directory(folder.live, ErrorKind::service);
}

// Empty, or else what is in it was replaced and stays.
void remove_if_empty(const fs::path& folder) {
  if (::rmdir(folder.c_str()) == 0 || errno == ENOENT || errno == ENOTEMPTY) return;
  throw system_error(ErrorKind::service, format("remove '{}'", printable(folder.native())), errno);
}

std::string end(const Noted& note) {
  std::vector<std::string> kept;
  for (auto folder = note.folders.rbegin(); folder != note.folders.rend(); ++folder) {
    if (!note.is_moved) {
      put_back(*folder);
      continue;
    }
    remove_if_empty(folder->kept);
    remove_staged(*folder);
    if (is_there(folder->kept)) kept.push_back(printable(folder->kept.native()));
  }
  const std::string killed =
      format("a run was killed while it replaced service '{}'", printable(note.service));
  if (!note.is_moved) return killed + ": its old files are in their place";
  return format("{}: all restored files are in their place{}", killed,
                kept.empty() ? "" : format(", what was there is in {}", join(kept, ", ")));
}

// Nothing for the note of a living run, or of one that had not made anything yet.
std::string end_note(const fs::path& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) {
    if (errno == ENOENT) return "";
    throw system_error(ErrorKind::service, format("open '{}'", path.native()), errno);
  }
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return "";
  if (!is_there(path)) return "";  // its run ended meanwhile
  const Noted note = parse_note(read_file(path, note_bytes_max));
  std::string told = note.is_whole ? end(note) : "";
  remove_file(path);
  return told;
}

}  // namespace

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

void write_into(const fs::path& path, const fs::path& like) {
  const std::string content = read_file(like, in_place_bytes_max);
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

void put_back(const NotedFolder& folder) {
  if (is_there(folder.kept)) {
    take_back(folder);
    remove_if_empty(folder.kept);
  }
  remove_staged(folder);
}

void remove_staged(const NotedFolder& folder) {
  remove_tree(folder.staged, ErrorKind::service);
  const fs::path parent = folder.staged.parent_path();
  if (is_there(parent)) sync_directory(parent, ErrorKind::service);
}

ReplaceNote::ReplaceNote(const fs::path& state_dir, std::string_view service,
                         const std::vector<NotedFolder>& folders, Random& random) {
  if (state_dir.empty()) return;
  make_private_directory(state_dir, ErrorKind::service);
  path_ = state_dir / format("{}{}", note_prefix, random_hex(random, 8));
  fd_ = open_file(path_, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  if (::flock(fd_.get(), LOCK_EX | LOCK_NB) != 0) {
    throw system_error(ErrorKind::service, format("lock '{}'", path_.native()), errno);
  }
  write_fd(fd_.get(), as_bytes(print_note(service, folders)), path_.native(), ErrorKind::service);
  if (::fsync(fd_.get()) != 0) {
    throw system_error(ErrorKind::service, format("write '{}'", path_.native()), errno);
  }
  sync_directory(state_dir, ErrorKind::service);
}

void ReplaceNote::set_moved(bool is_moved) {
  if (!fd_) return;
  std::string text;
  add_field(text, word_moved, is_moved ? yes : "no");
  write_fd(fd_.get(), as_bytes(text), path_.native(), ErrorKind::service);
  if (::fsync(fd_.get()) != 0) {
    throw system_error(ErrorKind::service, format("write '{}'", path_.native()), errno);
  }
}

void ReplaceNote::remove() noexcept {
  if (!fd_) return;
  try {
    remove_file(path_);
  } catch (const std::exception& error) {
    log_line(LogLevel::error, error.what());
  }
}

std::vector<std::string> undo_killed_replacements(const fs::path& state_dir) {
  std::vector<std::string> told;
  if (state_dir.empty()) return told;
  try {
    for (const fs::path& path : list_folder(state_dir, ErrorKind::service)) {
      if (!path.filename().native().starts_with(note_prefix)) continue;
      try {
        const std::string sentence = end_note(path);
        if (!sentence.empty()) told.push_back(sentence);
      } catch (const Error& error) {
        told.push_back(
            format("a replacement that was killed is not undone, and the next run tries "
                   "again, as long as there is '{}': {}",
                   path.native(), error.what()));
      }
    }
  } catch (const Error& error) {
    told.push_back(format("look for replacements that were killed: {}", error.what()));
  }
  return told;
}

}  // namespace lifeboat
