// A small HTTP server, by libmicrohttpd, for requests of a machine's own programs.
//
// Every size and time is bounded: one request a connection, whose head is below 16 KiB, whose body
// is below `body_max`, and which must have come whole within `request_timeout`. That is measured
// from the first moment and not from the last byte, so that a client which sends one now and then
// does not stay. A head or body beyond its limit is answered with 4xx; connections beyond
// theirs are closed.
//
// A thread a connection, of which there are few: a handler that takes long holds up nobody else. No
// TLS: beyond loopback, put a proxy before it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/stop.h"
#include "http/client.h"

namespace lifeboat {

struct ListenAddress {
  std::string host = "127.0.0.1";  // an IPv4 or IPv6 address in numbers
  uint16_t port = 0;               // 0: one that is free
};
// "127.0.0.1:9096", "[::1]:9096"; nothing for anything else, a host's name included.
std::optional<ListenAddress> parse_listen_address(std::string_view text);
// Whether this machine alone can reach it.
bool is_loopback(const ListenAddress& address);

struct HttpCall {
  std::string method;
  std::string path;     // percent-decoded, without the query
  HttpHeaders headers;  // names in lower case
  std::string body;

  std::optional<std::string_view> header(std::string_view lower_case_name) const {
    return find_header(headers, lower_case_name);
  }
};

struct HttpAnswer {
  int status = 200;
  std::string body = {};
  HttpHeaders headers = {};
};

struct HttpListenerOptions {
  ListenAddress address = {};
  uint64_t body_max = 1 << 20;  // bytes
  unsigned connections_max = 32;
  std::chrono::milliseconds request_timeout{10'000};  // and for the client to take the answer
  // How long handlers that are at work may take when all is to end; then their clients get nothing.
  std::chrono::milliseconds stop_timeout{5'000};
};

class HttpListener {
 public:
  // Called on many threads at once. What it throws is a status 500 and a warning in the log;
  // Interrupted a 503.
  using Handler = std::function<HttpAnswer(const HttpCall&)>;

  // Listens and answers from now on. Throws Error(config) if the address cannot be had.
  HttpListener(HttpListenerOptions options, Handler handler);
  // Waits for handlers at work, which must end by themselves; no thread is left.
  ~HttpListener();
  HttpListener(const HttpListener&) = delete;
  HttpListener& operator=(const HttpListener&) = delete;

  uint16_t port() const;
  // Keeps the times until `stop`; returns when nobody is let in any more and those who were
  // answered have their answers, or `stop_timeout` is over.
  void run(const StopToken& stop);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lifeboat
