// The members of a live tree, with bounded memory.
//
// Files change while they are read; what can be done without the service's help is done:
//
//   up to 1 MiB   read whole into memory between two looks at size, mtime and ctime, and again (up
//                 to 3 times) when these differ
//   larger        streamed with `may_change`; when the looks differ, handed out again after the
//                 last file (same path: the later one wins), up to 3 times; above 256 MiB once,
//                 since every copy is paid for in the archive
//   vanished      looked for twice, then named in the warnings
//
// What still changed then is named in the warnings. What is there and cannot be read fails the
// service. The kernel's time stamps step by a few milliseconds, so a write that falls into the same
// step as the first look, and leaves the size as it was, is not noticed: whoever needs a guarantee
// stops the service or uses its own recipe.
//
// Sockets, FIFOs and devices are skipped and named. Sparse files above 1 MiB keep their holes. Hard
// links stay links; extended attributes of symbolic links are not kept (tar cannot set them
// either).
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/stop.h"
#include "recipe/recipe.h"

namespace lifeboat {

// Asked once for each regular file that begins as a SQLite database does, before it is read. A
// member takes the file's place, and the files "-wal", "-shm" and "-journal" beside it are left
// out, as they are part of it. Nothing: the file is copied as it lies there.
// The tree holds no descriptor of the file while the hook runs, nor while its member is read.
using SqliteHook =
    std::function<std::optional<Member>(const std::filesystem::path& file, FileMeta meta)>;

struct TreeOptions {
  std::string prefix = {};  //  folder below the service's; the root becomes that member
  std::string only = {};    //  if given, the one name in the root folder that is handed out
  std::vector<std::string> exclude = {};  //  patterns, see recipe/volume/glob.h
  std::vector<std::string> must = {};     //  relative paths without which the backup fails
  SqliteHook sqlite = {};
  StopToken stop = {};
};

struct TreeCounts {
  uint64_t files = 0;  // regular files; each hard link counts
  uint64_t folders = 0;
  uint64_t links = 0;  // symbolic links
  uint64_t bytes = 0;  // apparent sizes
};

// Adds what `status` describes.
void count_entry(TreeCounts& counts, const struct stat& status);
// What `TreeMembers` would hand out without the hook, by a walk that opens no file.
TreeCounts count_tree(const std::filesystem::path& root, const TreeOptions& options);

// Hands out the tree below `root`: folders before their content, names sorted bytewise. Without a
// prefix, the root itself is no member. Sources may outlive the object.
class TreeMembers {
 public:
  // Throws Error(service) if the root cannot be opened or a must-have path is missing, unreadable
  // or excluded.
  TreeMembers(std::filesystem::path root, TreeOptions options);
  ~TreeMembers();
  TreeMembers(TreeMembers&&) noexcept;

  // The next member, nothing after the last. Throws Error(service) for what is there and cannot be
  // read, and at the end for a must-have path that vanished.
  std::optional<Member> next();
  // Sentences for people, complete after the last member.
  std::vector<std::string> warnings() const;
  // What was handed out so far, repeated files counted once.
  const TreeCounts& counts() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lifeboat
