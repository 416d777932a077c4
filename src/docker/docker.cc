#include "docker/docker.h"

#include <stdlib.h>

#include <algorithm>

#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "docker/answers.h"
#include "docker/engine.h"
#include "docker/exec.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr const char* project_label = "com.docker.compose.project";
constexpr const char* service_label = "com.docker.compose.service";
constexpr const char* one_off_label = "com.docker.compose.oneoff";
constexpr size_t short_id_digits = 12;
constexpr uint64_t secret_file_bytes_max = 64 << 10;

bool has_label(const DockerContainer& container, const std::string& name,
               const std::optional<std::string>& value) {
  const auto found = container.labels.find(name);
  return found != container.labels.end() && (!value || found->second == *value);
}

bool is_named(const DockerContainer& container, const std::string& name) {
  return container.name == name ||
         (name.size() >= short_id_digits && container.id.starts_with(name));
}

// Asked here and not by the engine's filters, which podman reads differently.
bool fits(const DockerContainer& container, const DockerQuery& query) {
  if (query.name.empty() && has_label(container, one_off_label, "True")) return false;
  if (!query.name.empty() && !is_named(container, query.name)) return false;
  const auto is_mounted = [&](const DockerMount& mount) { return mount.volume == query.volume; };
  if (!query.volume.empty() &&
      std::none_of(container.mounts.begin(), container.mounts.end(), is_mounted)) {
    return false;
  }
  const std::string& project = query.compose_project;
  if (!project.empty() && !has_label(container, project_label, project)) return false;
  const std::string& service = query.compose_service;
  if (!service.empty() && !has_label(container, service_label, service)) return false;
  if (query.label.empty()) return true;
  const size_t equals = query.label.find('=');
  if (equals == std::string::npos) return has_label(container, query.label, std::nullopt);
  return has_label(container, query.label.substr(0, equals), query.label.substr(equals + 1));
}

// "container 'n8n' with volume 'n8n_data'"
std::string print_query(const DockerQuery& query) {
  std::string text = "container";
  const auto add = [&](std::string_view words, const std::string& value) {
    if (!value.empty()) text += format("{} '{}'", words, printable(value));
  };
  add("", query.name);
  add(" with volume", query.volume);
  add(" of compose project", query.compose_project);
  add(" of compose service", query.compose_service);
  add(" with label", query.label);
  return text;
}

std::string print_names(const std::vector<DockerContainer>& containers) {
  constexpr size_t shown_max = 12;
  std::vector<std::string> names;
  for (const DockerContainer& container : containers) names.push_back(printable(container.name));
  const size_t left = names.size() > shown_max ? names.size() - shown_max : 0;
  names.resize(names.size() - left);
  return format("{}{}", join(names, ", "), left > 0 ? format(" and {} more", left) : "");
}

std::string hint_for_none(const DockerQuery& query, const std::vector<DockerContainer>& all) {
  if (all.empty()) return "This engine has no containers: is it the right one (DOCKER_HOST)?";
  std::vector<std::string> names;
  for (const DockerContainer& container : all) names.push_back(container.name);
  const auto near = query.name.empty() ? std::nullopt : nearest(query.name, names);
  if (near) return format("Did you mean '{}'?", printable(*near));
  return format("There are: {}.", print_names(all));
}

}  // namespace

struct Docker::State {
  State(const DockerOptions& options, Clock& its_clock) : engine(options), clock(its_clock) {}

  // "POST /containers/ID/<verb>", told as "<verb> container 'ID'".
  void act(const std::string& id, const std::string& verb, EngineCall call) {
    call.attempted = format("{} container '{}'", verb, short_id(path_word(id, "container")));
    call.method = "POST";
    call.path = format("/containers/{}/{}{}", id, verb, call.path);
    call.heeds_stop = false;
    engine.ask(call);
  }

  std::unique_ptr<ExecStream> run(const std::string& id, const DockerExec& exec) {
    engine.api_version();  // once here, not with each command
    return std::make_unique<ExecStream>(engine.another(), clock, id, exec);
  }

  Engine engine;
  Clock& clock;
};

Docker::Docker(const DockerOptions& options, Clock& clock)
    : state_(std::make_unique<State>(options, clock)) {}
Docker::~Docker() = default;

bool Docker::is_present(const DockerOptions& options) {
  const char* host = options.socket.empty() ? ::getenv("DOCKER_HOST") : nullptr;
  const bool is_elsewhere =
      host != nullptr && *host != '\0' && !std::string_view(host).starts_with("unix://");
  std::error_code ignored;
  return !is_elsewhere && fs::is_socket(engine_socket(options), ignored);
}

