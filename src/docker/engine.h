// One Docker engine: where its socket is, which API version is spoken, and single calls to it.
//
// Requests go through libcurl; only the stream of an exec needs the bare socket (docker/hijack.h).
// https://docs.docker.com/reference/api/engine/version-history/
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "docker/answers.h"
#include "docker/docker.h"
#include "http/client.h"
#include "io/fd.h"

namespace lifeboat {

struct EngineCall {
  std::string attempted = {};  // "stop container 'x'", for errors
  std::string method = "GET";
  std::string path = {};  // without the version: "/containers/json?all=true"
  Json body = {};         // null: none
  std::chrono::milliseconds timeout{60'000};
  // False for what undoes: Ctrl-C must not keep a container stopped.
  bool heeds_stop = true;
};

// The socket that `options` mean. Throws Error(service) for a DOCKER_HOST that is no unix socket.
std::filesystem::path engine_socket(const DockerOptions& options);
// Connected. Throws Error(service) with a hint for what can be wrong with it.
UniqueFd connect_engine(const std::filesystem::path& socket);

// One thread at a time. Connects, and agrees on a version, at the first call.
class Engine {
 public:
  explicit Engine(const DockerOptions& options);

  // Another connection to the same engine, for a stream that lives by itself.
  Engine another() const;

  // The answer's JSON, null if it has none. Throws Error(service) unless the status is 2xx or 304.
  Json ask(const EngineCall& call);
  // The answer as it is.
  std::string text(const EngineCall& call);
  // The same as ask(); nothing for a 404.
  std::optional<Json> find(const EngineCall& call);

  // "1.41", agreed on now if not before.
  const std::string& api_version(bool heeds_stop = true);
  // "20.10.24"
  const std::string& engine_version();
  const std::filesystem::path& socket() const { return socket_; }
  const StopToken& stop() const { return stop_; }

 private:
  void negotiate(bool heeds_stop);
  HttpResponse send(const EngineCall& call, const std::string& path);
  HttpResponse send_versioned(const EngineCall& call);

  std::filesystem::path socket_;
  StopToken stop_;
  HttpClient client_;
  std::string api_version_;
  std::string engine_version_;
};

// Of an answer that refuses: "<attempted>: <the engine's words>", with a hint where one is known.
Error refusal(const std::string& attempted, int status, std::string_view body);

// `name`, an id or a name, fit to be part of a path. Throws Error(service).
const std::string& path_word(const std::string& name, std::string_view what);
// As people know it: the first 12 digits of an id, or a name as it is.
std::string short_id(const std::string& id);

}  // namespace lifeboat
