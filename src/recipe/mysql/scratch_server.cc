#include "recipe/mysql/scratch_server.h"

#include <signal.h>
#include <unistd.h>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "docker/scratch_containers.h"
#include "io/files.h"
#include "process/process.h"
#include "recipe/recorded_image.h"
#include "recipe/scratch_server.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::chrono::seconds load_timeout{6 * 3600};

std::string option(const char* name, const fs::path& path) {
  return format("--{}={}", name, path.native());
}

// Programs that make and run a server's data.
struct ServerPrograms {
  std::string daemon;
  std::string install;  // empty: the daemon does it itself
  MysqlVersion version;
};

std::optional<ServerPrograms> find_programs(RecipeContext& context) {
  for (const char* daemon : {"mariadbd", "mysqld"}) {
    if (!has_program(daemon)) continue;
    ChildOptions options{{daemon, "--version"}, {}, nullptr, 60s, context.stop};
    const auto version = parse_program_version(run_command(options, context.clock).output);
    if (!version) continue;
    if (version->family == MysqlFamily::mysql) return ServerPrograms{daemon, "", *version};
    for (const char* install : {"mariadb-install-db", "mysql_install_db"}) {
      if (has_program(install)) return ServerPrograms{daemon, install, *version};
    }
  }
  return std::nullopt;
}

class HostServer final : public ScratchMysqlServer {
 public:
  HostServer(const fs::path& directory, const ServerPrograms& programs, RecipeContext& context)
      : directory_(directory), context_(context) {
    std::string ignored;  // it runs as root then
    user_ = give_to_server_user(directory, {"mysql"}, ignored);
    install(programs);
    start(programs);
  }
  MysqlServer& server() override { return *server_; }

 private:
  ServerOptions options(std::vector<std::string> argv) const {
    ServerOptions options = scratch_server_options(directory_, user_, context_.stop);
    options.argv = std::move(argv);
    options.stop_signal = SIGKILL;  // nothing of it is kept
    return options;
  }

  void install(const ServerPrograms& programs) {
    std::vector<std::string> argv;
    if (programs.install.empty()) {
      argv = {programs.daemon, "--no-defaults", "--initialize-insecure"};
    } else {
      argv = {programs.install, "--no-defaults", "--auth-root-authentication-method=normal",
              "--skip-test-db"};
    }
    argv.push_back(option("datadir", directory_ / "data"));
    if (::geteuid() == 0 && user_.empty()) argv.push_back("--user=root");
    ChildServer(options(std::move(argv)), context_.clock).wait_for_success(scratch_install_timeout);
  }

  void start(const ServerPrograms& programs) {
    std::vector<std::string> argv{programs.daemon,
                                  "--no-defaults",
                                  option("datadir", directory_ / "data"),
                                  option("socket", scratch_mysql_socket(directory_)),
                                  option("pid-file", directory_ / "pid"),
                                  option("tmpdir", directory_),
                                  option("secure-file-priv", directory_),
                                  "--skip-networking",
                                  "--local-infile=0",
                                  "--event-scheduler=OFF",
                                  "--skip-log-bin",
                                  "--innodb-flush-log-at-trx-commit=0",
                                  "--innodb-strict-mode=OFF",
                                  "--max-allowed-packet=1G"};
    if (::geteuid() == 0 && user_.empty()) argv.push_back("--user=root");
    child_ = std::make_unique<ChildServer>(options(std::move(argv)), context_.clock);
    child_->wait_until_ready([&] { return connect(); }, scratch_ready_timeout);
  }

  bool connect() {
    std::error_code ignored;
    if (!fs::exists(scratch_mysql_socket(directory_), ignored)) return false;
    try {
      server_ = std::make_unique<MysqlServer>(
          make_host_access(nullptr, context_),
          std::vector<std::string>{"--no-defaults", "--user=root",
                                   option("socket", scratch_mysql_socket(directory_))},
          load_timeout);
      return true;
    } catch (const Error& error) {
      // Not yet: the socket is there before the server listens.
      if (error.message().find("Can't connect") == std::string::npos) throw;
      return false;
    }
  }

  fs::path directory_;
  RecipeContext& context_;
  std::string user_;
  std::unique_ptr<ChildServer> child_;
  std::unique_ptr<MysqlServer> server_;
};

// Any image that has the programs will do.
constexpr const char* container_script =
    "set -e; mkdir -p /tmp/lifeboat; chmod 700 /tmp/lifeboat; cd /tmp/lifeboat; "
    "common='--no-defaults --user=root --datadir=/tmp/lifeboat/data'; "
    "daemon=mysqld; if command -v mariadbd > /dev/null; then daemon=mariadbd; fi; "
    "if command -v mariadb-install-db > /dev/null; then mariadb-install-db $common "
    "--auth-root-authentication-method=normal --skip-test-db > install.log 2>&1 || "
    "{ cat install.log; exit 1; }; "
    "elif command -v mysql_install_db > /dev/null; then mysql_install_db $common "
    "> install.log 2>&1 || { cat install.log; exit 1; }; "
    "else $daemon $common --initialize-insecure; fi; "
    "exec $daemon $common --socket=/tmp/lifeboat/socket --pid-file=/tmp/lifeboat/pid "
    "--tmpdir=/tmp/lifeboat --secure-file-priv=/tmp/lifeboat --skip-networking --local-infile=0 "
    "--event-scheduler=OFF --skip-log-bin --innodb-flush-log-at-trx-commit=0 "
    "--innodb-strict-mode=OFF --max-allowed-packet=1G";

class ContainerServer final : public ScratchMysqlServer {
 public:
  ContainerServer(ScratchContainers& containers, const std::string& image, RecipeContext& context)
      : container_(containers, image, container_script, "0", context) {
    container_.wait_until_ready([&](const DockerDetails& details) {
      server_ = std::make_unique<MysqlServer>(
          make_container_access(details, nullptr, context),
          std::vector<std::string>{"--no-defaults", "--user=root", "--socket=/tmp/lifeboat/socket"},
          load_timeout);
    });
  }
  MysqlServer& server() override { return *server_; }

 private:
  ServerContainer container_;
  std::unique_ptr<MysqlServer> server_;
};

}  // namespace

fs::path scratch_mysql_socket(const fs::path& directory) { return directory / "socket"; }

std::unique_ptr<ScratchMysqlServer> start_mysql_on_host(const fs::path& directory,
                                                        const MysqlVersion& wanted,
                                                        RecipeContext& context,
                                                        std::string& why_not) {
  const auto programs = find_programs(context);
  if (!programs) {
    why_not = "neither mariadbd nor mysqld is installed on this host";
    return nullptr;
  }
  if (programs->version.family != wanted.family) {
    why_not = format("the dumps are of {}, this host has {}", wanted.text, programs->version.text);
    return nullptr;
  }
  const bool is_older = std::pair(programs->version.number[0], programs->version.number[1]) <
                        std::pair(wanted.number[0], wanted.number[1]);
  if (is_older) {
    why_not = format("the dumps are of {}, this host has the older {}", wanted.text,
                     programs->version.text);
    return nullptr;
  }
  return std::make_unique<HostServer>(directory, *programs, context);
}

std::unique_ptr<ScratchMysqlServer> start_mysql_in_container(ScratchContainers& containers,
                                                             const Json& container,
                                                             RecipeContext& context,
                                                             std::string& why_not) {
  const std::string image = recorded_image(container, ImageMatch::by_name_too, containers, why_not);
  if (image.empty()) return nullptr;
  return std::make_unique<ContainerServer>(containers, image, context);
}

}  // namespace lifeboat
