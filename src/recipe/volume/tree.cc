#include "recipe/volume/tree.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <deque>
#include <map>
#include <set>

#include "base/format.h"
#include "base/text.h"
#include "recipe/details.h"
#include "recipe/volume/live_file.h"
#include "recipe/volume/meta.h"
#include "recipe/volume/walk.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t small_bytes_max = 1024 * 1024;
constexpr size_t hard_links_max = 100'000;  // about 20 MiB of memory

bool is_gone(int error_number) {
  return error_number == ENOENT || error_number == ELOOP || error_number == ENOTDIR ||
         error_number == ENXIO;
}

std::string kind_of(mode_t mode) {
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISFIFO(mode)) return "a FIFO";
  return "a device";
}

void check_must(const TreeWalk& walk, const std::string& must) {
  const std::string shown = printable((walk.root() / must).native());
  for (size_t end = must.find('/'); end != std::string::npos; end = must.find('/', end + 1)) {
    if (!walk.is_excluded(must.substr(0, end))) continue;
    throw Error(ErrorKind::service, format("read '{}': 'must' asks for it and 'exclude' leaves it "
                                           "out",
                                           shown));
  }
  if (walk.is_excluded(must)) {
    throw Error(ErrorKind::service, format("read '{}': 'must' asks for it and 'exclude' leaves it "
                                           "out",
                                           shown));
  }
  UniqueFd fd = open_below(walk.root_fd(), must, O_RDONLY);
  if (!fd && errno == ELOOP) fd = open_below(walk.root_fd(), must, O_PATH);  // a symbolic link
  if (fd) return;
  const int reason = errno;
  if (!is_gone(reason)) fail_unreadable(walk.root() / must, reason);
  throw Error(ErrorKind::service, format("read '{}': it must be there and is missing", shown))
      .hint("Check that this is the right folder; 'must' in the configuration names the path.");
}

std::string clean_must(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  if (!is_inner_path(path)) {
    throw Error(ErrorKind::service,
                format("read 'must' path '{}': not a path inside the folder", printable(path)))
        .hint("Write it relative to the service's folder, like 'data/config.json'.");
  }
  return std::string(path);
}

}  // namespace

class TreeMembers::Impl {
 public:
  Impl(fs::path root, TreeOptions options)
      : walk_(std::move(root), options.exclude, options.stop, options.only),
        options_(std::move(options)),
        feedback_(std::make_shared<Feedback>()),
        root_is_due_(!options_.prefix.empty()) {
    for (const std::string& path : options_.must) {
      const std::string must = clean_must(path);
      check_must(walk_, must);
      must_left_.insert(must);
    }
  }

  std::optional<Member> next() {
    if (std::exchange(root_is_due_, false)) return root_member();
    for (;;) {
      std::optional<Member> member;
      if (!ready_.empty()) {
        member = std::move(ready_.front());
        ready_.pop_front();
      } else if (!walk_is_over_) {
        const std::optional<TreeEntry> entry = walk_.next();
        if (entry) {
          member = member_of(*entry);
        } else {
          walk_is_over_ = true;
          check_all_must_seen();
        }
      } else if (!feedback_->changed.empty()) {
        const Changed changed = std::move(feedback_->changed.front());
        feedback_->changed.pop_front();
        member = member_again(changed);
      } else {
        return std::nullopt;
      }
      if (member) return member;
    }
  }

  std::vector<std::string> warnings() const {
    std::vector<std::string> all = walk_.notes().list();
    for (std::string& note : feedback_->notes.list()) all.push_back(std::move(note));
    return all;
  }

  const TreeCounts& counts() const { return counts_; }

 private:
  // A file with hard links: the path it was handed out under, and its other names.
  struct LinkedFile {
    std::string first;
    std::vector<std::string> others;
  };
  using InodeKey = std::pair<dev_t, ino_t>;

  std::string member_path(const std::string& path) const {
    return options_.prefix.empty() ? path : options_.prefix + "/" + path;
  }

  Member root_member() {
    Member member;
    member.meta = meta_from(walk_.root_status(), options_.prefix, owners_);
    member.size = 0;
    fill_xattrs(member.meta, walk_.root_fd());
    return member;
  }

  std::optional<Member> member_of(const TreeEntry& entry) {
    std::optional<Member> member;
    const mode_t mode = entry.status.st_mode;
    if (S_ISDIR(mode)) {
      member = folder_member(entry);
    } else if (S_ISLNK(mode)) {
      member = link_member(entry);
    } else if (!S_ISREG(mode)) {
      walk_.notes().add(
          format("'{}' is {} and was left out", printable(entry.path), kind_of(mode)));
    } else if (!sqlite_parts_.contains(entry.path)) {
      member = hard_link_member(entry);
      if (!member) member = file_member({entry.path, 0}, entry.parent_fd, entry.name);
    }
    if (member) {
      count_entry(counts_, entry.status);
      must_left_.erase(entry.path);
    }
    return member;
  }

