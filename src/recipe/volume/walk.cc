#include "recipe/volume/walk.h"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/format.h"
#include "base/text.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr size_t notes_max = 100;
constexpr size_t depth_max = 256;  // each level holds a descriptor; the usual limit is 1024

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

std::vector<std::string> sorted_names(int fd, const fs::path& path) {
  UniqueFd own(::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!own) fail_unreadable(path, errno);
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::fdopendir(own.get()), &::closedir);
  if (!directory) fail_unreadable(path, errno);
  (void)own.release();  // closedir closes it
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  if (errno != 0) fail_unreadable(path, errno);
  std::sort(names.begin(), names.end());
  return names;
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
      root_fd_(::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
      exclude_(exclude.begin(), exclude.end()),
      stop_(std::move(stop)) {
  if (!root_fd_) fail_unreadable(root_, errno);
  root_status_ = stat_fd(root_fd_.get(), root_.native());
  UniqueFd own = UniqueFd(::openat(root_fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!own) fail_unreadable(root_, errno);
  push(std::move(own), "");
  if (!only.empty()) std::erase_if(frames_.back().names, [&](auto& name) { return name != only; });
}

bool TreeWalk::is_excluded(std::string_view path) const {
  return std::any_of(exclude_.begin(), exclude_.end(),
                     [&](const Glob& glob) { return glob.matches(path); });
}

void TreeWalk::push(UniqueFd fd, std::string path) {
  if (frames_.size() > depth_max) {
    throw Error(ErrorKind::service, format("read '{}': folders are nested deeper than {}",
                                           printable((root_ / path).native()), depth_max))
        .hint("Name the deep folder under 'exclude', or protect it as a service of its own.");
  }
  std::vector<std::string> names = sorted_names(fd.get(), root_ / path);
  frames_.push_back({std::move(fd), std::move(path), std::move(names), 0});
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
    if (frame.position == frame.names.size()) {
      frames_.pop_back();
      continue;
    }
    TreeEntry entry;
    entry.name = frame.names[frame.position++];
    entry.path = frame.path.empty() ? entry.name : frame.path + "/" + entry.name;
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
