#include "recipe/inventory.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/error.h"
#include "base/format.h"
#include "crypto/hash.h"

namespace lifeboat {
namespace {

std::string content_hash(const TreeWalk& walk, const TreeEntry& entry) {
  const UniqueFd fd = open_below(entry.parent_fd, entry.name, O_RDONLY);
  if (!fd) fail_unreadable(walk.root() / entry.path, errno);
  Sha256 hash;
  Bytes block(static_cast<size_t>(std::clamp<off_t>(entry.status.st_size, 4096, 256 * 1024)));
  for (;;) {
    const ssize_t count = ::read(fd.get(), block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_unreadable(walk.root() / entry.path, errno);
    if (count == 0) return hex_encode(hash.finish());
    hash.update(ByteView(block).first(static_cast<size_t>(count)));
  }
}

std::string link_target(const TreeWalk& walk, const TreeEntry& entry) {
  std::array<char, PATH_MAX> target{};
  const ssize_t size =
      ::readlinkat(entry.parent_fd, entry.name.c_str(), target.data(), target.size());
  if (size < 0) fail_unreadable(walk.root() / entry.path, errno);
  return {target.data(), static_cast<size_t>(size)};
}

}  // namespace

std::optional<InventoryEntry> FileInventory::next() {
  const std::optional<TreeEntry> entry = walk_.next();
  if (!entry) return std::nullopt;
  InventoryEntry made{.kind = "file", .id = entry->path, .name = entry->path, .fingerprint = {}};
  const mode_t mode = entry->status.st_mode;
  if (S_ISDIR(mode)) {
    made.kind = "folder";
  } else if (S_ISLNK(mode)) {
    made.kind = "link";
    made.fingerprint = link_target(walk_, *entry);
  } else if (S_ISREG(mode)) {
    made.fingerprint = content_hash(walk_, *entry);
  }
  if (!S_ISLNK(mode)) made.fingerprint += format(" {:04o}", mode & 07777);
  return made;
}

bool FileInventory::is_before(std::string_view left, std::string_view right) {
  const auto rank = [](char letter) {
    return letter == '/' ? 0 : static_cast<int>(static_cast<unsigned char>(letter));
  };
  return std::lexicographical_compare(
      left.begin(), left.end(), right.begin(), right.end(),
      [&](char one, char other) { return rank(one) < rank(other); });
}

bool has_inventory_of_files(const Recipe& recipe) {
  const std::string& name = recipe.info().name;
  return name == "volume" || name == "files" || name == "command";
}

std::vector<InventoryEntry> inventory_of_files(const std::filesystem::path& folder,
                                               const StopToken& stop) {
  std::vector<InventoryEntry> entries;
  FileInventory files(folder, stop);
  while (std::optional<InventoryEntry> entry = files.next()) entries.push_back(std::move(*entry));
  return entries;
}

}  // namespace lifeboat