  Member folder_member(const TreeEntry& entry) {
    Member member;
    member.meta = meta_from(entry.status, member_path(entry.path), owners_);
    member.size = 0;
    const UniqueFd fd = open_below(entry.parent_fd, entry.name, O_RDONLY | O_DIRECTORY);
    if (fd) fill_xattrs(member.meta, fd.get());
    return member;
  }

  std::optional<Member> link_member(const TreeEntry& entry) {
    std::array<char, PATH_MAX> target;
    const ssize_t length =
        ::readlinkat(entry.parent_fd, entry.name.c_str(), target.data(), target.size());
    if (length < 0) {
      walk_.notes().add(format("'{}' vanished before it could be read", printable(entry.path)));
      return std::nullopt;
    }
    Member member;
    member.meta = meta_from(entry.status, member_path(entry.path), owners_);
    member.meta.link_target.assign(target.data(), static_cast<size_t>(length));
    member.size = 0;
    return member;
  }

  Member hard_link(FileMeta meta, const std::string& path, const std::string& first) const {
    Member member;
    member.meta = std::move(meta);
    member.meta.path = member_path(path);
    member.meta.type = FileType::hardlink;
    member.meta.link_target = member_path(first);
    // These belong to the file, which is handed out under its first name.
    member.meta.is_sparse = false;
    member.meta.extents.clear();
    member.meta.xattrs.clear();
    member.size = 0;
    return member;
  }

  std::optional<Member> hard_link_member(const TreeEntry& entry) {
    const struct stat& status = entry.status;
    if (status.st_nlink < 2) return std::nullopt;
    const auto found = linked_.find({status.st_dev, status.st_ino});
    if (found == linked_.end()) return std::nullopt;
    LinkedFile& file = found->second;
    // Asked anew: the number may have been freed and taken by another file meanwhile.
    const UniqueFd first = open_below(walk_.root_fd(), file.first, O_PATH);
    if (!first) return std::nullopt;
    const struct stat now = stat_fd(first.get(), file.first);
    if (now.st_dev != status.st_dev || now.st_ino != status.st_ino) return std::nullopt;
    file.others.push_back(entry.path);
    return hard_link(meta_from(status, "", owners_), entry.path, file.first);
  }

  // The file `what.path`, called `name` below `parent_fd`; without a descriptor if it is gone.
  LiveFile open_live(const Changed& what, int parent_fd, std::string_view name) {
    LiveFile file{{}, {}, walk_.root() / what.path, what.path, what.reads + 1};
    file.fd = open_below(parent_fd, name, O_RDONLY);
    if (!file.fd) file.fd = open_below(parent_fd, name, O_RDONLY);
    if (!file.fd && !is_gone(errno)) fail_unreadable(file.path, errno);
    if (file.fd) file.before = stat_fd(file.fd.get(), file.path.native());
    if (file.fd && !S_ISREG(file.before.st_mode)) file.fd.reset();
    if (!file.fd) note_vanished(what);
    return file;
  }

  std::optional<Member> file_member(const Changed& what, int parent_fd, std::string_view name) {
    LiveFile file = open_live(what, parent_fd, name);
    if (!file.fd) return std::nullopt;
    if (what.reads == 0 && options_.sqlite && begins_as_sqlite(file.fd.get())) {
      const FileMeta meta = file_meta(file);
      // Closed before the hook may lock it: closing any descriptor of a file drops all POSIX locks
      // that this process has on it.
      file.fd.reset();
      std::optional<Member> taken = sqlite_member(what.path, meta);
      if (taken) return taken;
      file = open_live(what, parent_fd, name);
      if (!file.fd) return std::nullopt;
    }
    const struct stat status = file.before;
    Member member = status.st_size <= static_cast<off_t>(small_bytes_max)
                        ? small_or_large(std::move(file))
                        : large_member(std::move(file));
    if (status.st_nlink > 1 && what.reads == 0) remember_links(status, what.path);
    return member;
  }

  void note_vanished(const Changed& what) {
    walk_.notes().add(
        what.reads == 0
            ? format("'{}' vanished before it could be read", printable(what.path))
            : format("'{}' changed while it was read and then vanished: the archive holds a mix",
                     printable(what.path)));
  }

  FileMeta file_meta(const LiveFile& file) {
    FileMeta meta = meta_from(file.before, member_path(file.relative), owners_);
    fill_xattrs(meta, file.fd.get());
    return meta;
  }

