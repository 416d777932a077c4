#include "store/dir_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>

#include "base/format.h"
#include "io/fd.h"
#include "io/files.h"
#include "io/pipeline.h"
#include "io/write_back.h"
#include "store/key_rules.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

// Another run may remove a folder that is empty just before we put a file into it.
constexpr int create_attempts_max = 8;

Timestamp to_timestamp(const timespec& time) {
  return Timestamp(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

ObjectInfo to_info(const std::string& key, const struct stat& status) {
  return {key, static_cast<uint64_t>(status.st_size), to_timestamp(status.st_mtim)};
}

bool is_gone(int reason) { return reason == ENOENT || reason == ENOTDIR || reason == ELOOP; }

// A part of a file whose size was known when it was opened; ending before is an error.
class FileRangeSource final : public Source {
 public:
  FileRangeSource(FileAccess file, ByteRange range)
      : file_(std::move(file)),
        offset_(range.offset),
        left_(std::min(range.size, file_.size() - range.offset)) {}
  size_t read(ByteSpan target) override {
    const auto count = static_cast<size_t>(std::min<uint64_t>(target.size(), left_));
    file_.read_at(offset_, target.first(count));
    offset_ += count;
    left_ -= count;
    return count;
  }

 private:
  FileAccess file_;
  uint64_t offset_;
  uint64_t left_;
};

// Something below the store's folder.
struct Entry {
  int folder_fd;
  const char* name;
  std::string path;  // below the store's folder
  const struct stat& status;
};

// Calls `visit` for all that is no folder, not following links. `enter` says which folders matter.
// What vanishes meanwhile is passed over.
class Walk {
 public:
  using Enter = std::function<bool(const std::string& folder)>;
  using Visit = std::function<void(const Entry&)>;
  Walk(Enter enter, Visit visit) : enter_(std::move(enter)), visit_(std::move(visit)) {}

  // `below` is "" or ends with '/'; `shown` is for messages.
  void folder(UniqueFd fd, const std::string& below, const std::string& shown) const {
    const int raw_fd = fd.get();
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::fdopendir(raw_fd), &::closedir);
    if (!folder) throw system_error(ErrorKind::store, format("list '{}'", shown), errno);
    (void)fd.release();  // closedir closes it
    for (;;) {
      errno = 0;
      const dirent* found = ::readdir(folder.get());
      if (found == nullptr) break;
      const std::string_view name = found->d_name;
      if (name == "." || name == "..") continue;
      entry(raw_fd, found->d_name, below, shown);
    }
    if (errno != 0) throw system_error(ErrorKind::store, format("list '{}'", shown), errno);
  }

 private:
  void entry(int folder_fd, const char* name, const std::string& below,
             const std::string& shown) const {
    struct stat status {};
    if (::fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (is_gone(errno)) return;
      throw system_error(ErrorKind::store, format("stat '{}/{}'", shown, name), errno);
    }
    if (!S_ISDIR(status.st_mode)) return visit_({folder_fd, name, below + name, status});
    const std::string inside = below + name + "/";
    if (!is_key_segment(name) || !enter_(inside)) return;
    UniqueFd fd(::openat(folder_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (fd) return folder(std::move(fd), inside, shown + "/" + name);
    if (is_gone(errno)) return;
    throw system_error(ErrorKind::store, format("list '{}/{}'", shown, name), errno);
  }

  Enter enter_;
  Visit visit_;
};

// The regular file `path`; nothing if there is none.
UniqueFd open_object(const fs::path& path, struct stat& status) {
  // O_NONBLOCK: a FIFO in the folder must not block us before it is seen to be one.
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd) {
    if (is_gone(errno)) return {};
    throw system_error(ErrorKind::store, format("open '{}'", path.native()), errno);
  }
  status = stat_fd(fd.get(), path.native(), ErrorKind::store);
  return S_ISREG(status.st_mode) ? std::move(fd) : UniqueFd();
}

// Copies within the kernel, sharing blocks where the filesystem can. Returns what it could not do.
uint64_t copy_in_kernel(int source_fd, int target_fd, uint64_t size) {
  constexpr uint64_t step_bytes = 1 << 30;
  while (size > 0) {
    const ssize_t copied =
        ::copy_file_range(source_fd, nullptr, target_fd, nullptr, std::min(size, step_bytes), 0);
    if (copied < 0 && errno == EINTR) continue;
    // Any other failure comes back, better told, from the reads and writes that follow.
    if (copied <= 0) break;
    size -= static_cast<uint64_t>(copied);
  }
  return size;
}

}  // namespace

class DirObjectSink final : public Sink {
 public:
  DirObjectSink(const DirStore& store, std::string key)
      : store_(store),
        key_(std::move(key)),
        file_(std::make_unique<AtomicFile>(store.path_ / key_, store.random_)) {}
  ~DirObjectSink() override {
    if (is_finished()) return;
    file_.reset();
    store_.remove_empty_folders_for(key_);
  }
  int fd() const { return file_->fd(); }

 private:
  void do_write(ByteView data) override {
    file_->write(data);
    write_back_.wrote(file_->fd(), data.size());
  }
  void do_finish() override {
    // All but the last folder, which the file syncs after its rename.
    store_.sync_folders_above(key_);
    file_->finish();
    file_.reset();
  }

  const DirStore& store_;
  std::string key_;
  std::unique_ptr<AtomicFile> file_;
  EarlyWriteBack write_back_;
};

DirStore::DirStore(fs::path path, Random& random) : path_(std::move(path)), random_(random) {
  require_folder();
}

std::unique_ptr<DirStore> DirStore::make(const fs::path& path, Random& random) {
  make_private_directory(path, ErrorKind::store);
  return std::make_unique<DirStore>(path, random);
}

void DirStore::require_folder() const {
  struct stat status {};
  const bool there = ::stat(path_.c_str(), &status) == 0;
  if (there && S_ISDIR(status.st_mode)) return;
  throw system_error(ErrorKind::store, format("open the store '{}'", name()),
                     there ? ENOTDIR : errno)
      .hint("Mount the disk, or create the folder if this is a new store.");
}

void DirStore::make_folders_for(const std::string& key) const {
  for (size_t at = key.find('/'); at != std::string::npos; at = key.find('/', at + 1)) {
    const fs::path folder = path_ / key.substr(0, at);
    if (::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) continue;
    throw system_error(ErrorKind::store, format("create folder '{}'", folder.native()), errno);
  }
}

void DirStore::sync_folders_above(const std::string& key) const {
  for (size_t at = key.find('/'); at != std::string::npos; at = key.find('/', at + 1)) {
    sync_directory((path_ / key.substr(0, at)).parent_path(), ErrorKind::store);
  }
}

void DirStore::remove_empty_folders_for(const std::string& key) const noexcept {
  for (size_t at = key.rfind('/'); at != std::string::npos && at > 0; at = key.rfind('/', at - 1)) {
    if (::rmdir((path_ / key.substr(0, at)).c_str()) != 0 && errno != ENOENT) return;
  }
}

std::unique_ptr<DirObjectSink> DirStore::create_object(const std::string& key) {
  check_key(key);
  require_folder();
  if (stat(key)) {
    throw Error(ErrorKind::store, format("create '{}' in {}: it already exists", key, name()));
  }
  for (int attempt = 1;; ++attempt) {
    try {
      make_folders_for(key);
      return std::make_unique<DirObjectSink>(*this, key);
    } catch (const Error&) {
      if (attempt == create_attempts_max) throw;
    }
  }
}

std::unique_ptr<Sink> DirStore::create(const std::string& key, uint64_t) {
  return create_object(key);
}

std::unique_ptr<Source> DirStore::open(const std::string& key, ByteRange range) {
  check_key(key);
  require_folder();
  struct stat status {};
  const fs::path path = path_ / key;
  UniqueFd fd = open_object(path, status);
  if (!fd) throw no_such_object(format("open '{}'", key), name());
  check_range(key, range.offset, static_cast<uint64_t>(status.st_size));
  return std::make_unique<FileRangeSource>(
      FileAccess(std::move(fd), path.native(), ErrorKind::store), range);
}

std::optional<ObjectInfo> DirStore::stat(const std::string& key) {
  check_key(key);
  require_folder();
  const fs::path path = path_ / key;
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (is_gone(errno)) return std::nullopt;
    throw system_error(ErrorKind::store, format("stat '{}'", path.native()), errno);
  }
  if (!S_ISREG(status.st_mode)) return std::nullopt;
  return to_info(key, status);
}

