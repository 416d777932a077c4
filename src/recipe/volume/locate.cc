#include "recipe/volume/locate.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "base/format.h"
#include "base/text.h"
#include "io/fd.h"
#include "io/no_links.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr const char* volumes_variable = "LIFEBOAT_DOCKER_VOLUMES";
constexpr std::string_view volumes_default = "/var/lib/docker/volumes";

// Docker's own rule for volume names is [a-zA-Z0-9][a-zA-Z0-9_.-]*, so that no name can leave the
// volumes' folder: https://github.com/moby/moby/blob/master/daemon/names/names.go
bool is_volume_name(std::string_view name) {
  const auto is_alphanumeric = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9');
  };
  if (name.empty() || name.size() > 255 || !is_alphanumeric(name.front())) return false;
  for (const char letter : name) {
    const bool allowed = is_alphanumeric(letter) || letter == '_' || letter == '.' || letter == '-';
    if (!allowed) return false;
  }
  return true;
}

// Nothing if no engine can tell: without one, a volume's files may still be read.
std::optional<fs::path> ask_engine(const std::string& name, RecipeContext& context) {
  try {
    if (!Docker::is_present(context.docker_options())) return std::nullopt;
    const auto volume = Docker(context.docker_options(), context.clock).volume(name);
    if (volume && volume->mountpoint.is_absolute()) return volume->mountpoint;
  } catch (const Error&) {
  }
  return std::nullopt;
}

fs::path volume_folder(const std::string& name, RecipeContext& context) {
  if (!is_volume_name(name)) {
    throw Error(ErrorKind::service,
                format("find volume '{}': not a Docker volume name", printable(name)))
        .hint("Volume names have letters, digits, '_', '.' and '-' only; use 'path' for a folder.");
  }
  const char* root = ::getenv(volumes_variable);
  if (root != nullptr && *root != '\0') return fs::path(root) / name / "_data";
  if (const auto told = ask_engine(name, context)) return *told;
  return fs::path(volumes_default) / name / "_data";
}

fs::path configured_folder(const Settings& settings, RecipeContext& context) {
  const std::string path = settings.text("path");
  const std::string volume = settings.text("volume");
  if (path.empty() == volume.empty()) {
    throw Error(ErrorKind::service,
                path.empty() ? "find the service's folder: neither 'path' nor 'volume' is given"
                             : "find the service's folder: both 'path' and 'volume' are given")
        .hint("Give 'volume: NAME' for a Docker volume or 'path: /FOLDER', one of the two.");
  }
  if (path.empty()) return volume_folder(volume, context);
  if (!path.starts_with('/')) {
    throw Error(ErrorKind::service,
                format("find folder '{}': not an absolute path", printable(path)))
        .hint("Write the path from the root, like /srv/data.");
  }
  return path;
}

std::string hint_for(int error_number, bool is_volume) {
  if (error_number == EACCES || error_number == EPERM) {
    return "Run as root, or give this user the right to read the folder.";
  }
  if (error_number == ENOTDIR) return "Name the folder that holds the file, not the file.";
  return is_volume ? format("See 'docker volume ls'; if Docker keeps its data elsewhere, set {}.",
                            volumes_variable)
                   : "Check the service's 'path' in the configuration.";
}

}  // namespace

std::vector<OptionSpec> locate_options() {
  return {{"path", OptionType::path, false, "folder that holds the data, or use `volume`"},
          {"volume", OptionType::text, false, "name of the Docker volume that holds the data"}};
}

fs::path locate_folder(const Service& service, RecipeContext& context) {
  fs::path folder = trusted_path(configured_folder(service.settings, context));
  const UniqueFd fd = open_without_links(folder, O_RDONLY | O_DIRECTORY);
  if (!fd || ::faccessat(fd.get(), ".", R_OK | X_OK, AT_EACCESS) != 0) {
    const int reason = errno;
    throw system_error(ErrorKind::service, format("open folder '{}'", folder.native()), reason)
        .hint(hint_for(reason, service.settings.has("volume")));
  }
  return folder;
}

}  // namespace lifeboat
