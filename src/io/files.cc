#include "io/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "base/format.h"
#include "base/log.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view temporary_mark = ".tmp-";

void sync_directory(const fs::path& directory, ErrorKind kind) {
  const UniqueFd fd = open_file(directory, O_RDONLY | O_DIRECTORY, 0, kind);
  if (::fsync(fd.get()) != 0) {
    throw system_error(kind, format("sync '{}'", directory.native()), errno);
  }
}

struct TreeRemover {
  ErrorKind kind;
  dev_t device;

  // Removes what is in the folder `fd`, called `name` in messages.
  void empty(UniqueFd fd, const std::string& name) const {
    const int raw_fd = fd.get();
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::fdopendir(raw_fd), &::closedir);
    if (!directory) throw system_error(kind, format("list '{}'", name), errno);
    (void)fd.release();  // closedir closes it
    while (const dirent* entry = ::readdir(directory.get())) {
      const std::string_view child = entry->d_name;
      if (child != "." && child != "..") remove(raw_fd, entry->d_name, name + "/" + entry->d_name);
    }
  }

  void remove(int parent_fd, const char* child, const std::string& name) const {
    if (::unlinkat(parent_fd, child, 0) == 0 || errno == ENOENT) return;
    if (errno != EISDIR && errno != EPERM) fail(name);
    UniqueFd fd(::openat(parent_fd, child, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) fail(name);
    if (stat_fd(fd.get(), name, kind).st_dev != device) {
      throw Error(kind, format("remove '{}': something is mounted there", name));
    }
    // A restored folder may lack the owner's bits.
    (void)::fchmod(fd.get(), 0700);
    empty(std::move(fd), name);
    if (::unlinkat(parent_fd, child, AT_REMOVEDIR) != 0) fail(name);
  }

  [[noreturn]] void fail(const std::string& name) const {
    throw system_error(kind, format("remove '{}'", name), errno);
  }
};

}  // namespace

std::string read_file(const fs::path& path, uint64_t size_max, ErrorKind kind) {
  FdSource source(open_file(path, O_RDONLY, 0, kind), path.native(), kind);
  const Bytes bytes = read_all(source, size_max, format("'{}'", path.native()));
  return std::string(as_text(bytes));
}

AtomicFile::AtomicFile(fs::path path, Random& random, AtomicFileOptions options)
    : path_(std::move(path)),
      temporary_(path_.parent_path() /
                 format(".{}{}{}", path_.filename().native(), temporary_mark,
                        random_hex(random, 8))),
      options_(options),
      fd_(open_file(temporary_, O_WRONLY | O_CREAT | O_EXCL, options.mode, options.kind)) {}

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
  sync_directory(path_.parent_path().empty() ? fs::path(".") : path_.parent_path(), options_.kind);
}

bool is_temporary_name(std::string_view name) {
  return name.starts_with('.') && name.find(temporary_mark) != std::string_view::npos;
}

void make_private_directory(const fs::path& path, ErrorKind kind) {
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
  const TreeRemover remover{kind, status.st_dev};
  remover.remove(AT_FDCWD, path.c_str(), path.native());
}

ScratchDirectory::ScratchDirectory(const fs::path& parent, std::string_view prefix, Random& random)
    : path_(parent / format("{}{}", prefix, random_hex(random, 6))) {
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

void ScratchDirectory::remove() { remove_tree(path_, ErrorKind::limit); }

}  // namespace lifeboat
