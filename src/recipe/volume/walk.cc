#include "recipe/volume/walk.h"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/format.h"
#include "base/text.h"
#include "io/no_links.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr size_t notes_max = 100;
constexpr size_t open_folders_max = 64;    // each holds a descriptor; the usual limit is 1024
constexpr size_t path_bytes_max = 60'000;  // an archive takes 64 KiB, the service's name included

bool is_gone(int error_number) {
  return error_number == ENOENT || error_number == ELOOP || error_number == ENOTDIR;
}

UniqueFd open_one(int parent_fd, const std::string& name, int flags) {
  // O_NONBLOCK: a name that became a FIFO must not stop the backup.
  const int safe = flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  UniqueFd fd(::openat(parent_fd, name.c_str(), safe | O_NOATIME));
  if (!fd && errno == EPERM) fd = UniqueFd(::openat(parent_fd, name.c_str(), safe));
  return fd;
}

}  // namespace

void Notes::add(std::string sentence) {
  if (kept_.size() < notes_max) {
    kept_.push_back(std::move(sentence));
  } else {
    ++dropped_;
  }
}

std::vector<std::string> Notes::list() const {
  std::vector<std::string> all = kept_;
  if (dropped_ > 0) all.push_back(format("and {} more like these", dropped_));
  return all;
}

UniqueFd open_below(int parent_fd, std::string_view path, int flags) {
  UniqueFd held;
  for (size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/')) {
    held = open_one(held ? held.get() : parent_fd, std::string(path.substr(0, slash)),
                    O_RDONLY | O_DIRECTORY);
    if (!held) return held;
    path.remove_prefix(slash + 1);
  }
  return open_one(held ? held.get() : parent_fd, std::string(path), flags);
}

void fail_unreadable(const fs::path& path, int error_number) {
  Error error =
      system_error(ErrorKind::service, format("read '{}'", printable(path.native())), error_number);
  if (error_number == EACCES || error_number == EPERM) {
    error.add_hint("Run as root, or name it under 'exclude' if it need not be saved.");
  }
  throw error;
}

TreeWalk::TreeWalk(fs::path root, const std::vector<std::string>& exclude, StopToken stop,
                   const std::string& only)
    : root_(std::move(root)),
      root_fd_(open_without_links(root_, O_RDONLY | O_DIRECTORY)),
      exclude_(exclude.begin(), exclude.end()),
      stop_(std::move(stop)) {
  if (!root_fd_) fail_unreadable(root_, errno);
  root_status_ = stat_fd(root_fd_.get(), root_.native());
  UniqueFd own = UniqueFd(::openat(root_fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!own) fail_unreadable(root_, errno);
  push(std::move(own), "");
  if (only.empty()) return;
  Names& names = frames_.back().names;
  std::erase_if(names.begins, [&](size_t begin) { return names.text.data() + begin != only; });
}

bool TreeWalk::is_excluded(std::string_view path) const {
  return std::any_of(exclude_.begin(), exclude_.end(),
                     [&](const Glob& glob) { return glob.matches(path); });
}

TreeWalk::Names TreeWalk::sorted_names(int fd, const fs::path& path) {
  UniqueFd own(::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!own) fail_unreadable(path, errno);
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::fdopendir(own.get()), &::closedir);
  if (!directory) fail_unreadable(path, errno);
  (void)own.release();  // closedir closes it
  Names names;
  errno = 0;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") {
      names.begins.push_back(names.text.size());
      names.text.append(name).push_back('\0');
    }
    errno = 0;
  }
  if (errno != 0) fail_unreadable(path, errno);
  const char* const text = names.text.data();
  std::sort(names.begins.begin(), names.begins.end(), [text](size_t left, size_t right) {
    return std::string_view(text + left) < std::string_view(text + right);
  });
  return names;
}

