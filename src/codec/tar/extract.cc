// Members are written under descriptors that Beneath hands out, by names of one component, never
// through an existing file: what is in the way is unlinked first, and files are made O_EXCL.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "codec/tar/beneath.h"
#include "codec/tar/header.h"
#include "codec/tar/sparse.h"
#include "codec/tar/tar.h"
#include "io/write_back.h"

namespace lifeboat::tar {
namespace {

constexpr size_t warnings_max = 1000;
constexpr size_t copy_bytes = 128 * 1024;
constexpr uint64_t disk_block_bytes = 4096;
// Paths and attributes of folders, which are kept until the end: a few KiB of zstd can hold many.
constexpr uint64_t folders_bytes_max = 512 << 20;

// Removes a file that was not completed.
class PartialFile {
 public:
  explicit PartialFile(const Beneath::Place& place) : place_(place) {}
  ~PartialFile() {
    if (!is_complete_) ::unlinkat(place_.fd, place_.leaf.c_str(), 0);
  }
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;
  void keep() { is_complete_ = true; }

 private:
  const Beneath::Place& place_;
  bool is_complete_ = false;
};

[[noreturn]] void refuse_member(const FileMeta& meta, std::string_view why,
                                ErrorKind kind = ErrorKind::verification) {
  throw Error(kind, format("extract '{}': {}", printable(meta.path), why));
}

uint64_t in_blocks(uint64_t bytes) {
  return bytes / disk_block_bytes * disk_block_bytes +
         (bytes % disk_block_bytes != 0 ? disk_block_bytes : 0);
}

uint64_t xattr_bytes(const FileMeta& meta) {
  uint64_t bytes = 0;
  for (const auto& [name, value] : meta.xattrs) bytes += name.size() + value.size();
  return bytes;
}

// About what a member takes of a disk, which can be a thousand times its content: a block for each
// run of a sparse file, a folder and every name.
uint64_t disk_bytes(const Entry& entry, uint64_t stored) {
  uint64_t bytes = in_blocks(stored);
  if (entry.meta.is_sparse) {
    bytes = 0;
    for (const Extent& extent : entry.meta.extents) bytes += in_blocks(extent.size);
  }
  if (entry.meta.type == FileType::directory) bytes = disk_block_bytes;
  constexpr uint64_t inode_bytes = 256;
  return bytes + xattr_bytes(entry.meta) + inode_bytes;
}

// For utimensat: the access time stays, the modification time is the member's.
std::array<timespec, 2> times_of(const FileMeta& meta) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(meta.mtime);
  timespec access{};
  access.tv_nsec = UTIME_OMIT;
  timespec change{};
  change.tv_sec = seconds.time_since_epoch().count();
  change.tv_nsec = (meta.mtime - seconds).count();
  return {access, change};
}

// Attributes that the system keeps for itself, or that this place cannot hold, may be left out.
bool may_be_missing(const std::string& name, int error_number) {
  return error_number == ENOTSUP || error_number == EPERM || !name.starts_with("user.");
}

}  // namespace

struct Extractor::State {
  State(const std::filesystem::path& root, ExtractOptions extract_options)
      : tree(root),
        options(extract_options),
        restores_owner(options.restore_owner && ::geteuid() == 0),
        block(copy_bytes) {}

  void count(const Entry& entry, uint64_t stored) {
    if (members == options.members_max) {
      refuse_member(entry.meta, format("there are more than {} members", members),
                    ErrorKind::limit);
    }
    const uint64_t taken = options.bytes_max == UINT64_MAX ? 0 : disk_bytes(entry, stored);
    if (taken > options.bytes_max - bytes) {
      refuse_member(entry.meta,
                    format("it would take more than {} of disk", print_bytes(options.bytes_max)),
                    ErrorKind::limit);
    }
    ++members;
    bytes += taken;
  }

  // Unlinks what an earlier member left at the place.
  void make_room(const Beneath::Place& at, const FileMeta& meta) {
    if (::unlinkat(at.fd, at.leaf.c_str(), 0) == 0 || errno == ENOENT) return;
    if (errno == EISDIR) refuse_member(meta, "an earlier member made a folder there");
    tree.fail("replace", meta.path, errno);
  }

