// HTTP requests, by libcurl: one connection kept between requests, every size and time bounded.
//
// HTTP/1.1, TLS verified. Redirects are answers, not followed: a redirected request would carry its
// secrets to another host. Proxies come from the environment, but never for loopback addresses.
// Secrets travel in header values, the URL's user or its query; none of these is ever part of an
// error.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/stop.h"

namespace lifeboat {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // http or https
  HttpHeaders headers = {};
  std::string body = {};
  ByteView borrowed_body = {};  // sent instead of `body`; must live until `send` returns
  std::chrono::milliseconds timeout{60'000};  // for the whole exchange; 0: none
  // A transfer that moves less than 1 KiB/s for this long is broken; 0: none. In whole seconds.
  std::chrono::seconds stall_timeout{0};
  uint64_t upload_bytes_per_second = 0;  // 0: no limit
  // Given the body of a 2xx answer as it arrives; `HttpResponse::body` stays empty then and
  // `body_max` does not count. What it throws ends the transfer and comes out of `send`.
  std::function<void(ByteView)> on_body = {};
  StopToken stop = {};  // besides the client's own
  // What errors call the request; empty: its method and `printable_url(url)`. For URLs whose path
  // is a secret.
  std::string told_as = {};
};

// The first value of `lower_case_name` in headers with names in lower case.
std::optional<std::string_view> find_header(const HttpHeaders& headers,
                                            std::string_view lower_case_name);

struct HttpResponse {
  int status = 0;
  HttpHeaders headers;  // names in lower case, in the order of the wire
  std::string body;

  std::optional<std::string_view> header(std::string_view lower_case_name) const {
    return find_header(headers, lower_case_name);
  }
};

struct HttpOptions {
  ErrorKind kind = ErrorKind::service;  // of the errors: who the server is to the caller
  uint64_t body_max = 64 << 20;         // bytes of a response body
  std::chrono::milliseconds connect_timeout{10'000};
  std::filesystem::path ca_file = {};  // PEM, instead of the system's authorities
  // Connect to this socket; the URL's host is only the Host header then, and no proxy counts.
  std::filesystem::path unix_socket = {};
  // Makes the sockets in place of socket(2), such as inside another network namespace
  // (http/network_namespace.h): domain, type and protocol; -1 for none, with errno.
  std::function<int(int, int, int)> open_socket = {};
  StopToken stop = {};
};

// One thread at a time.
class HttpClient {
 public:
  explicit HttpClient(HttpOptions options = {});
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;

  // A response of any status. Throws Error(kind) if there is none, transient if trying again may
  // help; Error(limit) for a body beyond `body_max`; Interrupted.
  HttpResponse send(const HttpRequest& request);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Whether a request that got this status may be sent again: 408, 429 and what a server says of
// itself (500, 502, 503, 504).
bool is_transient_status(int status);
// A Date, Last-Modified or Retry-After value, RFC 9110 section 5.6.7; nothing if it is no date.
std::optional<Timestamp> parse_http_date(std::string_view text);

// Where requests go, without what to ask there.
struct HttpOrigin {
  std::string scheme;     // "http" or "https"
  std::string host;       // an IPv6 address in brackets
  std::string authority;  // host and port, the port only if it is not the scheme's: a Host header
};
// Nothing unless `url` is an http or https URL of these alone: no user, path, query or fragment.
std::optional<HttpOrigin> parse_origin(const std::string& url);
// `url` for messages and logs: without user, password, query and fragment.
std::string printable_url(const std::string& url);
// The same without the path, which is the secret of a webhook: "https://discord.com".
std::string printable_origin(const std::string& url);

}  // namespace lifeboat