  std::optional<Member> sqlite_member(const std::string& path, const FileMeta& meta) {
    std::optional<Member> member = options_.sqlite(walk_.root() / path, meta);
    if (member) {
      for (const char* part : {"-wal", "-shm", "-journal"}) sqlite_parts_.insert(path + part);
    }
    return member;
  }

  Member small_or_large(LiveFile file) {
    bool is_settled = false;
    Bytes content = read_settled(file, small_bytes_max, is_settled);
    if (static_cast<uint64_t>(file.before.st_size) > small_bytes_max) {
      return large_member(std::move(file));
    }
    if (!is_settled) feedback_->file_changed(file);
    Member member;
    member.meta = file_meta(file);
    member.size = content.size();
    const auto held = std::make_shared<Bytes>(std::move(content));
    member.open = [held] { return std::make_unique<MemorySource>(std::move(*held)); };
    return member;
  }

  Member large_member(LiveFile file) {
    const auto size = static_cast<uint64_t>(file.before.st_size);
    Member member;
    member.meta = file_meta(file);
    member.size = size;
    member.may_change = true;
    std::vector<Extent> extents{{0, size}};
    if (static_cast<uint64_t>(file.before.st_blocks) * 512 < size) {
      std::vector<Extent> runs = read_extents(file.fd.get(), size);
      if (runs != extents) {
        extents = runs;
        member.meta.is_sparse = true;
        member.meta.extents = std::move(runs);
      }
    }
    const auto held = std::make_shared<LiveFile>(std::move(file));
    member.open = [held, extents = std::move(extents), feedback = feedback_] {
      return std::make_unique<LargeFileSource>(std::move(*held), extents, feedback);
    };
    return member;
  }

  // A file that changed, once more; with its hard links, since extracting it again makes a new
  // file.
  std::optional<Member> member_again(const Changed& changed) {
    std::optional<Member> member = file_member(changed, walk_.root_fd(), changed.path);
    if (!member) return member;
    for (const auto& [key, file] : linked_) {
      if (file.first != changed.path) continue;
      for (const std::string& other : file.others) {
        ready_.push_back(hard_link(member->meta, other, file.first));
      }
    }
    return member;
  }

  void remember_links(const struct stat& status, const std::string& path) {
    if (linked_.size() < hard_links_max) {
      linked_.insert_or_assign(InodeKey{status.st_dev, status.st_ino}, LinkedFile{path, {}});
    } else if (!std::exchange(too_many_links_, true)) {
      walk_.notes().add(format("more than {} files have hard links: from '{}' on they are copies",
                               hard_links_max, printable(path)));
    }
  }

  void fill_xattrs(FileMeta& meta, int fd) {
    bool is_complete = true;
    meta.xattrs = read_xattrs(fd, is_complete);
    if (is_complete) return;
    walk_.notes().add(format("'{}' has more than 1 MiB of extended attributes: some were left out",
                             printable(meta.path)));
  }

  void check_all_must_seen() const {
    if (must_left_.empty()) return;
    throw Error(ErrorKind::service,
                format("read '{}': it must be there and vanished while the tree was read",
                       printable((walk_.root() / *must_left_.begin()).native())));
  }

  TreeWalk walk_;
  TreeOptions options_;
  std::shared_ptr<Feedback> feedback_;
  OwnerNames owners_;
  TreeCounts counts_;
  std::set<std::string> must_left_;
  std::set<std::string> sqlite_parts_;
  std::map<InodeKey, LinkedFile> linked_;
  std::deque<Member> ready_;
  bool root_is_due_ = false;
  bool walk_is_over_ = false;
  bool too_many_links_ = false;
};

TreeMembers::TreeMembers(fs::path root, TreeOptions options)
    : impl_(std::make_unique<Impl>(std::move(root), std::move(options))) {}
TreeMembers::~TreeMembers() = default;
TreeMembers::TreeMembers(TreeMembers&&) noexcept = default;

std::optional<Member> TreeMembers::next() { return impl_->next(); }
std::vector<std::string> TreeMembers::warnings() const { return impl_->warnings(); }
const TreeCounts& TreeMembers::counts() const { return impl_->counts(); }

void count_entry(TreeCounts& counts, const struct stat& status) {
  if (S_ISDIR(status.st_mode)) ++counts.folders;
  if (S_ISLNK(status.st_mode)) ++counts.links;
  if (!S_ISREG(status.st_mode)) return;
  ++counts.files;
  counts.bytes += static_cast<uint64_t>(status.st_size);
}

TreeCounts count_tree(const fs::path& root, const TreeOptions& options) {
  TreeWalk walk(root, options.exclude, options.stop, options.only);
  TreeCounts counts;
  while (const std::optional<TreeEntry> entry = walk.next()) count_entry(counts, entry->status);
  return counts;
}

}  // namespace lifeboat
