#include "docker/scratch_containers.h"

#include <algorithm>

#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "docker/engine.h"
#include "docker/process_mark.h"
#include "http/network_namespace.h"

namespace lifeboat {
namespace {

constexpr const char* name_prefix = "lifeboat-drill-";
constexpr size_t log_bytes_max = 4 << 10;
constexpr int log_lines_max = 40;
constexpr uint64_t shared_memory_bytes = 256 << 20;  // PostgreSQL's parallel queries want some

// A part of a path with '/', ':' and '@' left as they are, which engines read there.
bool is_image_name(const std::string& image) {
  const auto is_allowed = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || std::string_view("_.-/:@").find(letter) < 6;
  };
  return !image.empty() && image.front() != '.' && image.front() != '/' &&
         image.find("..") == std::string::npos &&
         std::all_of(image.begin(), image.end(), is_allowed);
}

Json limits_of(const ScratchContainer& wanted, const std::string& network) {
  Json mounts = Json::array();
  for (const auto& [source, target] : wanted.binds) {
    mounts.push_back({{"Type", "bind"}, {"Source", source.native()}, {"Target", target}});
  }
  return {{"NetworkMode", network},
          {"Mounts", mounts},
          {"Memory", wanted.memory_bytes_max},
          {"MemorySwap", wanted.memory_bytes_max},
          {"PidsLimit", wanted.processes_max},
          {"ShmSize", shared_memory_bytes},
          {"CapDrop", {"NET_RAW", "MKNOD", "AUDIT_WRITE", "SETFCAP"}},
          {"SecurityOpt", {"no-new-privileges"}},
          // The engine's default may send what a restored service prints to the host's journal.
          {"LogConfig", {{"Type", "json-file"}, {"Config", {{"max-size", "10m"}}}}}};
}

Json description_of(const ScratchContainer& wanted, const std::string& network) {
  Json made = {{"Image", wanted.image},
               {"Labels", {{drill_label, process_mark()}}},
               {"HostConfig", limits_of(wanted, network)}};
  if (!wanted.argv.empty()) made["Cmd"] = wanted.argv;
  if (!wanted.entrypoint.empty()) made["Entrypoint"] = wanted.entrypoint;
  if (!wanted.user.empty()) made["User"] = wanted.user;
  Json env = Json::array();
  for (const auto& [name, value] : wanted.env) {
    env.push_back(format("{}={}", name, value->reveal()));
  }
  if (!env.empty()) made["Env"] = std::move(env);
  return made;
}

// Without the frames around it: see docker/frames.h, which keeps the two streams apart.
std::string unframed(std::string_view body) {
  constexpr size_t head_bytes = 8;
  std::string text;
  while (body.size() >= head_bytes) {
    const auto byte_at = [&](size_t at) { return static_cast<unsigned char>(body[at]); };
    const size_t size = size_t{byte_at(4)} << 24 | size_t{byte_at(5)} << 16 |
                        size_t{byte_at(6)} << 8 | size_t{byte_at(7)};
    body.remove_prefix(head_bytes);
    text += body.substr(0, size);
    body.remove_prefix(std::min(size, body.size()));
  }
  return text;
}

// Gone already is fine: a sweep and a drill's own end may meet.
void remove_container(Engine& engine, const std::string& id) {
  engine.find({.attempted = format("remove container '{}'", short_id(path_word(id, "container"))),
               .method = "DELETE",
               .path = format("/containers/{}?force=true&v=true", id),
               .heeds_stop = false});
}

}  // namespace

struct ScratchContainers::State {
  State(const DockerOptions& options, Clock& clock, Random& its_random)
      : engine(options), docker(options, clock), random(its_random) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    // The last first: the first holds the network.
    while (!names.empty()) {
      try {
        remove_container(engine, names.back());
      } catch (const std::exception& error) {
        log_line(LogLevel::error, format("{}; the next drill tries again", error.what()));
      }
      names.pop_back();
    }
  }

  // Of the first that still runs.
  std::string network() {
    for (const std::string& name : names) {
      if (docker.state(name) == "running") return "container:" + name;
    }
    return "none";
  }

  Engine engine;
  Docker docker;
  Random& random;
  std::vector<std::string> names;  // the ids too are known by them
  std::map<std::string, std::string> name_by_id;
};

