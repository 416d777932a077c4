#include "docker/scripted_engine_test_kit.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/format.h"

namespace lifeboat::test {

EngineReply json_reply(int status, const std::string& body) {
  return {.bytes = format("HTTP/1.1 {} Scripted\r\nContent-Type: application/json\r\n"
                          "Content-Length: {}\r\n\r\n{}",
                          status, body.size(), body)};
}

EngineReply stream_reply(const std::string& frames) {
  return {.bytes =
              "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
              "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n" +
              frames,
          .closes = true};
}

std::string frame(unsigned stream, const std::string& payload) {
  std::string made(8, '\0');
  made[0] = static_cast<char>(stream);
  for (size_t i = 0; i < 4; ++i) made[4 + i] = static_cast<char>(payload.size() >> (24 - 8 * i));
  return made + payload;
}

ScriptedEngine::ScriptedEngine() : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_path().c_str(), socket_path().native().size());
  ensure(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
             ::listen(listener_.get(), 16) == 0,
         "a socket in a folder of ours");
  on("GET /version", json_reply(200, R"({"Version": "20.10.24", "ApiVersion": "1.41",
                                         "MinAPIVersion": "1.12"})"));
  thread_ = std::thread([this] { serve(); });
}

ScriptedEngine::~ScriptedEngine() {
  stop_.request_stop();
  thread_.join();
  for (std::thread& connection : connections_) connection.join();
}

void ScriptedEngine::on(const std::string& request, const EngineReply& reply) {
  const std::lock_guard lock(mutex_);
  replies_[request].push_back(reply);
}

void ScriptedEngine::on_exec(const EngineReply& stream, int exit_code) {
  on("POST /containers/c1/exec", json_reply(201, R"({"Id": "e1"})"));
  on("POST /exec/e1/start", stream);
  on("GET /exec/e1/json",
     json_reply(200, format(R"({{"Running": false, "ExitCode": {}}})", exit_code)));
}

std::vector<std::string> ScriptedEngine::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::string ScriptedEngine::input() const {
  const std::lock_guard lock(mutex_);
  return input_;
}

void ScriptedEngine::serve() {
  for (;;) {
    std::array<pollfd, 2> polled{pollfd{listener_.get(), POLLIN, 0},
                                 pollfd{stop_.token().fd(), POLLIN, 0}};
    if (::poll(polled.data(), polled.size(), -1) > 0 && polled[1].revents != 0) return;
    const int accepted = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (accepted < 0) continue;
    connections_.emplace_back([this, accepted] {
      const UniqueFd fd(accepted);
      serve_connection(fd.get());
    });
  }
}

bool ScriptedEngine::read_more(int fd, std::string& buffered) const {
  std::array<pollfd, 2> polled{pollfd{fd, POLLIN, 0}, pollfd{stop_.token().fd(), POLLIN, 0}};
  while (::poll(polled.data(), polled.size(), -1) < 0) {
  }
  if (polled[1].revents != 0) return false;
  std::array<char, 65536> block;
  const ssize_t count = ::recv(fd, block.data(), block.size(), 0);
  if (count <= 0) return false;
  buffered.append(block.data(), static_cast<size_t>(count));
  return true;
}

EngineReply ScriptedEngine::reply_to(const std::string& request, const std::string& body) {
  const std::lock_guard lock(mutex_);
  requests_.push_back(body.empty() ? request : request + " " + body);
  std::string bare = request;
  const size_t version = bare.find(" /v1.");
  if (version != std::string::npos)
    bare.erase(version + 1, bare.find('/', version + 2) - version - 1);
  if (answerer_ && bare != "GET /version") return answerer_(bare);
  const auto found = replies_.find(bare);
  if (found == replies_.end()) return json_reply(404, R"({"message": "No such thing"})");
  const EngineReply reply = found->second.front();
  if (found->second.size() > 1) found->second.pop_front();
  return reply;
}

void ScriptedEngine::serve_connection(int fd) {
  std::string buffered;
  for (;;) {
    size_t end = 0;
    while ((end = buffered.find("\r\n\r\n")) == std::string::npos) {
      if (!read_more(fd, buffered)) return;
    }
    const std::string head = buffered.substr(0, end);
    buffered.erase(0, end + 4);
    const size_t length = head.find("Content-Length: ");
    const size_t size = length == std::string::npos ? 0 : std::stoul(head.substr(length + 16));
    while (buffered.size() < size) {
      if (!read_more(fd, buffered)) return;
    }
    const std::string body = buffered.substr(0, size);
    buffered.erase(0, size);
    const EngineReply reply = reply_to(head.substr(0, head.find(" HTTP/")), body);
    const auto send_part = [&](std::string_view part) {
      const size_t step = reply.drips ? 1 : std::max<size_t>(part.size(), 1);
      for (size_t at = 0; at < part.size(); at += step) {
        if (::send(fd, part.data() + at, step, MSG_NOSIGNAL) < 0) return false;
      }
      return true;
    };
    const std::string_view bytes = reply.bytes;
    const size_t head_end = std::min(bytes.find("\r\n\r\n"), bytes.size() - 4) + 4;
    if (!send_part(bytes.substr(0, head_end))) return;
    if (reply.reads_input) {
      while (read_more(fd, buffered)) {
      }
      const std::lock_guard lock(mutex_);
      input_ = std::exchange(buffered, "");
    }
    if (!send_part(bytes.substr(head_end))) return;
    if (reply.closes) return;
  }
}

}  // namespace lifeboat::test