std::vector<ObjectInfo> DirStore::list(std::string_view prefix) {
  require_folder();
  std::vector<ObjectInfo> found;
  const Walk walk(
      [&](const std::string& folder) {
        return prefix.starts_with(folder) || std::string_view(folder).starts_with(prefix);
      },
      [&](const Entry& entry) {
        const bool wanted = S_ISREG(entry.status.st_mode) && is_key(entry.path) &&
                            std::string_view(entry.path).starts_with(prefix);
        if (wanted) found.push_back(to_info(entry.path, entry.status));
      });
  walk.folder(open_file(path_, O_RDONLY | O_DIRECTORY, 0, ErrorKind::store), "", path_.native());
  std::sort(found.begin(), found.end(),
            [](const ObjectInfo& left, const ObjectInfo& right) { return left.key < right.key; });
  return found;
}

void DirStore::copy(const std::string& source_key, const std::string& target_key) {
  check_key(source_key);
  check_key(target_key);
  struct stat status {};
  UniqueFd source = open_object(path_ / source_key, status);
  if (!source) {
    require_folder();
    throw no_such_object(format("copy '{}'", source_key), name());
  }
  const auto target = create_object(target_key);
  const uint64_t left =
      copy_in_kernel(source.get(), target->fd(), static_cast<uint64_t>(status.st_size));
  FdSource rest(std::move(source), source_key, ErrorKind::store);
  if (pump(rest, *target) != left) {
    throw Error(ErrorKind::store, format("copy '{}': it changed meanwhile", source_key));
  }
  target->finish();
}

