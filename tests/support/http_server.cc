#include "support/http_server.h"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <list>

#include "base/error.h"
#include "base/text.h"

namespace lifeboat::test {
namespace {

using Wire = ServedResponse::Wire;

constexpr size_t kept_body_bytes_max = 1 << 20;
constexpr int drip_pause_ms = 5;

// At `port`, or at one that is free, which it becomes, if it is 0.
UniqueFd listen_on_loopback(uint16_t& port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  ensure(fd && ::bind(fd.get(), generic, size) == 0 && ::listen(fd.get(), 64) == 0 &&
             ::getsockname(fd.get(), generic, &size) == 0,
         "a loopback port can be had");
  port = ntohs(address.sin_port);
  return fd;
}

// Waits for one of `events`, or for the end of the server: false. A timeout (-1: none) is true.
bool wait_for(int fd, short events, const StopSource& stop, int timeout_ms = -1) {
  std::array<pollfd, 2> polled{pollfd{fd, events, 0}, pollfd{stop.token().fd(), POLLIN, 0}};
  while (::poll(polled.data(), polled.size(), timeout_ms) < 0) {
  }
  return polled[1].revents == 0;
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

std::string print_head(const ServedRequest& request, const ServedResponse& response) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " Scripted\r\n";
  for (const auto& [name, value] : response.headers) head += name + ": " + value + "\r\n";
  const size_t told = response.body.size() + (response.wire == Wire::wrong_length ? 1 : 0);
  if (response.status != 204 || request.method == "HEAD") {
    head += "Content-Length: " + std::to_string(told) + "\r\n";
  }
  return head + "\r\n";
}

}  // namespace

struct HttpServer::Connection {
  Connection(UniqueFd accepted, const StopSource& server_stop)
      : fd(std::move(accepted)), stop(server_stop) {}

  // Waits for bytes and appends them to `buffered`.
  bool read_more();
  bool send_all(std::string_view data);
  bool drip(std::string_view data, int pause_ms);
  // Holds the connection until either side ends.
  void hold();
  // The peer has got all that was sent, and the reset comes after it.
  void reset();
  // An orderly end while the peer may still be sending: without the reading, the kernel would
  // reset.
  void close_gently();

