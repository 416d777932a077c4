// A scripted HTTP/1.1 server on loopback: answers what a test tells it to, records what it was
// asked, and can misbehave on the wire.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/stop.h"
#include "io/fd.h"

namespace lifeboat::test {

struct ServedRequest {
  std::string method;
  std::string target;                          // path and query as sent
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

struct ServedResponse {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  enum class Wire {
    normal,
    drop_before,    // close the connection without a byte
    drop_in_body,   // close it after half of the body
    drip,           // one byte of the body a write
    never_answer,   // hold the connection until either side ends
    wrong_length,   // announce one byte more than there is, then close
    drop_in_head,   // close it after `wire_byte` bytes of the status line and headers
    reset_in_head,  // the same, with a reset (RST) instead of an orderly end
    drop_at_byte,   // close it after `wire_byte` bytes of the body
    reset_at_byte,  // the same, with a reset
    stall_at_byte,  // send `wire_byte` bytes of the body and no more, and hold the connection
    slow_drip,      // one byte of the body every 5 ms
  };
  Wire wire = Wire::normal;
  uint64_t wire_byte = 0;
};

// An answer that does not wait for the end of a request: the body is read up to `body_bytes`, and
// the connection is over after it.
struct EarlyAnswer {
  uint64_t body_bytes = 0;
  ServedResponse response = {};
};

// Each connection is served by a thread of its own, and the handlers are called from any of them;
// the destructor joins all.
class HttpServer {
 public:
  using Handler = std::function<ServedResponse(const ServedRequest&)>;
  // Asked when the head of a request is here and its body is not; nothing: read on.
  using HeadHandler = std::function<std::optional<EarlyAnswer>(const ServedRequest& head)>;
  // `port` 0: one that is free.
  explicit HttpServer(Handler handler, HeadHandler head_handler = {}, uint16_t port = 0);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // "http://127.0.0.1:PORT"
  std::string url() const;
  uint16_t port() const { return port_; }
  // All that came whole, in the order of their ends; bodies over 1 MiB are not kept.
  std::vector<ServedRequest> requests() const;

 private:
  struct Connection;
  void serve();
  void serve_connection(Connection& connection);
  bool answer(Connection& connection, const ServedRequest& request, const ServedResponse& response);
  void answer_early(Connection& connection, const ServedRequest& head, const EarlyAnswer& early);

  Handler handler_;
  HeadHandler head_handler_;
  uint16_t port_ = 0;  // before the listener, whose making sets it
  UniqueFd listener_;
  StopSource stop_;
  mutable std::mutex mutex_;
  std::vector<ServedRequest> requests_;
  std::thread thread_;  // accepts, and owns the connections' threads
};

// A port of loopback where nobody listens.
uint16_t closed_port();

}  // namespace lifeboat::test
