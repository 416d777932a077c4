#include "engine/scratch.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "io/folder.h"
#include "io/own_directory.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

const fs::path& swept(const fs::path& parent, std::string_view prefix) {
  make_own_directory(parent, ErrorKind::limit);
  sweep_scratch(parent, prefix);
  return parent;
}

UniqueFd lock_folder(const fs::path& folder) {
  UniqueFd fd = open_file(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, ErrorKind::limit);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    throw system_error(ErrorKind::limit, format("lock scratch folder '{}'", folder.native()),
                       errno);
  }
  return fd;
}

}  // namespace

Scratch::Scratch(const fs::path& parent, std::string_view prefix, Random& random)
    : directory_(swept(parent, prefix), prefix, random), lock_(lock_folder(directory_.path())) {}

size_t sweep_scratch(const fs::path& parent, std::string_view prefix) {
  size_t removed = 0;
  for (const fs::path& entry : list_folder(parent, ErrorKind::limit)) {
    if (!entry.filename().native().starts_with(prefix)) continue;
    const UniqueFd fd(::open(entry.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd || stat_fd(fd.get(), entry.native()).st_uid != ::geteuid()) continue;
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) continue;
    log_warning("removing '{}', left by a run that has ended", entry.native());
    remove_tree(entry, ErrorKind::limit);
    ++removed;
  }
  return removed;
}

}  // namespace lifeboat
