// A walk over a live tree, safe to do as root over folders that others write.
//
// Every name is opened relative to its parent's descriptor and never through a symbolic link, so
// that a container cannot lead the walk out of its own volume. Within a folder, names come sorted
// bytewise: the same tree gives the same archive. Other filesystems mounted below the root are not
// entered. Memory: the names of the folders from the root to the current one, some 30 bytes each.
// However deep they lie inside each other, only the innermost are held open.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/stop.h"
#include "io/fd.h"
#include "recipe/volume/glob.h"

namespace lifeboat {

// Sentences for people, of which the first 100 are kept and the rest counted.
class Notes {
 public:
  void add(std::string sentence);
  std::vector<std::string> list() const;

 private:
  std::vector<std::string> kept_;
  uint64_t dropped_ = 0;
};

struct TreeEntry {
  std::string path;    // relative to the root
  std::string name;    // its last part
  int parent_fd = -1;  // borrowed: valid until the next call of next()
  struct stat status {};
};

class TreeWalk {
 public:
  // Throws Error(service) if `root` cannot be opened. A root that is itself a symbolic link is
  // followed: the person who configured it named it. `only`, if given, is the one name in the root
  // that is walked.
  TreeWalk(std::filesystem::path root, const std::vector<std::string>& exclude, StopToken stop,
           const std::string& only = "");

  // The next file, folder or link; a folder comes before what is in it. Throws Error(service) for a
  // folder that cannot be read: leaving it out would lose data in silence.
  std::optional<TreeEntry> next();

  const std::filesystem::path& root() const { return root_; }
  const struct stat& root_status() const { return root_status_; }
  int root_fd() const { return root_fd_.get(); }
  bool is_excluded(std::string_view path) const;
  // Names that vanished, other filesystems.
  Notes& notes() { return notes_; }
  const Notes& notes() const { return notes_; }

 private:
  // In one piece, since a folder may have a million of them.
  struct Names {
    std::string text;            // each ends with a zero byte
    std::vector<size_t> begins;  // into `text`, sorted by what stands there
    const char* at(size_t position) const { return text.data() + begins[position]; }
  };
  struct Frame {
    UniqueFd fd;  // invalid while many folders inside this one are walked
    dev_t device = 0;
    ino_t inode = 0;
    size_t path_bytes = 0;  // of its path, with which `path_` begins
    Names names;
    size_t position = 0;
  };

  static Names sorted_names(int fd, const std::filesystem::path& path);
  bool enter(const TreeEntry& folder);
  void push(UniqueFd fd, std::string path);
  void pop();
  bool reopen();

  std::filesystem::path root_;
  UniqueFd root_fd_;
  struct stat root_status_ {};
  std::vector<Glob> exclude_;
  StopToken stop_;
  std::vector<Frame> frames_;
  std::string path_;  // of the innermost frame; empty at the root
  std::optional<TreeEntry> to_enter_;
  Notes notes_;
};

// Opens a file or folder below `parent_fd` for reading without following a link and, where allowed,
// without touching its access time. `path` may have several parts: each is opened in turn. An
// invalid descriptor with errno set if it is not there (ENOENT) or no longer what it was (ELOOP,
// ENOTDIR).
UniqueFd open_below(int parent_fd, std::string_view path, int flags);

// Error(service) for a name that is there and cannot be read, with what can be done about it.
[[noreturn]] void fail_unreadable(const std::filesystem::path& path, int error_number);

}  // namespace lifeboat
