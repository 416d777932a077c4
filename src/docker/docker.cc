#include "docker/docker.h"

#include <stdlib.h>

#include <algorithm>

#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
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

std::map<std::string, std::string> read_labels(const Json& labels) {
  std::map<std::string, std::string> read;
  if (!labels.is_object()) return read;
  for (const auto& [name, value] : labels.items()) {
    if (value.is_string()) read.emplace(name, value.get<std::string>());
  }
  return read;
}

std::vector<DockerMount> read_mounts(const Json& mounts) {
  std::vector<DockerMount> read;
  if (!mounts.is_array()) return read;
  for (const Json& mount : mounts) {
    read.push_back({.type = text_in(mount, "Type"),
                    .volume = text_in(mount, "Name"),
                    .source = text_in(mount, "Source"),
                    .destination = text_in(mount, "Destination"),
                    .read_only = !flag_in(mount, "RW")});
  }
  return read;
}

// "/db" among ["/web/db", "/db"]: the others are links' names for it.
std::string read_name(const Json& names) {
  if (!names.is_array()) return "";
  for (const Json& name : names) {
    const std::string text = name.is_string() ? name.get<std::string>() : "";
    if (text.rfind('/') == 0) return text.substr(1);
  }
  return "";
}

DockerContainer read_listed(const Json& listed) {
  return {.id = text_in(listed, "Id"),
          .name = read_name(member_of(listed, "Names")),
          .image = text_in(listed, "Image"),
          .state = text_in(listed, "State"),
          .labels = read_labels(member_of(listed, "Labels")),
          .mounts = read_mounts(member_of(listed, "Mounts"))};
}

DockerVolume read_volume(const Json& volume) {
  return {.name = text_in(volume, "Name"),
          .mountpoint = text_in(volume, "Mountpoint"),
          .labels = read_labels(member_of(volume, "Labels"))};
}

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

std::map<std::string, std::string> read_environment(const Json& lines) {
  std::map<std::string, std::string> environment;
  if (!lines.is_array()) return environment;
  for (const Json& line : lines) {
    const std::string text = line.is_string() ? line.get<std::string>() : "";
    const size_t equals = text.find('=');
    if (equals != std::string::npos) environment[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return environment;
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
  for (const Json& one : listed) {
    DockerContainer container = read_listed(one);
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
  const Json& config = member_of(seen, "Config");
  DockerDetails details;
  details.container = {.id = text_in(seen, "Id"),
                       .name = read_name(Json::array({text_in(seen, "Name")})),
                       .image = text_in(config, "Image"),
                       .state = text_in(member_of(seen, "State"), "Status"),
                       .labels = read_labels(member_of(config, "Labels")),
                       .mounts = read_mounts(member_of(seen, "Mounts"))};
  details.image_digest = text_in(seen, "Image");
  details.env = read_environment(member_of(config, "Env"));
  details.user = text_in(config, "User");
  details.is_removed_when_stopped = flag_in(member_of(seen, "HostConfig"), "AutoRemove");
  const Json& pid = member_of(member_of(seen, "State"), "Pid");
  if (pid.is_number_integer()) details.pid = pid.get<int>();
  const Json& grace = member_of(config, "StopTimeout");
  if (grace.is_number_integer()) details.stop_grace = std::chrono::seconds(grace.get<int>());
  if (details.image_digest.empty()) return details;
  // Nothing if the image was removed below its container.
  const Json image =
      state_->engine
          .find({.attempted = attempted, .path = format("/images/{}/json", details.image_digest)})
          .value_or(Json());
  const Json& digests = member_of(image, "RepoDigests");
  if (digests.is_array()) {
    for (const Json& digest : digests) {
      if (digest.is_string()) details.repo_digests.push_back(digest.get<std::string>());
    }
  }
  return details;
}

std::vector<DockerVolume> Docker::volumes() {
  const Json answer = state_->engine.ask({.attempted = "list the volumes", .path = "/volumes"});
  std::vector<DockerVolume> read;
  for (const Json& volume : member_of(answer, "Volumes")) read.push_back(read_volume(volume));
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