  UniqueFd create_file(const Beneath::Place& at, const FileMeta& meta) {
    constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    UniqueFd fd(::openat(at.fd, at.leaf.c_str(), flags, 0600));
    if (!fd && errno == EEXIST) {
      make_room(at, meta);
      fd = UniqueFd(::openat(at.fd, at.leaf.c_str(), flags, 0600));
    }
    if (!fd) tree.fail("create", meta.path, errno);
    return fd;
  }

  void extract_file(const Entry& entry, Source* content) {
    const FileMeta& meta = entry.meta;
    const Beneath::Place at = tree.place(meta.path);
    const UniqueFd fd = create_file(at, meta);
    PartialFile partial(at);
    if (!meta.is_sparse) {
      copy(fd.get(), {0, entry.size}, meta, content);
    } else {
      check_extents(meta.extents, entry.size);
      for (const Extent& extent : meta.extents) copy(fd.get(), extent, meta, content);
      if (::ftruncate(fd.get(), static_cast<off_t>(entry.size)) != 0) {
        tree.fail("write", meta.path, errno);
      }
    }
    if (content != nullptr && content->read(block) != 0) {
      refuse_member(meta, "there is more content than its header says");
    }
    set_meta(fd.get(), meta);
    partial.keep();
  }

  // Writes the next bytes of `content` into one run of the file.
  void copy(int fd, Extent run, const FileMeta& meta, Source* content) {
    ensure(run.size == 0 || content != nullptr, "a member with content comes with its source");
    while (run.size > 0) {
      const ByteSpan space = ByteSpan(block).first(std::min<uint64_t>(block.size(), run.size));
      ByteView data = space.first(content->read(space));
      if (data.empty()) refuse_member(meta, "its content is cut off");
      while (!data.empty()) {
        const ssize_t written =
            ::pwrite(fd, data.data(), data.size(), static_cast<off_t>(run.offset));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) tree.fail("write", meta.path, errno);
        data = data.subspan(static_cast<size_t>(written));
        run.offset += static_cast<uint64_t>(written);
        run.size -= static_cast<uint64_t>(written);
        if (options.writes_back_early) write_back.wrote(fd, static_cast<uint64_t>(written));
      }
    }
  }

  void extract_symlink(const FileMeta& meta) {
    const Beneath::Place at = tree.place(meta.path);
    make_room(at, meta);
    // The target is only data here: nothing is ever written through a link.
    if (::symlinkat(meta.link_target.c_str(), at.fd, at.leaf.c_str()) != 0) {
      tree.fail("create link", meta.path, errno);
    }
    if (restores_owner && ::fchownat(at.fd, at.leaf.c_str(), owner(meta.uid, meta),
                                     owner(meta.gid, meta), AT_SYMLINK_NOFOLLOW) != 0) {
      tree.fail("set the owner of", meta.path, errno);
    }
    if (::utimensat(at.fd, at.leaf.c_str(), times_of(meta).data(), AT_SYMLINK_NOFOLLOW) != 0) {
      tree.fail("set the time of", meta.path, errno);
    }
    if (!meta.xattrs.empty()) warn(meta, "extended attributes of a symbolic link are left out");
  }

  void extract_hardlink(const FileMeta& meta) {
    if (meta.link_target == meta.path) refuse_member(meta, "it is a hard link to itself");
    // `place` keeps one descriptor: the link's own place is looked up after the target's.
    const Beneath::Place target = tree.place(meta.link_target);
    const UniqueFd target_folder(::fcntl(target.fd, F_DUPFD_CLOEXEC, 0));
    struct stat status {};
    if (!target_folder) tree.fail("open", meta.link_target, errno);
    if (::fstatat(target_folder.get(), target.leaf.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        !(S_ISREG(status.st_mode) || S_ISLNK(status.st_mode))) {
      refuse_member(meta, format("it is a hard link to '{}', which is no file extracted before",
                                 printable(meta.link_target)));
    }
    const Beneath::Place at = tree.place(meta.path);
    make_room(at, meta);
    // Without AT_SYMLINK_FOLLOW: a link to a symbolic link is one to the link itself.
    if (::linkat(target_folder.get(), target.leaf.c_str(), at.fd, at.leaf.c_str(), 0) != 0) {
      tree.fail("create hard link", meta.path, errno);
    }
  }

  void extract_folder(const FileMeta& meta) {
    const Beneath::Place at = tree.place(meta.path);
    if (::mkdirat(at.fd, at.leaf.c_str(), 0700) != 0) {
      if (errno != EEXIST) tree.fail("create folder", meta.path, errno);
      struct stat status {};
      if (::fstatat(at.fd, at.leaf.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        tree.fail("create folder", meta.path, errno);
      }
      if (!S_ISDIR(status.st_mode)) {
        make_room(at, meta);
        if (::mkdirat(at.fd, at.leaf.c_str(), 0700) != 0) {
          tree.fail("create folder", meta.path, errno);
        }
      }
    }
    folder_bytes += meta.path.size() + xattr_bytes(meta);
    if (folder_bytes > folders_bytes_max) {
      refuse_member(meta,
                    format("the paths and attributes of all folders are more than {}",
                           print_bytes(folders_bytes_max)),
                    ErrorKind::limit);
    }
    FileMeta& kept = folders.insert_or_assign(meta.path, meta).first->second;
    kept.user.clear();
    kept.group.clear();
  }

  // Owner first, since it clears setuid and capabilities; mode behind the attributes, which a file
  // without write permission would not take; time last.
  void set_meta(int fd, const FileMeta& meta) {
    if (restores_owner && ::fchown(fd, owner(meta.uid, meta), owner(meta.gid, meta)) != 0) {
      tree.fail("set the owner of", meta.path, errno);
    }
    for (const auto& [name, value] : meta.xattrs) {
      if (name.find('\0') != name.npos) refuse_member(meta, "an attribute's name is malformed");
      if (::fsetxattr(fd, name.c_str(), value.data(), value.size(), 0) == 0) continue;
      if (!may_be_missing(name, errno)) tree.fail("set an attribute of", meta.path, errno);
      warn(meta, format("the extended attribute '{}' cannot be set here", printable(name)));
    }
    // With another owner than meant, setuid would give away the wrong user's rights.
    const mode_t mode = meta.mode & (restores_owner ? 07777u : 01777u);
    if (::fchmod(fd, mode) != 0) tree.fail("set the mode of", meta.path, errno);
    if (::futimens(fd, times_of(meta).data()) != 0) tree.fail("set the time of", meta.path, errno);
  }

  // A uid or gid as the kernel takes it; by number, as the names of this host mean others.
  uint32_t owner(uint64_t id, const FileMeta& meta) const {
    if (id >= UINT32_MAX) refuse_member(meta, format("the owner {} is impossible", id));
    return static_cast<uint32_t>(id);
  }

  void warn(const FileMeta& meta, std::string_view what) {
    if (warnings.size() == warnings_max) warnings.push_back("more warnings are left out");
    if (warnings.size() > warnings_max) return;
    warnings.push_back(format("'{}': {}", printable(meta.path), what));
  }

  Beneath tree;
  ExtractOptions options;
  bool restores_owner;
  Bytes block;
  uint64_t members = 0;
  uint64_t bytes = 0;  // of disk
  EarlyWriteBack write_back;
  uint64_t folder_bytes = 0;
  std::map<std::string, FileMeta> folders;
  std::vector<std::string> warnings;
};

Extractor::Extractor(const std::filesystem::path& root, ExtractOptions options)
    : state_(std::make_unique<State>(root, options)) {}
Extractor::~Extractor() = default;

void Extractor::extract(const Entry& entry, Source* content) {
  const FileMeta& meta = entry.meta;
  state_->count(entry, stored_size(meta, entry.size));
  switch (meta.type) {
    case FileType::file:
      return state_->extract_file(entry, content);
    case FileType::symlink:
      return state_->extract_symlink(meta);
    case FileType::hardlink:
      return state_->extract_hardlink(meta);
    case FileType::directory:
      // "." in an archive of a whole folder: `root` itself belongs to the caller.
      if (meta.path != ".") state_->extract_folder(meta);
  }
}

void Extractor::finish() {
  // In reverse order of paths, what is in a folder comes before it.
  for (auto folder = state_->folders.rbegin(); folder != state_->folders.rend(); ++folder) {
    const UniqueFd fd = state_->tree.open_folder(folder->first);
    state_->set_meta(fd.get(), folder->second);
  }
}

const std::vector<std::string>& Extractor::warnings() const { return state_->warnings; }

}  // namespace lifeboat::tar
