#include "recipe/mysql/scratch_server.h"

#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "docker/scratch_containers.h"
#include "io/files.h"
#include "process/process.h"
#include "recipe/details.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr const char* server_user = "mysql";
constexpr auto install_timeout = 300s;
constexpr auto ready_timeout = 120s;
constexpr auto container_pause = 200ms;
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

bool is_reachable_by_others(const fs::path& directory) {
  for (fs::path path = directory.parent_path(); path != path.parent_path();
       path = path.parent_path()) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0 || (status.st_mode & S_IXOTH) == 0) return false;
  }
  return true;
}

// Gives the folder to the server's own user, if there is one and it can get there.
std::string own_user(const fs::path& directory) {
  if (::geteuid() != 0 || !is_reachable_by_others(directory)) return "";
  const struct passwd* user = ::getpwnam(server_user);
  if (user == nullptr) return "";
  if (::chown(directory.c_str(), user->pw_uid, user->pw_gid) != 0) {
    throw system_error(ErrorKind::service,
                       format("give '{}' to '{}'", directory.native(), server_user), errno);
  }
  return server_user;
}

class HostServer final : public ScratchMysqlServer {
 public:
  HostServer(const fs::path& directory, const ServerPrograms& programs, RecipeContext& context)
      : directory_(directory), context_(context), user_(own_user(directory)) {
    install(programs);
    start(programs);
  }
  MysqlServer& server() override { return *server_; }

 private:
  ServerOptions options(std::vector<std::string> argv) const {
    // Its temporary files are plain data as well.
    return {.argv = std::move(argv),
            .environment = {{"TMPDIR", directory_.native()}, {"HOME", directory_.native()}},
            .user = user_,
            .working_dir = directory_,
            .stop_signal = SIGKILL,  // nothing of it is kept
            .stop = context_.stop};
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
    ChildServer(options(std::move(argv)), context_.clock).wait_for_success(install_timeout);
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
    child_->wait_until_ready([&] { return connect(); }, ready_timeout);
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

// Any image that has the programs will do, whatever its entrypoint wants to be told.
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
      : containers_(containers), context_(context) {
    id_ = containers.start(
        {.image = image, .argv = {"sh", "-c", container_script}, .entrypoint = {""}, .user = "0"});
    wait_until_ready();
  }
  ~ContainerServer() override {
    server_.reset();
    try {
      containers_.remove(id_);
    } catch (const std::exception&) {
      // ScratchContainers removes what is left.
    }
  }
  MysqlServer& server() override { return *server_; }

 private:
  void wait_until_ready() {
    const auto begin = context_.clock.steady_now();
    std::string last;
    while (context_.clock.steady_now() - begin < ready_timeout) {
      if (containers_.docker().state(id_) != "running") break;
      try {
        server_ = std::make_unique<MysqlServer>(
            make_container_access(containers_.docker().inspect(id_), nullptr, context_),
            std::vector<std::string>{"--no-defaults", "--user=root",
                                     "--socket=/tmp/lifeboat/socket"},
            load_timeout);
        return;
      } catch (const Error& error) {
        last = error.message();
      }
      context_.clock.sleep(container_pause, context_.stop);
    }
    throw Error(ErrorKind::service, format("start a server from the image: {}: {}", last,
                                           printable(trim(containers_.log_tail(id_)))))
        .hint("The lines above are the last that it printed.");
  }

  ScratchContainers& containers_;
  RecipeContext& context_;
  std::string id_;
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
  std::vector<std::string> names = detail_list(container, "repo_digests");
  names.insert(names.begin(), detail_text(container, "image_id"));
  names.push_back(detail_text(container, "image"));
  for (const std::string& name : names) {
    if (name.empty()) continue;
    const std::string image = containers.find_image(name);
    if (!image.empty()) return std::make_unique<ContainerServer>(containers, image, context);
  }
  why_not = detail_text(container, "image").empty()
                ? "the databases were not in a container, so no image is known"
                : format("image '{}' is not on this host", detail_text(container, "image"));
  return nullptr;
}

}  // namespace lifeboat
