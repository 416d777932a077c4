// A scripted HTTP/1.1 server on loopback: answers what a test tells it to, records what it was
// asked, and can misbehave on the wire.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
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
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  enum class Wire {
    normal,
    drop_before,   // close the connection without a byte
    drop_in_body,  // close it after half of the body
    drip,          // one byte of the body a write
    never_answer,  // hold the connection until the server ends
    wrong_length,  // announce one byte more than there is, then close
  };
  Wire wire = Wire::normal;
};

// Connections are served one after another on one thread, which the destructor joins.
class HttpServer {
 public:
  using Handler = std::function<ServedResponse(const ServedRequest&)>;
  explicit HttpServer(Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // "http://127.0.0.1:PORT"
  std::string url() const;
  std::vector<ServedRequest> requests() const;

 private:
  void serve();
  void serve_connection(int fd);
  bool answer(int fd, const ServedResponse& response);

  Handler handler_;
  uint16_t port_ = 0;  // before the listener, whose making sets it
  UniqueFd listener_;
  StopSource stop_;
  mutable std::mutex mutex_;
  std::vector<ServedRequest> requests_;
  std::thread thread_;
};

// A port of loopback where nobody listens.
uint16_t closed_port();

}  // namespace lifeboat::test
