#include "io/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

#include "base/format.h"
#include "base/log.h"
#include "io/no_links.h"
#include "io/read_at.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view temporary_mark = ".tmp-";

constexpr size_t temporary_random_bytes = 8;
constexpr time_t leftover_age_seconds = 60;
constexpr size_t temporary_stem_max = 200;  // so that the name stays below NAME_MAX

constexpr size_t names_bytes_max = 16 << 20;  // of one folder at a time

constexpr int levels_max = 64;  // each holds a descriptor; the usual limit is 1024

// However deep folders lie inside each other: what is too deep is moved to the top first.
struct TreeRemover {
  ErrorKind kind;
  dev_t device;
  int top_fd = -1;
  int level = 0;
  uint64_t moved = 0;  // to the top, so that this must be emptied once more

  // Removes what is in the folder `fd`, called `name` in messages. In the order of inodes: that of
  // readdir is random on ext4, so that little memory means a read of the disk for each name.
  void empty(UniqueFd fd, const std::string& name) {
    const int raw_fd = fd.get();
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::fdopendir(raw_fd), &::closedir);
    if (!directory) throw system_error(kind, format("list '{}'", name), errno);
    (void)fd.release();  // closedir closes it
    for (;;) {
      std::string names;  // in one piece, since a folder may have a million of them
      std::vector<std::pair<ino_t, size_t>> children;
      while (names.size() < names_bytes_max) {
        const dirent* entry = ::readdir(directory.get());
        if (entry == nullptr) break;
        const std::string_view child = entry->d_name;
        if (child == "." || child == "..") continue;
        children.emplace_back(entry->d_ino, names.size());
        names.append(child).push_back('\0');
      }
      if (children.empty()) return;
      std::sort(children.begin(), children.end());
      // Only folders are left to wait for those within them, however many files there were.
      std::vector<std::string> folders;
      for (const auto& [inode, begin] : children) {
        const char* const child = names.data() + begin;
        if (::unlinkat(raw_fd, child, 0) == 0 || errno == ENOENT) continue;
        if (errno != EISDIR) fail(name + "/" + child);
        folders.emplace_back(child);
      }
      children = {};
      names = {};
      for (const std::string& child : folders) {
        remove(raw_fd, child.c_str(), name + "/" + child);
      }
    }
  }

  void remove(int parent_fd, const char* child, const std::string& name) {
    if (::unlinkat(parent_fd, child, 0) == 0 || errno == ENOENT) return;
    if (errno != EISDIR) fail(name);
    constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    UniqueFd fd(::openat(parent_fd, child, flags));
    if (!fd && errno == EACCES) {
      // A restored folder may lack the owner's bits.
      if (::fchmodat(parent_fd, child, 0700, AT_SYMLINK_NOFOLLOW) != 0) fail(name);
      fd = UniqueFd(::openat(parent_fd, child, flags));
    }
    if (!fd) fail(name);
    if (stat_fd(fd.get(), name, kind).st_dev != device) {
      throw Error(kind, format("remove '{}': something is mounted there", name));
    }
    (void)::fchmod(fd.get(), 0700);  // needed to unlink what is in it
    if (level == levels_max) {
      const std::string aside = format(".lifeboat-deep-{}", ++moved);
      if (::renameat2(parent_fd, child, top_fd, aside.c_str(), RENAME_NOREPLACE) != 0) fail(name);
      return;
    }
    ++level;
    if (level == 1) {
      remove_top(std::move(fd), name);
    } else {
      empty(std::move(fd), name);
    }
    --level;
    if (::unlinkat(parent_fd, child, AT_REMOVEDIR) != 0) fail(name);
  }

  void remove_top(UniqueFd fd, const std::string& name) {
    top_fd = fd.get();
    for (uint64_t before = moved + 1; before != moved;) {
      before = moved;
      UniqueFd again(::openat(fd.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      if (!again) fail(name);
      empty(std::move(again), name);
    }
  }

  [[noreturn]] void fail(const std::string& name) const {
    throw system_error(kind, format("remove '{}'", name), errno);
  }
};

}  // namespace

std::string read_file(const fs::path& path, uint64_t size_max, ErrorKind kind) {
  UniqueFd fd = open_file(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, kind);
  return read_regular_file(std::move(fd), path.native(), size_max, kind);
}

AtomicFile::AtomicFile(fs::path path, Random& random, AtomicFileOptions options)
    : path_(std::move(path)),
      temporary_(path_.parent_path() /
                 format(".{}{}{}", path_.filename().native().substr(0, temporary_stem_max),
                        temporary_mark, random_hex(random, temporary_random_bytes))),
      options_(options),
      fd_(open_file(temporary_, O_WRONLY | O_CREAT | O_EXCL, options.mode, options.kind)) {
  // Best effort: where locks are unknown, nobody else can take one and call the file a leftover.
  (void)::flock(fd_.get(), LOCK_EX | LOCK_NB);
}

AtomicFile::~AtomicFile() {
  if (!is_finished()) ::unlink(temporary_.c_str());
}

void AtomicFile::do_write(ByteView data) {
  write_fd(fd_.get(), data, path_.native(), options_.kind);
}

