#include "recipe/postgres/scratch_server.h"

#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "docker/scratch_containers.h"
#include "process/server.h"
#include "recipe/details.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr const char* superuser = "lifeboat_drill";
constexpr auto install_timeout = 300s;
constexpr auto ready_timeout = 120s;
constexpr auto container_pause = 200ms;
constexpr const char* container_folder = "/tmp/lifeboat";

bool is_reachable_by_others(const fs::path& directory) {
  for (fs::path path = directory.parent_path();; path = path.parent_path()) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0 || (status.st_mode & S_IXOTH) == 0) return false;
    if (path == path.parent_path()) return true;
  }
}

// The user that the server runs as and its folder belongs to; empty: ours. `why_not` if none can.
std::string choose_user(const fs::path& directory, std::string& why_not) {
  if (::geteuid() != 0) return "";
  if (!is_reachable_by_others(directory)) {
    why_not = format("PostgreSQL does not run as root, and no other user gets to '{}'",
                     directory.native());
    return "";
  }
  for (const char* name : {"postgres", "nobody"}) {
    const struct passwd* user = ::getpwnam(name);
    if (user == nullptr) continue;
    if (::chown(directory.c_str(), user->pw_uid, user->pw_gid) != 0) {
      throw system_error(ErrorKind::service, format("give '{}' to '{}'", directory.native(), name),
                         errno);
    }
    return name;
  }
  why_not = "PostgreSQL does not run as root, and there is no user postgres or nobody";
  return "";
}

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
        .wait_for_success(install_timeout);
    std::vector<std::string> argv{programs_ / "postgres", "-D", data};
    for (std::string& word : server_settings(directory_.native())) argv.push_back(std::move(word));
    server_ = std::make_unique<ChildServer>(options(std::move(argv)), context_.clock);
    server_->wait_until_ready([&] { return is_ready(); }, ready_timeout);
    PostgresTarget target = target_at(directory_.native());
    target.program_dir = programs_;
    client_ = std::make_unique<PostgresClient>(std::move(target), context_);
    prepare(*client_);
  }
  PostgresClient& client() override { return *client_; }

 private:
  ServerOptions options(std::vector<std::string> argv) const {
    return {.argv = std::move(argv),
            .environment = {{"TMPDIR", directory_.native()}, {"HOME", directory_.native()}},
            .user = user_,
            .working_dir = directory_,
            .stop_signal = SIGQUIT,  // at once: nothing of it is kept
            .stop = context_.stop};
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

// Whatever the image's entrypoint wants to be told.
constexpr std::string_view container_script =
    "set -e; umask 077; mkdir -p {0}; cd {0}; "
    "for folder in /usr/lib/postgresql/*/bin; do PATH=$PATH:$folder; done; export PATH; "
    "initdb --pgdata={0}/data --username={1} --auth=trust --encoding=UTF8 --locale=C --no-sync "
    "> install.log 2>&1 || {{ cat install.log; exit 1; }}; "
    "exec postgres -D {0}/data {2}";

class ContainerServer final : public ScratchPostgres {
 public:
  ContainerServer(ScratchContainers& containers, const std::string& image, RecipeContext& context)
      : containers_(containers), context_(context) {
    const std::string script = format(fmt::runtime(container_script), container_folder, superuser,
                                      join(server_settings(container_folder), " "));
    id_ = containers.start(
        {.image = image, .argv = {"sh", "-c", script}, .entrypoint = {""}, .user = "postgres"});
    wait_until_ready();
    prepare(*client_);
  }
  ~ContainerServer() override {
    client_.reset();
    try {
      containers_.remove(id_);
    } catch (const std::exception&) {
      // ScratchContainers removes what is left.
    }
  }
  PostgresClient& client() override { return *client_; }

 private:
  void wait_until_ready() {
    const auto begin = context_.clock.steady_now();
    std::string last;
    while (context_.clock.steady_now() - begin < ready_timeout) {
      if (containers_.docker().state(id_) != "running") break;
      try {
        PostgresTarget target = target_at(container_folder);
        target.container = containers_.docker().inspect(id_);
        client_ = std::make_unique<PostgresClient>(std::move(target), context_);
        client_->check_version();
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

std::string find_image(ScratchContainers& containers, const Json& container) {
  std::vector<std::string> names = detail_list(container, "repo_digests");
  names.insert(names.begin(), detail_text(container, "image_id"));
  names.push_back(detail_text(container, "image"));
  for (const std::string& name : names) {
    const std::string image = name.empty() ? "" : containers.find_image(name);
    if (!image.empty()) return image;
  }
  return "";
}

}  // namespace

std::unique_ptr<ScratchPostgres> start_scratch_postgres(ProvingGround& ground, uint64_t major,
                                                        const Json& container,
                                                        RecipeContext& context,
                                                        std::string& why_not) {
  if (ground.containers != nullptr) {
    const std::string image = find_image(*ground.containers, container);
    if (!image.empty()) {
      return std::make_unique<ContainerServer>(*ground.containers, image, context);
    }
    why_not =
        detail_text(container, "image").empty()
            ? "the server was in no container, so no image is known"
            : format("image '{}' is not on this host", printable(detail_text(container, "image")));
    return nullptr;
  }
  const fs::path programs = choose_programs(major, context);
  if (programs.empty()) {
    why_not = format("no PostgreSQL {} or newer is installed on this host", major);
    return nullptr;
  }
  const std::string user = choose_user(ground.directory, why_not);
  if (!why_not.empty()) return nullptr;
  return std::make_unique<HostServer>(programs, ground.directory, user, context);
}

}  // namespace lifeboat
