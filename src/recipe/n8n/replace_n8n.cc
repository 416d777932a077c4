#include "recipe/n8n/replace_n8n.h"

#include <sys/stat.h>

#include <cerrno>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "io/no_links.h"
#include "recipe/container.h"
#include "recipe/n8n/instance.h"
#include "recipe/volume/replace.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t config_bytes_max = 1 << 20;

void check_key(const Service& service, const fs::path& config, RecipeContext& context) {
  const std::optional<Secret> key =
      key_of_n8n_config(read_file_without_links(config, config_bytes_max));
  if (!key) {
    throw Error(ErrorKind::verification, "read the restored config of n8n: it has no key");
  }
  const auto details = find_container(service, context);
  if (!details) return;
  Docker docker(context.docker_options(), context.clock);
  // A file's secret can be read inside a running container only.
  const bool is_asked =
      details->container.is_running() || !details->env.contains("N8N_ENCRYPTION_KEY_FILE");
  const auto set = is_asked ? docker_secret(docker, *details, "N8N_ENCRYPTION_KEY") : nullptr;
  if (!set || set->reveal() == key->reveal()) return;
  throw Error(ErrorKind::service,
              format("replace n8n '{}': container '{}' sets another N8N_ENCRYPTION_KEY than the "
                     "snapshot's",
                     service.name, printable(details->container.name)))
      .hint(
          "Give the container the encryptionKey of the snapshot's config, or no key at all; with "
          "another one every credential would be lost without a word.");
}

}  // namespace

ReplaceReport replace_n8n(const Service& service, const RestoredService& restored,
                          RecipeContext& context) {
  const fs::path& from = restored.directory;
  check_key(service, from / n8n_config_name, context);
  FolderChange change{.live = find_n8n_folder(service, context)};
  put_database(change, n8n_database_name, from / n8n_database_name);
  change.put.emplace(n8n_config_name, from / n8n_config_name);
  const auto put_folder = [&](const char* name) {
    if (fs::is_directory(from / name)) change.put.emplace(name, from / name);
  };
  for (const char* name : n8n_binary_folders) put_folder(name);
  for (const char* name : n8n_other_folders) put_folder(name);
  // n8n refuses to start on a config that others may read, where it is told to look.
  change.prepare = [](const fs::path& staged) {
    const fs::path config = staged / n8n_config_name;
    if (::chmod(config.c_str(), 0600) == 0) return;
    throw system_error(ErrorKind::service, format("set the mode of '{}'", config.native()), errno);
  };
  return replace_folders(service, {change}, context);
}

}  // namespace lifeboat
