// Whole files and folders: written atomically, read with a limit, removed without following links.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/random.h"
#include "io/fd.h"
#include "io/sink.h"

namespace lifeboat {

// The content of a file; throws Error(kind) beyond `size_max` bytes.
std::string read_file(const std::filesystem::path& path, uint64_t size_max,
                      ErrorKind kind = ErrorKind::service);

// A file that appears under its name only when finished: written beside it as ".<name>.tmp-<hex>",
// synced, renamed, the folder synced. Never overwrites unless `replace`: an existing file is
// Error(kind) "create '<path>': it already exists". The temporary file is locked (flock) as long as
// it is in use, which tells it from one that a killed process left.
struct AtomicFileOptions {
  mode_t mode = 0600;
  bool replace = false;
  ErrorKind kind = ErrorKind::store;
};
class AtomicFile final : public Sink {
 public:
  AtomicFile(std::filesystem::path path, Random& random, AtomicFileOptions options = {});
  ~AtomicFile() override;  // abandons: the temporary file is removed
  // The temporary file, for copies within the kernel; borrowed.
  int fd() const { return fd_.get(); }

 private:
  void do_write(ByteView data) override;
  void do_finish() override;

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  AtomicFileOptions options_;
  UniqueFd fd_;
};
// Names that an AtomicFile in progress (or one that was killed) may have.
bool is_temporary_name(std::string_view name);
// Removes from `directory` what killed processes left of AtomicFiles whose names begin with
// `prefix`. One that is in use or was touched in the last minute stays: it may be so new that it
// is not locked yet. Never throws; what cannot be removed is tried again the next time.
void remove_leftovers(const std::filesystem::path& directory, std::string_view prefix) noexcept;
// A private file in `directory` that has no name, or lost it at once: gone when closed. To read and
// write.
UniqueFd open_nameless_file(const std::filesystem::path& directory, ErrorKind kind);
// fsync(2) of a folder: makes the names in it durable.
void sync_directory(const std::filesystem::path& path, ErrorKind kind);

// `path`, or the nearest folder above it that exists: on whose disk it is, or would be made.
std::filesystem::path existing_part(std::filesystem::path path);

// Creates `path` (mode 0700) and missing parents (mode 0755).
void make_private_directory(const std::filesystem::path& path, ErrorKind kind);
// Removes a tree without following symbolic links and without leaving its filesystem. A missing
// one is fine. Throws Error(kind) naming the first thing that could not be removed.
void remove_tree(const std::filesystem::path& path, ErrorKind kind);

// A new private folder under `parent`, removed with all that is in it at destruction.
class ScratchDirectory {
 public:
  ScratchDirectory(const std::filesystem::path& parent, std::string_view prefix, Random& random);
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }
  // Removes it now and tells a failure, which the destructor can only log.
  void remove();

 private:
  std::filesystem::path path_;
};

}  // namespace lifeboat
