#include "docker/engine.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/format.h"
#include "base/log.h"
#include "base/text.h"

namespace lifeboat {
namespace {

constexpr const char* default_socket = "/var/run/docker.sock";
constexpr std::string_view unix_scheme = "unix://";
constexpr size_t words_max = 500;  // of the engine's own words in an error
constexpr time_t connect_seconds_max = 10;

struct ApiVersion {
  int major = 0;
  int minor = 0;
  auto operator<=>(const ApiVersion&) const = default;
};

// What our calls were read against; the newest engines demand 1.44 at least.
constexpr ApiVersion highest_known{1, 47};
// The first that gives an exec a working directory (Docker 17.12).
constexpr ApiVersion lowest_usable{1, 35};

// 0.0 if it is no version.
ApiVersion parse_version(const std::string& text) {
  ApiVersion version;
  char rest = 0;
  const int read = ::sscanf(text.c_str(), "%4d.%4d%c", &version.major, &version.minor, &rest);
  return read == 2 ? version : ApiVersion{};
}

std::string print_version(ApiVersion version) {
  return format("{}.{}", version.major, version.minor);
}

std::string hint_for(int error_number) {
  switch (error_number) {
    case EACCES:
    case EPERM:
      return "Run as root, or put this user into the socket's group (which makes it root in all "
             "but name).";
    case ENOENT:
    case ENOTDIR:
      return "Is Docker installed and running? For a rootless engine or podman, set "
             "DOCKER_HOST=unix:///PATH of its socket.";
    case ECONNREFUSED:
    case ENOTSOCK:
    case EPROTOTYPE:
      return "Nobody listens there: start the engine, such as with 'systemctl start docker'.";
    default:
      return "Is the engine well? Try 'docker version' as the same user.";
  }
}

std::string hint_for_refusal(int status, const std::string& words) {
  if (words.find("paused") != std::string::npos) {
    return "Let it go on with 'docker unpause', or find out who paused it.";
  }
  if (words.find("not running") != std::string::npos ||
      words.find("state improper") != std::string::npos) {  // podman's words
    return "Start it with 'docker start', and see 'docker logs' if it does not stay up.";
  }
  if (status == 404) return "Was it removed, or made anew meanwhile? See 'docker ps -a'.";
  if (words.find("version") != std::string::npos && status == 400) {
    return "This engine and this program have no API version in common: update the older one.";
  }
  return "See the engine's log, such as with 'journalctl -u docker'.";
}

Json answer_of(const EngineCall& call, const HttpResponse& response) {
  const bool is_good = response.status / 100 == 2 || response.status == 304;
  if (!is_good) throw refusal(call.attempted, response.status, response.body);
  return parse_answer(call.attempted, response.body);
}

HttpOptions http_options(const std::filesystem::path& socket) {
  HttpOptions options;
  options.unix_socket = socket;
  return options;
}

}  // namespace

std::filesystem::path engine_socket(const DockerOptions& options) {
  if (!options.socket.empty()) return options.socket;
  const char* host = ::getenv("DOCKER_HOST");
  if (host == nullptr || *host == '\0') return default_socket;
  const std::string_view text = host;
  if (!text.starts_with(unix_scheme) || text.size() == unix_scheme.size()) {
    // Of the rest nothing is told: it may hold a user and a password.
    throw Error(ErrorKind::service,
                format("find the Docker engine by DOCKER_HOST: '{}' is no path of a unix socket",
                       printable(text.substr(0, text.find("://") + 3))))
        .hint(
            "Only an engine on this host can be backed up: unset DOCKER_HOST, or set it to "
            "unix:///PATH.");
  }
  return text.substr(unix_scheme.size());
}

UniqueFd connect_engine(const std::filesystem::path& socket) {
  const std::string attempted = format("connect to the Docker engine at '{}'", socket.native());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.native().size() >= sizeof address.sun_path) {
    throw Error(ErrorKind::service, attempted + ": the path is too long for a socket")
        .hint("Reach it by a shorter path, such as a symbolic link.");
  }
  std::memcpy(address.sun_path, socket.c_str(), socket.native().size());
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) throw system_error(ErrorKind::service, attempted, errno);
  const timeval patience{connect_seconds_max, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int reason = errno;
    throw system_error(ErrorKind::service, attempted, reason).hint(hint_for(reason));
  }
  return fd;
}