void DirStore::remove(const std::string& key) {
  check_key(key);
  require_folder();
  const fs::path path = path_ / key;
  if (::unlink(path.c_str()) == 0) {
    // Whoever removes a snapshot takes its manifest first; a power cut must not turn that round.
    sync_directory(path.parent_path(), ErrorKind::store);
  } else if (!is_gone(errno) && errno != EISDIR) {
    throw system_error(ErrorKind::store, format("remove '{}' from {}", key, name()), errno);
  }
  remove_empty_folders_for(key);
}

size_t DirStore::sweep_leftovers(std::string_view prefix) {
  require_folder();
  std::vector<std::string> removed;
  const auto sweep = [&](const Entry& entry) {
    // A temporary name stands beside the object's, so only the folders before it are the key's.
    const std::string folder = entry.path.substr(0, entry.path.rfind('/') + 1);
    const bool below = prefix.starts_with(folder) || std::string_view(folder).starts_with(prefix);
    if (!S_ISREG(entry.status.st_mode) || !below || !is_temporary_name(entry.name)) return;
    const UniqueFd fd(
        ::openat(entry.folder_fd, entry.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!fd || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return;
    if (::unlinkat(entry.folder_fd, entry.name, 0) == 0) removed.push_back(entry.path);
  };
  const Walk walk([](const std::string&) { return true; }, sweep);
  walk.folder(open_file(path_, O_RDONLY | O_DIRECTORY, 0, ErrorKind::store), "", path_.native());
  for (const std::string& path : removed) remove_empty_folders_for(path);
  return removed.size();
}

}  // namespace lifeboat
