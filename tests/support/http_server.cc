#include "support/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/error.h"
#include "base/text.h"

namespace lifeboat::test {
namespace {

UniqueFd listen_on_loopback(uint16_t& port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  ensure(fd && ::bind(fd.get(), generic, size) == 0 && ::listen(fd.get(), 16) == 0 &&
             ::getsockname(fd.get(), generic, &size) == 0,
         "a loopback port can be had");
  port = ntohs(address.sin_port);
  return fd;
}

// False: the server is to end.
bool wait_readable(int fd, const StopSource& stop) {
  std::array<pollfd, 2> polled{pollfd{fd, POLLIN, 0}, pollfd{stop.token().fd(), POLLIN, 0}};
  while (::poll(polled.data(), polled.size(), -1) < 0) {
  }
  return polled[1].revents == 0;
}

bool send_all(int fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t sent = ::send(fd, data.data(), data.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    data.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

std::string lower(std::string_view text) {
  std::string made(text);
  std::transform(made.begin(), made.end(), made.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return made;
}

// The request whose head is `head`, without its body.
ServedRequest parse_head(std::string_view head) {
  ServedRequest request;
  bool first = true;
  for (const std::string& raw : split(head, '\n')) {
    const std::string_view line = trim(raw);
    if (first) {
      const std::vector<std::string> words = split(line, ' ');
      if (words.size() == 3) {
        request.method = words[0];
        request.target = words[1];
      }
      first = false;
    } else if (const size_t colon = line.find(':'); colon != std::string_view::npos) {
      request.headers[lower(line.substr(0, colon))] = std::string(trim(line.substr(colon + 1)));
    }
  }
  return request;
}

}  // namespace

HttpServer::HttpServer(Handler handler)
    : handler_(std::move(handler)),
      listener_(listen_on_loopback(port_)),
      thread_([this] { serve(); }) {}

HttpServer::~HttpServer() {
  stop_.request_stop();
  thread_.join();
}

std::string HttpServer::url() const { return "http://127.0.0.1:" + std::to_string(port_); }

std::vector<ServedRequest> HttpServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void HttpServer::serve() {
  while (wait_readable(listener_.get(), stop_)) {
    const UniqueFd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection) serve_connection(connection.get());
  }
}

// One connection, request after request, until either side ends it.
void HttpServer::serve_connection(int fd) {
  std::string buffered;
  const auto read_more = [&] {
    std::array<char, 16384> block{};
    if (!wait_readable(fd, stop_)) return false;
    const ssize_t count = ::recv(fd, block.data(), block.size(), 0);
    if (count <= 0) return false;
    buffered.append(block.data(), static_cast<size_t>(count));
    return true;
  };
  for (;;) {
    size_t end = 0;
    while ((end = buffered.find("\r\n\r\n")) == std::string::npos) {
      if (!read_more()) return;
    }
    ServedRequest request = parse_head(std::string_view(buffered).substr(0, end));
    buffered.erase(0, end + 4);
    const auto length = request.headers.find("content-length");
    const size_t size = length == request.headers.end() ? 0 : std::stoul(length->second);
    if (request.headers.contains("expect") && !send_all(fd, "HTTP/1.1 100 Continue\r\n\r\n"))
      return;
    while (buffered.size() < size) {
      if (!read_more()) return;
    }
    request.body = buffered.substr(0, size);
    buffered.erase(0, size);
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    if (!answer(fd, handler_(request))) return;
  }
}

// False: the connection is over.
bool HttpServer::answer(int fd, const ServedResponse& response) {
  using Wire = ServedResponse::Wire;
  if (response.wire == Wire::drop_before) return false;
  if (response.wire == Wire::never_answer) {
    wait_readable(stop_.token().fd(), stop_);
    return false;
  }
  const size_t told = response.body.size() + (response.wire == Wire::wrong_length ? 1 : 0);
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " Scripted\r\n";
  for (const auto& [name, value] : response.headers) head += name + ": " + value + "\r\n";
  head += "Content-Length: " + std::to_string(told) + "\r\n\r\n";
  if (!send_all(fd, head)) return false;
  if (response.wire == Wire::drop_in_body) {
    send_all(fd, std::string_view(response.body).substr(0, response.body.size() / 2));
    return false;
  }
  if (response.wire == Wire::drip) {
    for (const char letter : response.body) {
      if (!send_all(fd, {&letter, 1})) return false;
    }
    return true;
  }
  return send_all(fd, response.body) && response.wire == Wire::normal;
}

uint16_t closed_port() {
  uint16_t port = 0;
  listen_on_loopback(port).reset();
  return port;
}

}  // namespace lifeboat::test