void AtomicFile::do_finish() {
  // The mode given to open(2) was cut by the umask; ours is meant.
  if (::fchmod(fd_.get(), options_.mode) != 0 || ::fsync(fd_.get()) != 0) {
    throw system_error(options_.kind, format("sync '{}'", path_.native()), errno);
  }
  const unsigned flags = options_.replace ? 0 : RENAME_NOREPLACE;
  int renamed = ::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, path_.c_str(), flags);
  if (renamed != 0 && errno == EINVAL && !options_.replace) {
    // Filesystems without RENAME_NOREPLACE (NFS, some FUSE): a hard link never overwrites either.
    renamed = ::link(temporary_.c_str(), path_.c_str());
    if (renamed == 0) ::unlink(temporary_.c_str());
  }
  if (renamed != 0) {
    const int reason = errno;
    if (reason == EEXIST) {
      throw Error(options_.kind, format("create '{}': it already exists", path_.native()));
    }
    throw system_error(options_.kind, format("create '{}'", path_.native()), reason);
  }
  try {
    sync_directory(path_.parent_path(), options_.kind);
  } catch (const Error&) {
    // Not finished means not there.
    if (!options_.replace) ::unlink(path_.c_str());
    throw;
  }
}

bool is_temporary_name(std::string_view name) {
  const size_t mark = name.rfind(temporary_mark);
  if (!name.starts_with('.') || mark == std::string_view::npos) return false;
  const std::string_view hex = name.substr(mark + temporary_mark.size());
  return hex.size() == 2 * temporary_random_bytes &&
         hex.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

void remove_leftovers(const fs::path& directory, std::string_view prefix) noexcept {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(directory.c_str()), &::closedir);
  if (!folder) return;
  const int folder_fd = ::dirfd(folder.get());
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    if (!is_temporary_name(name) || !name.substr(1).starts_with(prefix)) continue;
    const UniqueFd fd(
        ::openat(folder_fd, entry->d_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat status {};
    if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    if (status.st_mtime > ::time(nullptr) - leftover_age_seconds) continue;
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) ::unlinkat(folder_fd, entry->d_name, 0);
  }
}

UniqueFd open_nameless_file(const fs::path& directory, ErrorKind kind) {
  UniqueFd fd(::open(directory.c_str(), O_RDWR | O_TMPFILE | O_CLOEXEC, 0600));
  if (!fd && (errno == EOPNOTSUPP || errno == EISDIR)) {  // filesystems without O_TMPFILE
    std::string pattern = (directory / ".nameless-XXXXXX").native();
    fd = UniqueFd(::mkostemp(pattern.data(), O_CLOEXEC));
    if (fd) ::unlink(pattern.c_str());
  }
  if (fd) return fd;
  throw system_error(kind, format("create a temporary file in '{}'", directory.native()), errno);
}

void sync_directory(const fs::path& path, ErrorKind kind) {
  const UniqueFd fd =
      open_file(path.empty() ? fs::path(".") : path, O_RDONLY | O_DIRECTORY, 0, kind);
  if (::fsync(fd.get()) != 0) throw system_error(kind, format("sync '{}'", path.native()), errno);
}

std::filesystem::path existing_part(std::filesystem::path path) {
  std::error_code ignored;
  while (!std::filesystem::exists(path, ignored) && path.has_relative_path()) {
    path = path.parent_path();
  }
  return path;
}

void make_private_directory(const fs::path& asked, ErrorKind kind) {
  // "a/b/": the parent is "a", not "a/b".
  const fs::path path = asked.has_filename() ? asked : asked.parent_path();
  std::error_code error;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), error);
  if (error) {
    throw system_error(kind, format("create folder '{}'", path.parent_path().native()),
                       error.value());
  }
  if (::mkdir(path.c_str(), 0700) != 0 && (errno != EEXIST || !fs::is_directory(path))) {
    throw system_error(kind, format("create folder '{}'", path.native()), errno);
  }
}

void remove_tree(const fs::path& path, ErrorKind kind) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return;
    throw system_error(kind, format("remove '{}'", path.native()), errno);
  }
  TreeRemover remover{kind, status.st_dev};
  remover.remove(AT_FDCWD, path.c_str(), path.native());
}

ScratchDirectory::ScratchDirectory(const fs::path& parent, std::string_view prefix, Random& random)
    : path_(trusted_path(parent, ErrorKind::limit) /
            format("{}{}", prefix, random_hex(random, 6))) {
  if (::mkdir(path_.c_str(), 0700) != 0) {
    throw system_error(ErrorKind::limit, format("create scratch folder '{}'", path_.native()),
                       errno);
  }
}

ScratchDirectory::~ScratchDirectory() {
  try {
    remove();
  } catch (const std::exception& error) {
    log_line(LogLevel::error, error.what());
  }
}

void ScratchDirectory::remove() {
  try {
    remove_tree(path_, ErrorKind::limit);
  } catch (const Error&) {  // a moment's trouble must not leave plaintext behind
    remove_tree(path_, ErrorKind::limit);
  }
}

}  // namespace lifeboat
