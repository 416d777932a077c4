#include "recipe/uptime_kuma/mariadb.h"

#include <unistd.h>

#include "base/error.h"
#include "base/format.h"
#include "recipe/container.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::hours dump_time_max{1};
constexpr const char* socket_name = "run/mariadb.sock";

// Where the container has the data folder.
std::string folder_inside(const DockerDetails& details, const fs::path& folder) {
  for (const DockerMount& mount : details.container.mounts) {
    if (mount.source == folder) return mount.destination;
  }
  return "/app/data";
}

bool is_root(const std::string& user) {
  const std::string name = user.substr(0, user.find(':'));
  return name.empty() || name == "root" || name == "0";
}

}  // namespace

std::unique_ptr<MysqlServer> connect_kuma_mariadb(const KumaInstance& kuma, const Service& service,
                                                  RecipeContext& context) {
  const auto login = [](const fs::path& folder, bool as_root) {
    return std::vector<std::string>{format("--socket={}", (folder / socket_name).native()),
                                    as_root ? "--user=root" : "--user=node"};
  };
  const auto details = find_container(service, context);
  if (details && details->container.is_running()) {
    return std::make_unique<MysqlServer>(
        make_container_access(*details, nullptr, context),
        login(folder_inside(*details, kuma.folder), is_root(details->user)), dump_time_max);
  }
  return std::make_unique<MysqlServer>(make_host_access(nullptr, context),
                                       login(kuma.folder, ::geteuid() == 0), dump_time_max);
}

MysqlBackup back_up_kuma_mariadb(const KumaInstance& kuma, const Service& service,
                                 RecipeContext& context) {
  try {
    const auto server = connect_kuma_mariadb(kuma, service, context);
    MysqlBackup backup = back_up_mysql(*server, service, {kuma_mariadb_name}, context);
    const std::map<std::string, uint64_t>& rows = backup.databases.at(0).summary.rows;
    for (const char* table : {"monitor", "notification", "user", "heartbeat"}) {
      if (rows.contains(table)) continue;
      throw Error(ErrorKind::service,
                  format("read Uptime Kuma's database: there is no table '{}'", table));
    }
    return backup;
  } catch (Error& error) {
    error.add_context(
        format("dump the embedded MariaDB of Uptime Kuma in '{}'", kuma.folder.native()));
    error.add_hint("It runs only while Uptime Kuma does. Start that, and look into its log.");
    throw;
  }
}

}  // namespace lifeboat
