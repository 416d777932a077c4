// A Docker engine on a unix socket that says what a test tells it to, byte for byte.
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "docker/docker.h"
#include "io/fd.h"
#include "support/shell.h"

namespace lifeboat::test {

struct EngineReply {
  std::string bytes;         // head and body as they go over the wire
  bool closes = false;       // ends the connection after them
  bool reads_input = false;  // behind the head: reads up to the peer's end first
  bool drips = false;        // one byte a write
};

EngineReply json_reply(int status, const std::string& body);
// The answer that makes the connection a stream of `frames`, and its end.
EngineReply stream_reply(const std::string& frames);
// 1: stdout, 2: stderr, 3: the engine's own error.
std::string frame(unsigned stream, const std::string& payload);

class ScriptedEngine {
 public:
  // Answers GET /version with 20.10 and API 1.41, and all else that is not told with 404.
  ScriptedEngine();
  ~ScriptedEngine();
  ScriptedEngine(const ScriptedEngine&) = delete;
  ScriptedEngine& operator=(const ScriptedEngine&) = delete;

  // `request` is "GET /containers/json?all=true", without the version. The last of several replies
  // is repeated.
  void on(const std::string& request, const EngineReply& reply);
  // An exec "e1" in container "c1" that answers with `stream` and ended with `exit_code`.
  void on_exec(const EngineReply& stream, int exit_code);
  // Asked instead of all that was told, with "POST /containers/c1/pause". Before the first request.
  using Answerer = std::function<EngineReply(const std::string& request)>;
  void answer_with(Answerer answerer) { answerer_ = std::move(answerer); }
  DockerOptions options() const { return {.socket = socket_path()}; }
  std::filesystem::path socket_path() const { return folder_ / "docker.sock"; }
  // "POST /v1.41/containers/c1/exec {...}", in order.
  std::vector<std::string> requests() const;
  // What came as stdin of replies with `reads_input`.
  std::string input() const;

 private:
  void serve();
  void serve_connection(int fd);
  bool read_more(int fd, std::string& buffered) const;
  EngineReply reply_to(const std::string& request, const std::string& body);

  TempFolder folder_;
  UniqueFd listener_;
  StopSource stop_;
  mutable std::mutex mutex_;
  std::map<std::string, std::deque<EngineReply>> replies_;
  std::vector<std::string> requests_;
  std::string input_;
  Answerer answerer_;
  std::list<std::thread> connections_;
  std::thread thread_;
};

}  // namespace lifeboat::test