std::string Docker::version() {
  const std::string& engine = state_->engine.engine_version();
  return format("{} (API {})", engine, state_->engine.api_version());
}

std::vector<DockerContainer> Docker::containers(const DockerQuery& query) {
  const Json listed =
      state_->engine.ask({.attempted = "list the containers",
                          .path = format("/containers/json?all={}", query.all ? "true" : "false")});
  std::vector<DockerContainer> found;
  for (DockerContainer& container : read_containers(listed)) {
    if (fits(container, query)) found.push_back(std::move(container));
  }
  std::sort(found.begin(), found.end(),
            [](const auto& left, const auto& right) { return left.name < right.name; });
  return found;
}

DockerContainer Docker::container(const DockerQuery& query) {
  std::vector<DockerContainer> found = containers(query);
  if (found.size() == 1) return std::move(found.front());
  const std::string attempted = "find the " + print_query(query);
  if (found.empty()) {
    throw Error(ErrorKind::service, attempted + ": there is none")
        .hint(hint_for_none(query, containers({})));
  }
  throw Error(ErrorKind::service,
              format("{}: there are {}: {}", attempted, found.size(), print_names(found)))
      .hint("Name the one that is meant.");
}

DockerDetails Docker::inspect(const std::string& id) {
  const std::string attempted =
      format("look at container '{}'", short_id(path_word(id, "container")));
  const Json seen =
      state_->engine.ask({.attempted = attempted, .path = format("/containers/{}/json", id)});
  DockerDetails details = read_details(seen);
  if (details.image_digest.empty()) return details;
  // Nothing if the image was removed below its container.
  const Json image =
      state_->engine
          .find({.attempted = attempted, .path = format("/images/{}/json", details.image_digest)})
          .value_or(Json());
  details.repo_digests = read_repo_digests(image);
  return details;
}

std::vector<DockerVolume> Docker::volumes() {
  const Json answer = state_->engine.ask({.attempted = "list the volumes", .path = "/volumes"});
  std::vector<DockerVolume> read = read_volumes(answer);
  std::sort(read.begin(), read.end(),
            [](const auto& left, const auto& right) { return left.name < right.name; });
  return read;
}

std::optional<DockerVolume> Docker::volume(const std::string& name) {
  const auto found =
      state_->engine.find({.attempted = format("look at volume '{}'", path_word(name, "volume")),
                           .path = "/volumes/" + name});
  return found ? std::optional(read_volume(*found)) : std::nullopt;
}

std::unique_ptr<Source> Docker::exec_source(const std::string& id, DockerExec exec) {
  return std::make_unique<CheckedExecSource>(state_->run(id, exec));
}

DockerExecResult Docker::exec(const std::string& id, DockerExec exec, size_t output_max) {
  const std::unique_ptr<ExecStream> stream = state_->run(id, exec);
  const Bytes output =
      read_all(*stream, output_max, format("the output of '{}'", printable(exec.argv.front())));
  const int code = stream->wait_for_exit();
  return {std::string(as_text(output)), stream->stderr_tail(), code};
}

void Docker::stop(const std::string& id, std::chrono::seconds grace) {
  EngineCall call{.path = format("?t={}", grace.count())};
  call.timeout += grace;
  state_->act(id, "stop", std::move(call));
}

void Docker::pause(const std::string& id) { state_->act(id, "pause", {}); }
void Docker::start(const std::string& id) { state_->act(id, "start", {}); }
void Docker::unpause(const std::string& id) { state_->act(id, "unpause", {}); }

std::optional<std::string> Docker::state(const std::string& id) {
  const auto seen = state_->engine.find(
      {.attempted = format("look at container '{}'", short_id(path_word(id, "container"))),
       .path = format("/containers/{}/json", id),
       .heeds_stop = false});
  if (!seen) return std::nullopt;
  return text_in(member_of(*seen, "State"), "Status");
}

std::shared_ptr<const Secret> docker_secret(Docker& docker, const DockerDetails& details,
                                            std::string_view name) {
  const auto value_of = [&](const std::string& variable) {
    const auto found = details.env.find(variable);
    return found == details.env.end() ? std::string() : found->second;
  };
  std::string value = value_of(std::string(name));
  if (value.empty()) {
    const std::string file = value_of(format("{}_FILE", name));
    if (file.empty()) return nullptr;
    const auto source = docker.exec_source(details.container.id, {.argv = {"cat", file}});
    const Bytes read = read_all(*source, secret_file_bytes_max, printable(file));
    value = as_text(read).substr(0, as_text(read).find_last_not_of('\n') + 1);
  }
  log_redact(value);
  return std::make_shared<const Secret>(value);
}

}  // namespace lifeboat
