// What a replacement of live folders is about to do, and how it is taken back.
//
// The note lies in the state folder while the replacement is under way: a run that is killed leaves
// it, and the next one puts back what was there before it starts a container or reads a file.
// Rejected: to undo from memory alone, which a SIGKILL or a power cut takes along.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "io/fd.h"

namespace lifeboat {

// One live folder, and where its new and its old children lie.
struct NotedFolder {
  std::filesystem::path live = {};
  std::filesystem::path staged = {};    // `.new-...`: the copies, all of them before the first move
  std::filesystem::path kept = {};      // `.before-...`: made before the first move
  std::set<std::string> put = {};       // names that come
  std::set<std::string> in_place = {};  // of these: written into, not renamed
};

// Where a copy lies in `kept` until it is whole.
inline constexpr std::string_view unfinished_copy = ".lifeboat-copy";

bool is_there(const std::filesystem::path& path);
// Throws Error(service).
void rename_to(const std::filesystem::path& from, const std::filesystem::path& to);
// `path` keeps its inode and owner, and gets content and mode of `like`, which has at most 64 MiB.
void write_into(const std::filesystem::path& path, const std::filesystem::path& like);

// Whatever was moved is where it was, and `staged` and `kept` are gone; may be called again. Throws
// Error(service) if something else has come into the place of an old file; that stays in `kept`.
void put_back(const NotedFolder& folder);

// `staged` is gone, and durably so, as is what was removed beside it: to be called before the note
// is removed, since after a power cut nobody would know of them.
void remove_staged(const NotedFolder& folder);

class ReplaceNote {
 public:
  // Durable before it returns, and locked (flock) from then on. Without a `state_dir` there is
  // none.
  ReplaceNote(const std::filesystem::path& state_dir, std::string_view service,
              const std::vector<NotedFolder>& folders, Random& random);
  // Whether all is in its place, so that from now on only leftovers are removed.
  void set_moved(bool is_moved);
  // Not called, the next run does what is left to do.
  void remove() noexcept;

 private:
  std::filesystem::path path_;
  UniqueFd fd_;
};

// Ends what dead runs left; returns a sentence for each. Notes of living runs are left alone.
std::vector<std::string> undo_killed_replacements(const std::filesystem::path& state_dir);

}  // namespace lifeboat
