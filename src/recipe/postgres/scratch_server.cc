#include "recipe/postgres/scratch_server.h"

#include <signal.h>

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "docker/scratch_containers.h"
#include "process/server.h"
#include "recipe/recorded_image.h"
#include "recipe/scratch_server.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr const char* superuser = "lifeboat_drill";
constexpr const char* container_folder = "/tmp/lifeboat";

std::vector<std::string> server_settings(const std::string& folder) {
  std::vector<std::string> argv;
  for (const std::string& setting :
       {std::string("listen_addresses="), "unix_socket_directories=" + folder,
        std::string("fsync=off"), std::string("full_page_writes=off"),
        std::string("autovacuum=off"), std::string("max_wal_senders=0"),
        std::string("logging_collector=off")}) {
    argv.emplace_back("-c");
    argv.push_back(setting);
  }
  return argv;
}

PostgresTarget target_at(const std::string& folder) {
  PostgresTarget target;
  target.host = folder;
  target.user = superuser;
  target.maintenance_database = "template1";
  return target;
}

// Nothing but template1, as scratch_server.h says.
void prepare(PostgresClient& client) { client.execute("", "DROP DATABASE postgres;"); }

class HostServer final : public ScratchPostgres {
 public:
  HostServer(const fs::path& programs, const fs::path& directory, std::string user,
             RecipeContext& context)
      : programs_(programs), directory_(directory), user_(std::move(user)), context_(context) {
    const std::string data = (directory_ / "data").native();
    ChildServer(
        options({programs_ / "initdb", "--pgdata=" + data, format("--username={}", superuser),
                 "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"}),
        context_.clock)
        .wait_for_success(scratch_install_timeout);
    std::vector<std::string> argv{programs_ / "postgres", "-D", data};
    for (std::string& word : server_settings(directory_.native())) argv.push_back(std::move(word));
    server_ = std::make_unique<ChildServer>(options(std::move(argv)), context_.clock);
    server_->wait_until_ready([&] { return is_ready(); }, scratch_ready_timeout);
    PostgresTarget target = target_at(directory_.native());
    target.program_dir = programs_;
    client_ = std::make_unique<PostgresClient>(std::move(target), context_);
    prepare(*client_);
  }
  PostgresClient& client() override { return *client_; }

 private:
  ServerOptions options(std::vector<std::string> argv) const {
    ServerOptions options = scratch_server_options(directory_, user_, context_.stop);
    options.argv = std::move(argv);
    options.stop_signal = SIGQUIT;  // at once: nothing of it is kept
    return options;
  }
  bool is_ready() const {
    try {
      run_command({{programs_ / "pg_isready", "--quiet", "--host=" + directory_.native()},
                   {},
                   nullptr,
                   60s,
                   context_.stop},
                  context_.clock);
      return true;
    } catch (const Error&) {
      return false;  // asked again, until the time is over
    }
  }

  fs::path programs_;
  fs::path directory_;
  std::string user_;
  RecipeContext& context_;
  std::unique_ptr<ChildServer> server_;
  std::unique_ptr<PostgresClient> client_;
};

constexpr std::string_view container_script =
    "set -e; umask 077; mkdir -p {0}; cd {0}; "
    "for folder in /usr/lib/postgresql/*/bin; do PATH=$PATH:$folder; done; export PATH; "
    "initdb --pgdata={0}/data --username={1} --auth=trust --encoding=UTF8 --locale=C --no-sync "
    "> install.log 2>&1 || {{ cat install.log; exit 1; }}; "
    "exec postgres -D {0}/data {2}";

std::string container_script_text() {
  return format(fmt::runtime(container_script), container_folder, superuser,
                join(server_settings(container_folder), " "));
}

class ContainerServer final : public ScratchPostgres {
 public:
  ContainerServer(ScratchContainers& containers, const std::string& image, RecipeContext& context)
      : container_(containers, image, container_script_text(), "postgres", context) {
    container_.wait_until_ready([&](const DockerDetails& details) {
      PostgresTarget target = target_at(container_folder);
      target.container = details;
      client_ = std::make_unique<PostgresClient>(std::move(target), context);
      client_->check_version();
    });
    prepare(*client_);
  }
  PostgresClient& client() override { return *client_; }

 private:
  ServerContainer container_;
  std::unique_ptr<PostgresClient> client_;
};

// The oldest version that will do: a dump loads best into what it came from.
fs::path choose_programs(uint64_t major, RecipeContext& context) {
  auto folders = postgres_program_dirs();
  std::reverse(folders.begin(), folders.end());
  for (const fs::path& folder : folders) {
    std::error_code error;
    if (!fs::exists(folder / "initdb", error) || !fs::exists(folder / "postgres", error)) continue;
    const CommandOutput version = run_command(
        {{folder / "postgres", "--version"}, {}, nullptr, 60s, context.stop}, context.clock);
    if (parse_major_version(version.output) >= major) return folder;
  }
  return {};
}

}  // namespace

std::unique_ptr<ScratchPostgres> start_scratch_postgres(ProvingGround& ground, uint64_t major,
                                                        const Json& container,
                                                        RecipeContext& context,
                                                        std::string& why_not) {
  if (ground.containers != nullptr) {
    const std::string image =
        recorded_image(container, ImageMatch::by_name_too, *ground.containers, why_not);
    if (image.empty()) return nullptr;
    return std::make_unique<ContainerServer>(*ground.containers, image, context);
  }
  const fs::path programs = choose_programs(major, context);
  if (programs.empty()) {
    why_not = format("no PostgreSQL {} or newer is installed on this host", major);
    return nullptr;
  }
  std::string why_as_root;
  const std::string user =
      give_to_server_user(ground.directory, {"postgres", "nobody"}, why_as_root);
  if (!why_as_root.empty()) {
    why_not = format("PostgreSQL does not run as root, and {}", why_as_root);
    return nullptr;
  }
  return std::make_unique<HostServer>(programs, ground.directory, user, context);
}

}  // namespace lifeboat
