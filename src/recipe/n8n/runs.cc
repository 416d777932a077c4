#include "recipe/n8n/runs.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "http/network_namespace.h"
#include "io/fd.h"
#include "process/process.h"
#include "process/server.h"
#include "recipe/details.h"
#include "recipe/n8n/instance.h"
#include "recipe/recorded_image.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr const char* folder_inside = "/lifeboat";
constexpr const char* program_variable = "LIFEBOAT_N8N";
constexpr std::chrono::minutes command_time_max(10);

// Nothing asked of the outside, nothing cleaned up, no trigger taken; the key is that of `config`.
std::vector<std::pair<std::string, std::string>> environment_of(const std::string& user_folder) {
  return {{"N8N_USER_FOLDER", user_folder},
          {"N8N_LISTEN_ADDRESS", "127.0.0.1"},
          {"N8N_PORT", "5678"},
          {"N8N_PROTOCOL", "http"},
          {"DB_TYPE", "sqlite"},
          {"EXECUTIONS_MODE", "regular"},
          {"EXECUTIONS_DATA_PRUNE", "false"},
          {"N8N_DISABLE_PRODUCTION_MAIN_PROCESS", "true"},
          {"N8N_RUNNERS_ENABLED", "false"},
          {"N8N_DIAGNOSTICS_ENABLED", "false"},
          {"N8N_VERSION_NOTIFICATIONS_ENABLED", "false"},
          {"N8N_TEMPLATES_ENABLED", "false"},
          {"N8N_COMMUNITY_PACKAGES_ENABLED", "false"},
          {"N8N_HIRING_BANNER_ENABLED", "false"},
          {"N8N_PERSONALIZATION_ENABLED", "false"},
          {"N8N_EXPRESSION_ENGINE", "legacy"},
          {"EXTERNAL_FRONTEND_HOOKS_URLS", ""},
          {"NO_COLOR", "1"}};
}

HttpOptions http_options(RecipeContext& context) {
  HttpOptions options;
  options.stop = context.stop;
  return options;
}

class ContainerRun final : public N8nRun {
 public:
  ContainerRun(const std::string& image, const RestoredService& restored, ProvingGround& ground,
               RecipeContext& context)
      : containers_(*ground.containers), context_(context) {
    ScratchContainer wanted{.image = image,
                            .user = owner_of(restored.directory / n8n_database_name),
                            .binds = {{ground.directory, folder_inside}}};
    for (const auto& [name, value] : environment_of(folder_inside)) {
      wanted.env[name] = std::make_shared<const Secret>(std::string_view(value));
    }
    id_ = containers_.start(wanted);
  }

  HttpClient client() override { return containers_.client(id_, http_options(context_)); }
  std::string place() const override { return "in a container without a network"; }
  std::string inside(const std::string& relative) const override {
    return format("{}/{}", folder_inside, relative);
  }

  void check_runs() override {
    if (containers_.docker().state(id_) == "running") return;
    throw Error(ErrorKind::service, format("start n8n on the restored data: it ended: {}",
                                           printable(trim(containers_.log_tail(id_)))))
        .hint("These are the last lines that it printed.");
  }

  void command(const std::vector<std::string>& words) override {
    DockerExec exec{.argv = {"n8n"}, .timeout = command_time_max};
    exec.argv.insert(exec.argv.end(), words.begin(), words.end());
    const DockerExecResult result = containers_.docker().exec(id_, std::move(exec));
    if (result.exit_code == 0) return;
    throw Error(ErrorKind::service,
                format("run 'n8n {}': exit code {}: {}", words.front(), result.exit_code,
                       printable(redact(trim(result.output + result.stderr_tail)))));
  }

 private:
  // As the files were owned, n8n could use them; an engine without root has them as its own.
  static std::string owner_of(const fs::path& file) {
    if (::geteuid() != 0) return "0:0";
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0) {
      throw system_error(ErrorKind::service, format("stat '{}'", file.native()), errno);
    }
    return format("{}:{}", status.st_uid, status.st_gid);
  }

  ScratchContainers& containers_;
  RecipeContext& context_;
  std::string id_;
};

class HostRun final : public N8nRun {
 public:
  HostRun(std::string program, ProvingGround& ground, RecipeContext& context)
      : program_(std::move(program)),
        folder_(ground.directory),
        context_(context),
        server_(options({"start"}), context.clock) {}

  HttpClient client() override {
    HttpOptions made = http_options(context_);
    made.open_socket = sockets_inside(server_.pid());
    return HttpClient(std::move(made));
  }
  std::string place() const override { return "on this host, without a network"; }
  std::string inside(const std::string& relative) const override { return folder_ / relative; }

  void check_runs() override {
    if (server_.is_running()) return;
    throw Error(ErrorKind::service, format("start n8n on the restored data: it ended: {}",
                                           printable(trim(server_.output_tail()))))
        .hint("These are the last lines that it printed.");
  }

  void command(const std::vector<std::string>& words) override {
    ChildServer(options(words), context_.clock).wait_for_success(command_time_max);
  }

 private:
  ServerOptions options(const std::vector<std::string>& words) const {
    ServerOptions made{.argv = {program_},
                       .environment = environment_of(folder_),
                       .working_dir = folder_,
                       .has_own_network = true,
                       .stop = context_.stop};
    made.argv.insert(made.argv.end(), words.begin(), words.end());
    // n8n's first line asks for node by PATH, which may be beside it and not the system's.
    const char* const path = ::getenv("PATH");
    if (path != nullptr) made.environment.emplace_back("PATH", path);
    made.environment.emplace_back("HOME", folder_);
    return made;
  }

  std::string program_;
  fs::path folder_;
  RecipeContext& context_;
  ChildServer server_;
};

// The n8n of LIFEBOAT_N8N, else that of PATH; empty if there is none.
std::string find_program() {
  const char* const given = ::getenv(program_variable);
  if (given != nullptr && *given != '\0') return given;
  const char* const path = ::getenv("PATH");
  for (const std::string& folder : split(path != nullptr ? path : "", ':')) {
    const fs::path program = fs::path(folder) / "n8n";
    if (program.is_absolute() && ::access(program.c_str(), X_OK) == 0) return program;
  }
  return "";
}

}  // namespace

std::unique_ptr<N8nRun> run_n8n(const RestoredService& restored, ProvingGround& ground,
                                RecipeContext& context, std::string& why_not) {
  if (ground.containers != nullptr) {
    const std::string image = recorded_image(detail_object(restored.expected.details, "container"),
                                             ImageMatch::exact, *ground.containers, why_not);
    if (image.empty()) return nullptr;
    return std::make_unique<ContainerRun>(image, restored, ground, context);
  }
  const std::string program = find_program();
  if (program.empty()) {
    why_not = format("no n8n is in the PATH, and {} does not name one", program_variable);
    return nullptr;
  }
  if (::geteuid() != 0) {
    why_not = "an n8n of this host can be kept from the outside by root only";
    return nullptr;
  }
  return std::make_unique<HostRun>(program, ground, context);
}

}  // namespace lifeboat