ScratchContainers::ScratchContainers(const DockerOptions& options, Clock& clock, Random& random)
    : state_(std::make_unique<State>(options, clock, random)) {}
ScratchContainers::~ScratchContainers() = default;

Docker& ScratchContainers::docker() { return state_->docker; }

std::string ScratchContainers::find_image(const std::string& image) {
  if (!is_image_name(image)) return "";
  const auto found =
      state_->engine.find({.attempted = format("look for image '{}'", printable(image)),
                           .path = format("/images/{}/json", image)});
  return found ? text_in(*found, "Id") : "";
}

std::string ScratchContainers::start(const ScratchContainer& wanted) {
  Engine& engine = state_->engine;
  engine.stop().throw_if_stopped();
  // The name is known before the engine is asked: what it made is removed though its answer is
  // lost. For the same reason none of this heeds the stop.
  const std::string name = name_prefix + random_hex(state_->random, 8);
  const std::string network = state_->network();
  state_->names.push_back(name);
  const std::string attempted =
      format("start a container of '{}' for a drill", printable(short_id(wanted.image)));
  const Json made = engine.ask({.attempted = attempted,
                                .method = "POST",
                                .path = "/containers/create?name=" + name,
                                .body = description_of(wanted, network),
                                .heeds_stop = false});
  const std::string id = text_in(made, "Id");
  engine.ask({.attempted = attempted,
              .method = "POST",
              .path = format("/containers/{}/start", path_word(id, "container")),
              .heeds_stop = false});
  state_->name_by_id[id] = name;
  engine.stop().throw_if_stopped();
  return id;
}

HttpClient ScratchContainers::client(const std::string& id, HttpOptions options) {
  const DockerDetails details = state_->docker.inspect(id);
  const std::string attempted =
      format("ask container '{}' of a drill", short_id(details.container.id));
  const auto refuse = [&] {
    throw Error(ErrorKind::service, format("{}: it does not run any more: {}", attempted,
                                           printable(trim(log_tail(id)))))
        .hint("These are the last lines that it printed.");
  };
  if (details.pid <= 0) refuse();
  options.open_socket = with_context(attempted, [&] { return sockets_inside(details.pid); });
  // The number was still the container's when its network was entered.
  if (state_->docker.inspect(id).pid != details.pid) refuse();
  return HttpClient(std::move(options));
}

std::string ScratchContainers::log_tail(const std::string& id) {
  const std::string body = state_->engine.text(
      {.attempted = format("read the log of container '{}'", short_id(path_word(id, "container"))),
       .path = format("/containers/{}/logs?stdout=true&stderr=true&tail={}", id, log_lines_max)});
  std::string text = redact(unframed(body));
  if (text.size() > log_bytes_max) text.erase(0, text.size() - log_bytes_max);
  return text;
}

void ScratchContainers::remove(const std::string& id) {
  remove_container(state_->engine, id);
  const auto found = state_->name_by_id.find(id);
  if (found == state_->name_by_id.end()) return;
  std::erase(state_->names, found->second);
  state_->name_by_id.erase(found);
}

size_t sweep_drill_containers(const DockerOptions& options, Clock& clock) {
  Docker docker(options, clock);
  Engine engine(options);
  size_t removed = 0;
  for (const DockerContainer& container : docker.containers({.label = drill_label})) {
    if (is_process_alive(container.labels.at(drill_label))) continue;
    log_warning("removing container '{}', left by a drill that was killed",
                printable(container.name));
    remove_container(engine, container.id);
    ++removed;
  }
  return removed;
}

}  // namespace lifeboat