void TreeWalk::push(UniqueFd fd, std::string path) {
  if (path.size() > path_bytes_max) {
    throw Error(ErrorKind::service,
                format("read '{}...': its path has more than {} bytes",
                       printable((root_ / path.substr(0, 200)).native()), path_bytes_max))
        .hint("Name the deep folder under 'exclude', or protect it as a service of its own.");
  }
  const struct stat status = stat_fd(fd.get(), path);
  Names names = sorted_names(fd.get(), root_ / path);
  if (frames_.size() >= open_folders_max) frames_[frames_.size() - open_folders_max].fd.reset();
  path_ = std::move(path);
  frames_.push_back(
      {std::move(fd), status.st_dev, status.st_ino, path_.size(), std::move(names), 0});
}

void TreeWalk::pop() {
  frames_.pop_back();
  if (!frames_.empty()) path_.resize(frames_.back().path_bytes);
}

// Opens the innermost folders again, after those inside them were walked. False if one of them is
// no longer there: then it and what is in it is left.
bool TreeWalk::reopen() {
  UniqueFd passed(::openat(root_fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const Frame* parent = &frames_.front();
  for (size_t level = 1; level < frames_.size() && passed; ++level) {
    Frame& frame = frames_[level];
    const size_t begin = parent->path_bytes == 0 ? 0 : parent->path_bytes + 1;
    UniqueFd fd = open_one(passed.get(), path_.substr(begin, frame.path_bytes - begin),
                           O_RDONLY | O_DIRECTORY);
    if (fd) {
      const struct stat status = stat_fd(fd.get(), path_);
      if (status.st_dev != frame.device || status.st_ino != frame.inode) fd.reset();
    }
    if (!fd) {
      notes_.add(format("folder '{}' vanished while the tree was read",
                        printable(path_.substr(0, frame.path_bytes))));
      while (frames_.size() > level) pop();
      return false;
    }
    if (level + open_folders_max > frames_.size()) {
      frame.fd = UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
    }
    passed = std::move(fd);
    parent = &frame;
  }
  if (!frames_.back().fd) frames_.back().fd = std::move(passed);
  if (!frames_.back().fd) fail_unreadable(root_ / path_, errno);
  return true;
}

bool TreeWalk::enter(const TreeEntry& folder) {
  UniqueFd fd = open_one(frames_.back().fd.get(), folder.name, O_RDONLY | O_DIRECTORY);
  if (!fd) {
    const int reason = errno;
    if (!is_gone(reason)) fail_unreadable(root_ / folder.path, reason);
    notes_.add(format("folder '{}' vanished while the tree was read", printable(folder.path)));
    return false;
  }
  // Asked of the open folder, not of the name: something may have been mounted there since.
  if (stat_fd(fd.get(), folder.path).st_dev != root_status_.st_dev) {
    notes_.add(
        format("'{}' is another filesystem and its content was left out", printable(folder.path)));
    return false;
  }
  push(std::move(fd), folder.path);
  return true;
}

std::optional<TreeEntry> TreeWalk::next() {
  if (to_enter_) {
    const TreeEntry folder = *std::exchange(to_enter_, std::nullopt);
    enter(folder);
  }
  while (!frames_.empty()) {
    stop_.throw_if_stopped();
    Frame& frame = frames_.back();
    if (frame.position == frame.names.begins.size()) {
      pop();
      continue;
    }
    if (!frame.fd && !reopen()) continue;
    TreeEntry entry;
    entry.name = frame.names.at(frame.position++);
    entry.path = path_.empty() ? entry.name : path_ + "/" + entry.name;
    entry.parent_fd = frame.fd.get();
    if (is_excluded(entry.path)) continue;
    const auto look = [&] {
      return ::fstatat(entry.parent_fd, entry.name.c_str(), &entry.status, AT_SYMLINK_NOFOLLOW);
    };
    // Twice: a name that is just being replaced comes back at once.
    if (look() != 0 && look() != 0) {
      const int reason = errno;
      if (reason != ENOENT) fail_unreadable(root_ / entry.path, reason);
      notes_.add(format("'{}' vanished before it could be read", printable(entry.path)));
      continue;
    }
    if (S_ISDIR(entry.status.st_mode)) to_enter_ = entry;
    return entry;
  }
  return std::nullopt;
}

}  // namespace lifeboat
