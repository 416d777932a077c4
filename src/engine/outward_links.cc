#include "engine/outward_links.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "io/fd.h"
#include "recipe/volume/walk.h"

namespace lifeboat {

void cut_outward_links(const std::filesystem::path& root, const std::vector<std::string>& paths) {
  const UniqueFd folder = open_file(root, O_PATH | O_DIRECTORY, 0, ErrorKind::verification);
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  for (const std::string& path : paths) {
    if (path.size() >= PATH_MAX) continue;  // nobody can open it by its name
    struct stat status {};
    if (::fstatat(folder.get(), path.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (!S_ISLNK(status.st_mode)) continue;
    const UniqueFd end(
        static_cast<int>(::syscall(SYS_openat2, folder.get(), path.c_str(), &how, sizeof how)));
    if (end || errno == ENOENT || errno == ELOOP || errno == ENOTDIR) continue;
    if (::unlinkat(folder.get(), path.c_str(), 0) != 0 ||
        ::symlinkat("/nonexistent/outside-of-the-archive", folder.get(), path.c_str()) != 0) {
      throw system_error(ErrorKind::verification, format("cut the link '{}'", printable(path)),
                         errno);
    }
  }
}

void cut_outward_links(const std::filesystem::path& root, const StopToken& stop) {
  std::vector<std::string> links;
  TreeWalk walk(root, {}, stop);
  while (const std::optional<TreeEntry> entry = walk.next()) {
    if (S_ISLNK(entry->status.st_mode)) links.push_back(entry->path);
  }
  cut_outward_links(root, links);
}

}  // namespace lifeboat
