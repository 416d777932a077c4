#include "recipe/scratch_server.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds pause{200};

bool is_reachable_by_others(const fs::path& directory) {
  for (fs::path path = directory.parent_path();; path = path.parent_path()) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0 || (status.st_mode & S_IXOTH) == 0) return false;
    if (path == path.parent_path()) return true;
  }
}

}  // namespace

std::string give_to_server_user(const fs::path& directory, const std::vector<std::string>& users,
                                std::string& why_not) {
  if (::geteuid() != 0) return "";
  if (!is_reachable_by_others(directory)) {
    why_not = format("no other user gets to '{}'", directory.native());
    return "";
  }
  for (const std::string& name : users) {
    const struct passwd* user = ::getpwnam(name.c_str());
    if (user == nullptr) continue;
    if (::chown(directory.c_str(), user->pw_uid, user->pw_gid) != 0) {
      throw system_error(ErrorKind::service, format("give '{}' to '{}'", directory.native(), name),
                         errno);
    }
    return name;
  }
  why_not = format("there is no user {}", join(users, " or "));
  return "";
}

ServerOptions scratch_server_options(const fs::path& directory, const std::string& user,
                                     const StopToken& stop) {
  return {.argv = {},
          .environment = {{"TMPDIR", directory.native()}, {"HOME", directory.native()}},
          .user = user,
          .working_dir = directory,
          .stop = stop};
}

ServerContainer::ServerContainer(ScratchContainers& containers, const std::string& image,
                                 const std::string& script, const std::string& user,
                                 RecipeContext& context)
    : containers_(containers),
      context_(context),
      id_(containers.start(
          {.image = image, .argv = {"sh", "-c", script}, .entrypoint = {""}, .user = user})) {}

ServerContainer::~ServerContainer() {
  try {
    containers_.remove(id_);
  } catch (const std::exception&) {
    // ScratchContainers removes what is left.
  }
}

void ServerContainer::wait_until_ready(const std::function<void(const DockerDetails&)>& connect) {
  const auto begin = context_.clock.steady_now();
  std::string last;
  while (context_.clock.steady_now() - begin < scratch_ready_timeout) {
    if (containers_.docker().state(id_) != "running") break;
    try {
      return connect(containers_.docker().inspect(id_));
    } catch (const Error& error) {
      last = error.message();
    }
    context_.clock.sleep(pause, context_.stop);
  }
  throw Error(ErrorKind::service, format("start a server from the image: {}: {}", last,
                                         printable(trim(containers_.log_tail(id_)))))
      .hint("The lines above are the last that it printed.");
}

}  // namespace lifeboat