  UniqueFd fd;
  const StopSource& stop;
  std::string buffered;
  std::atomic<bool> done = false;
  std::thread thread;
};

bool HttpServer::Connection::read_more() {
  if (!wait_for(fd.get(), POLLIN, stop)) return false;
  std::array<char, 65536> block;
  const ssize_t count = ::recv(fd.get(), block.data(), block.size(), 0);
  if (count <= 0) return false;
  buffered.append(block.data(), static_cast<size_t>(count));
  return true;
}

bool HttpServer::Connection::send_all(std::string_view data) {
  while (!data.empty()) {
    if (!wait_for(fd.get(), POLLOUT, stop)) return false;
    const ssize_t sent = ::send(fd.get(), data.data(), data.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent <= 0) return false;
    data.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool HttpServer::Connection::drip(std::string_view data, int pause_ms) {
  for (const char letter : data) {
    if (!send_all({&letter, 1})) return false;
    if (pause_ms > 0 && !wait_for(-1, 0, stop, pause_ms)) return false;
  }
  return true;
}

void HttpServer::Connection::hold() {
  do {
    buffered.clear();
  } while (read_more());
}

void HttpServer::Connection::reset() {
  int unsent = 0;
  while (::ioctl(fd.get(), SIOCOUTQ, &unsent) == 0 && unsent > 0 && wait_for(-1, 0, stop, 1)) {
  }
  const linger at_once{1, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  fd.reset();
}

void HttpServer::Connection::close_gently() {
  if (!fd) return;
  ::shutdown(fd.get(), SHUT_WR);
  hold();
  fd.reset();
}

HttpServer::HttpServer(Handler handler, HeadHandler head_handler, uint16_t port)
    : handler_(std::move(handler)),
      head_handler_(std::move(head_handler)),
      port_(port),
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
  std::list<Connection> connections;
  while (wait_for(listener_.get(), POLLIN, stop_)) {
    connections.remove_if([](Connection& connection) {
      if (!connection.done) return false;
      connection.thread.join();
      return true;
    });
    UniqueFd accepted(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!accepted) continue;
    const int on = 1;
    ::setsockopt(accepted.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Connection& connection = connections.emplace_back(std::move(accepted), stop_);
    connection.thread = std::thread([this, &connection] {
      serve_connection(connection);
      connection.fd.reset();
      connection.done = true;
    });
  }
  for (Connection& connection : connections) connection.thread.join();
}

// One connection, request after request, until either side ends it.
void HttpServer::serve_connection(Connection& connection) {
  std::string& buffered = connection.buffered;
  for (;;) {
    size_t end = 0;
    while ((end = buffered.find("\r\n\r\n")) == std::string::npos) {
      if (!connection.read_more()) return;
    }
    ServedRequest request = parse_head(std::string_view(buffered).substr(0, end));
    buffered.erase(0, end + 4);
    if (head_handler_) {
      if (const auto early = head_handler_(request)) {
        return answer_early(connection, request, *early);
      }
    }
    const auto length = request.headers.find("content-length");
    const size_t size = length == request.headers.end() ? 0 : std::stoul(length->second);
    if (request.headers.contains("expect") &&
        !connection.send_all("HTTP/1.1 100 Continue\r\n\r\n")) {
      return;
    }
    while (buffered.size() < size) {
      if (!connection.read_more()) return;
    }
    std::string rest = buffered.substr(size);
    buffered.resize(size);
    request.body = std::move(buffered);
    buffered = std::move(rest);
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
      if (request.body.size() > kept_body_bytes_max) requests_.back().body.clear();
    }
    if (!answer(connection, request, handler_(request))) return;
  }
}

void HttpServer::answer_early(Connection& connection, const ServedRequest& head,
                              const EarlyAnswer& early) {
  if (early.body_bytes > 0 && head.headers.contains("expect") &&
      !connection.send_all("HTTP/1.1 100 Continue\r\n\r\n")) {
    return;
  }
  while (connection.buffered.size() < early.body_bytes) {
    if (!connection.read_more()) return;
  }
  answer(connection, head, early.response);
  connection.close_gently();
}

// False: the connection is over.
bool HttpServer::answer(Connection& connection, const ServedRequest& request,
                        const ServedResponse& response) {
  const std::string head = print_head(request, response);
  const bool has_body = request.method != "HEAD" && response.status != 204;
  const std::string_view body = has_body ? std::string_view(response.body) : "";
  const auto cut_head = std::string_view(head).substr(0, response.wire_byte);
  const auto cut_body = body.substr(0, response.wire_byte);
  switch (response.wire) {
    case Wire::normal:
      return connection.send_all(head) && connection.send_all(body);
    case Wire::drop_before:
      return false;
    case Wire::never_answer:
      connection.hold();
      return false;
    case Wire::drip:
      return connection.send_all(head) && connection.drip(body, 0);
    case Wire::slow_drip:
      return connection.send_all(head) && connection.drip(body, drip_pause_ms);
    case Wire::wrong_length:
      if (connection.send_all(head)) connection.send_all(body);
      return false;
    case Wire::drop_in_body:
      if (connection.send_all(head)) connection.send_all(body.substr(0, body.size() / 2));
      return false;
    case Wire::drop_in_head:
      connection.send_all(cut_head);
      return false;
    case Wire::reset_in_head:
      if (connection.send_all(cut_head)) connection.reset();
      return false;
    case Wire::drop_at_byte:
      if (connection.send_all(head)) connection.send_all(cut_body);
      return false;
    case Wire::reset_at_byte:
      if (connection.send_all(head) && connection.send_all(cut_body)) connection.reset();
      return false;
    case Wire::stall_at_byte:
      if (connection.send_all(head) && connection.send_all(cut_body)) connection.hold();
      return false;
  }
  return false;
}

uint16_t closed_port() {
  uint16_t port = 0;
  listen_on_loopback(port).reset();
  return port;
}

}  // namespace lifeboat::test
