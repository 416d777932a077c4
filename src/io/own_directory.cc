#include "io/own_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/format.h"
#include "base/text.h"
#include "io/fd.h"
#include "io/files.h"
#include "io/no_links.h"

namespace lifeboat {

namespace fs = std::filesystem;

namespace {

// Who mounted it decided who may write there: a container's volume has whatever owner and mode the
// orchestrator gives it (0777 and no sticky bit, of an emptyDir of Kubernetes).
bool is_mount_point(int fd) {
  struct statx found {};
  return ::statx(fd, "", AT_EMPTY_PATH, 0, &found) == 0 &&
         (found.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

}  // namespace

void ensure_own_directory(const fs::path& path, ErrorKind kind) {
  const std::string name = printable(path.native());
  const fs::path real = trusted_path(path, kind);
  const UniqueFd fd = open_file(real, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0, kind);
  if (is_mount_point(fd.get())) return;
  const struct stat status = stat_fd(fd.get(), name);
  const auto refused = [&](const std::string& why, const std::string& hint) {
    return Error(kind, format("use folder '{}': {}", name, why)).hint(hint);
  };
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
    throw refused(
        format("it belongs to user {}, who could exchange what lies in it", status.st_uid),
        "Name a folder of root's or of the user that runs backups, or give it to them "
        "(chown) once you know what lies in it.");
  }
  if ((status.st_mode & 022) != 0 && (status.st_mode & S_ISVTX) == 0) {
    throw refused(
        format("others may write to it (mode {:04o}), and exchange what lies in it",
               status.st_mode & 07777),
        format("Run: chmod go-w '{}' once you know what lies in it, or name another folder.",
               name));
  }
}

void make_own_directory(const fs::path& path, ErrorKind kind) {
  make_private_directory(path, kind);
  ensure_own_directory(path, kind);
}

UniqueFd open_spool_file(const fs::path& folder) {
  make_own_directory(folder, ErrorKind::limit);
  return open_nameless_file(folder, ErrorKind::limit);
}

}  // namespace lifeboat