Engine::Engine(const DockerOptions& options)
    : socket_(engine_socket(options)), stop_(options.stop), client_(http_options(socket_)) {}

Engine Engine::another() const {
  Engine made({.socket = socket_, .stop = stop_});
  made.api_version_ = api_version_;
  made.engine_version_ = engine_version_;
  return made;
}

HttpResponse Engine::send(const EngineCall& call, const std::string& path) {
  HttpRequest request;
  request.method = call.method;
  request.url = "http://docker" + path;
  request.timeout = call.timeout;
  if (!call.body.is_null()) {
    request.headers.emplace_back("content-type", "application/json");
    request.body = print_json_line(call.body);
  }
  if (call.heeds_stop) request.stop = stop_;
  return with_context(call.attempted, [&] { return client_.send(request); });
}

void Engine::negotiate(bool heeds_stop) {
  if (!api_version_.empty()) return;
  // libcurl says no more than "could not connect"; this says why.
  connect_engine(socket_).reset();
  const EngineCall call{.attempted = "ask the Docker engine for its version",
                        .heeds_stop = heeds_stop};
  const HttpResponse response = send(call, "/version");
  const Json answer = answer_of(call, response);
  const ApiVersion newest = parse_version(text_in(answer, "ApiVersion"));
  const ApiVersion oldest = parse_version(text_in(answer, "MinAPIVersion"));
  if (newest < lowest_usable) {
    throw Error(ErrorKind::service,
                format("{}: it speaks API {}, and {} is needed", call.attempted,
                       printable(text_in(answer, "ApiVersion")), print_version(lowest_usable)))
        .hint("Docker 17.12 and podman 4 are new enough; update the engine.");
  }
  // An engine that has dropped all we know: our calls have not changed in ten years, so its oldest
  // version is worth the try.
  api_version_ = print_version(std::max(std::min(highest_known, newest), oldest));
  engine_version_ = printable(text_in(answer, "Version"));
}

const std::string& Engine::api_version(bool heeds_stop) {
  negotiate(heeds_stop);
  return api_version_;
}

const std::string& Engine::engine_version() {
  negotiate(true);
  return engine_version_;
}

HttpResponse Engine::send_versioned(const EngineCall& call) {
  return send(call, format("/v{}{}", api_version(call.heeds_stop), call.path));
}

std::optional<Json> Engine::find(const EngineCall& call) {
  const HttpResponse response = send_versioned(call);
  if (response.status == 404) return std::nullopt;
  return answer_of(call, response);
}

std::string Engine::text(const EngineCall& call) {
  HttpResponse response = send_versioned(call);
  if (response.status / 100 != 2) throw refusal(call.attempted, response.status, response.body);
  return std::move(response.body);
}

Json Engine::ask(const EngineCall& call) { return answer_of(call, send_versioned(call)); }

Error refusal(const std::string& attempted, int status, std::string_view body) {
  const Json answer = Json::parse(body, nullptr, false);
  std::string words = text_in(answer, "message");
  if (words.empty()) words = trim(body);
  words = printable(redact(words.substr(0, words_max)));
  if (words.empty()) words = format("HTTP status {}", status);
  return Error(ErrorKind::service, format("{}: the engine says: {}", attempted, words))
      .hint(hint_for_refusal(status, words));
}

const std::string& path_word(const std::string& name, std::string_view what) {
  const auto is_allowed = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '_' || letter == '.' || letter == '-';
  };
  if (name.empty() || name.front() == '.' || !std::all_of(name.begin(), name.end(), is_allowed)) {
    throw Error(ErrorKind::service,
                format("find {} '{}': not a name that an engine gives", what, printable(name)))
        .hint("Names have letters, digits, '_', '.' and '-' only.");
  }
  return name;
}

std::string short_id(const std::string& id) {
  const bool is_id =
      id.size() == 64 && id.find_first_not_of("0123456789abcdef") == std::string::npos;
  return is_id ? id.substr(0, 12) : id;
}

}  // namespace lifeboat
