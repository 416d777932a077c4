#include "http/client.h"

#include <algorithm>
#include <array>
#include <exception>

#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "http/curl_parts.h"

namespace lifeboat {
namespace {

constexpr size_t header_bytes_max = 256 << 10;  // of all headers of a response

std::string attempt_of(const HttpRequest& request) {
  if (!request.told_as.empty()) return request.told_as;
  return format("{} {}", printable(request.method), printable_url(request.url));
}

// What the callbacks write to.
struct Exchange {
  CURL* handle = nullptr;
  const HttpRequest* request = nullptr;
  HttpResponse response;
  size_t header_bytes = 0;
  bool head_is_whole = false;
  uint64_t body_max = 0;
  bool too_large = false;
  std::exception_ptr thrown;  // by a callback, on its way through C
  StopToken stop;
};

void take_header_line(Exchange& exchange, std::string_view raw) {
  const std::string_view line = trim(raw);
  if (line.empty()) exchange.head_is_whole = true;
  if (line.starts_with("HTTP/")) {  // perhaps after an interim reply
    exchange.response.headers.clear();
    exchange.head_is_whole = false;
  }
  exchange.header_bytes += raw.size();
  exchange.too_large = exchange.header_bytes > header_bytes_max;
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || line.starts_with("HTTP/")) return;
  exchange.response.headers.emplace_back(ascii_lower(line.substr(0, colon)),
                                         trim(line.substr(colon + 1)));
}

int status_of(CURL* handle) {
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  return static_cast<int>(status);
}

void take_body_bytes(Exchange& exchange, std::string_view data) {
  if (exchange.request->on_body && status_of(exchange.handle) / 100 == 2) {
    exchange.request->on_body(as_bytes(data));
    return;
  }
  exchange.too_large = exchange.response.body.size() + data.size() > exchange.body_max;
  if (!exchange.too_large) exchange.response.body.append(data);
}

// A callback of libcurl: what `take` throws waits in the exchange until libcurl has returned.
template <void (*take)(Exchange&, std::string_view)>
size_t take_data(char* data, size_t, size_t size, void* target) noexcept {
  auto& exchange = *static_cast<Exchange*>(target);
  try {
    take(exchange, {data, size});
  } catch (...) {
    exchange.thrown = std::current_exception();
  }
  return exchange.too_large || exchange.thrown ? CURL_WRITEFUNC_ERROR : size;
}

int watch_stop(void* target, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto& exchange = *static_cast<Exchange*>(target);
  return exchange.stop.stop_requested() || exchange.request->stop.stop_requested() ? 1 : 0;
}

curl_socket_t open_socket(void* opener, curlsocktype, curl_sockaddr* address) noexcept {
  try {
    const int fd = (*static_cast<const std::function<int(int, int, int)>*>(opener))(
        address->family, address->socktype, address->protocol);
    return fd < 0 ? CURL_SOCKET_BAD : fd;
  } catch (...) {  // libcurl tells that there is no socket
    return CURL_SOCKET_BAD;
  }
}

CurlList header_list(const HttpRequest& request) {
  CurlList list;
  // "Name:" keeps libcurl from adding its own. A form is not what bodies here are. And waiting for
  // "100 Continue" costs a round trip for each part of an upload, or a whole second where nobody
  // answers it, to save bytes only when a request is refused; servers refuse early without it.
  append(list, "Expect:");
  append(list, "Content-Type:");
  for (const auto& [name, value] : request.headers) {
    // "name;" is libcurl's way to send an empty value.
    append(list, value.empty() ? name + ";" : name + ": " + value);
  }
  return list;
}

// libcurl keeps the URL and headers of a request, which hold secrets, until the next one.
struct ForgottenAtEnd {
  explicit ForgottenAtEnd(CURL* used) : handle(used) {}
  ForgottenAtEnd(const ForgottenAtEnd&) = delete;
  ForgottenAtEnd& operator=(const ForgottenAtEnd&) = delete;
  ~ForgottenAtEnd() { curl_easy_reset(handle); }  // options only: the connection stays

  CURL* handle;
};

}  // namespace

struct HttpClient::State {
  explicit State(HttpOptions chosen) : options(std::move(chosen)) {}

  template <typename Value>
  void set(CURLoption option, Value value) {
    set_curl(handle, option, value);
  }
  void prepare(const HttpRequest& request, CURLU* url);
  void set_body(const HttpRequest& request);
  void set_pace(const HttpRequest& request);
  [[noreturn]] void fail(CURLcode code, const HttpRequest& request, const Exchange& exchange);

  HttpOptions options;
  CurlHandle handle = new_curl_handle();
  std::array<char, CURL_ERROR_SIZE> words{};
};

void HttpClient::State::prepare(const HttpRequest& request, CURLU* url) {
  words[0] = '\0';
  set(CURLOPT_ERRORBUFFER, words.data());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_CURLU, url);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  // One request at a time is all we ask of a connection, and HTTP/2 would add ways to break.
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  set(CURLOPT_USERAGENT, "lifeboat");
  // Whatever the system's or the environment's openssl.cnf would allow.
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  const bool is_local = !options.unix_socket.empty() || is_loopback(url_part(url, CURLUPART_HOST));
  if (is_local) set(CURLOPT_PROXY, "");
  if (!options.unix_socket.empty()) {
    set(CURLOPT_UNIX_SOCKET_PATH, options.unix_socket.c_str());
  }
  if (options.open_socket) {
    set(CURLOPT_OPENSOCKETFUNCTION, &open_socket);
    set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(&options.open_socket));
  }
  if (!options.ca_file.empty()) {
    set(CURLOPT_CAINFO, options.ca_file.c_str());
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));  // else the system's count as well
  }
  set_body(request);
  set_pace(request);
}

void HttpClient::State::set_body(const HttpRequest& request) {
  if (request.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
    return;
  }
  const ByteView body =
      request.borrowed_body.empty() ? as_bytes(request.body) : request.borrowed_body;
  // POSTFIELDS also for an empty body of PUT and POST, so that Content-Length: 0 is sent. libcurl
  // reads it where it is.
  const bool has_body = !body.empty() || request.method == "POST" || request.method == "PUT" ||
                        request.method == "PATCH";
  if (has_body) {
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    set(CURLOPT_POSTFIELDS, body.empty() ? "" : reinterpret_cast<const char*>(body.data()));
  }
  set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void HttpClient::State::set_pace(const HttpRequest& request) {
  constexpr uint64_t stalled_below = 1024;  // bytes a second
  const uint64_t limit = request.upload_bytes_per_second;
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  if (limit > 0) {
    set(CURLOPT_MAX_SEND_SPEED_LARGE, static_cast<curl_off_t>(limit));
    // A whole buffer goes out at once, then libcurl rests: small ones keep it from seeming stalled.
    constexpr long buffer_bytes_min = 16384;  // of libcurl
    set(CURLOPT_UPLOAD_BUFFERSIZE, buffer_bytes_min);
  }
  if (request.stall_timeout.count() > 0) {
    const uint64_t slowest = limit > 0 ? std::min(stalled_below, limit / 2 + 1) : stalled_below;
    set(CURLOPT_LOW_SPEED_LIMIT, static_cast<long>(slowest));
    set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(request.stall_timeout.count()));
  }
}

void HttpClient::State::fail(CURLcode code, const HttpRequest& request, const Exchange& exchange) {
  const std::string attempted = attempt_of(request);
  if (exchange.thrown) std::rethrow_exception(exchange.thrown);
  if (code == CURLE_ABORTED_BY_CALLBACK) throw Interrupted();
  if (exchange.too_large) {
    throw Error(ErrorKind::limit, format("{}: the response is larger than {}", attempted,
                                         print_bytes(options.body_max)));
  }
  const std::string reason = words[0] != '\0' ? words.data() : curl_easy_strerror(code);
  Error error(options.kind, format("{}: {}", attempted, redact(reason)));
  const std::string hint = hint_for(code);
  if (!hint.empty()) error.add_hint(hint);
  if (is_transient_failure(code, reason)) throw std::move(error).transient();
  throw error;
}

HttpClient::HttpClient(HttpOptions options) : state_(std::make_unique<State>(std::move(options))) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;

HttpResponse HttpClient::send(const HttpRequest& request) {
  state_->options.stop.throw_if_stopped();
  request.stop.throw_if_stopped();
  const ParsedUrl url = parse_url(request.url);
  const std::string scheme = url ? url_part(url.get(), CURLUPART_SCHEME) : "";
  if (scheme != "http" && scheme != "https") {
    throw Error(state_->options.kind, attempt_of(request) + ": not an http or https URL")
        .hint("Write the URL like http://127.0.0.1:5678 or https://host/path.");
  }
  const CurlList headers = header_list(request);
  const ForgottenAtEnd at_end(state_->handle.get());
  Exchange exchange;
  exchange.handle = at_end.handle;
  exchange.request = &request;
  exchange.body_max = state_->options.body_max;
  exchange.stop = state_->options.stop;
  state_->prepare(request, url.get());
  state_->set(CURLOPT_HTTPHEADER, headers.get());
  state_->set(CURLOPT_HEADERFUNCTION, &take_data<take_header_line>);
  state_->set(CURLOPT_HEADERDATA, static_cast<void*>(&exchange));
  state_->set(CURLOPT_WRITEFUNCTION, &take_data<take_body_bytes>);
  state_->set(CURLOPT_WRITEDATA, static_cast<void*>(&exchange));
  state_->set(CURLOPT_NOPROGRESS, 0L);
  state_->set(CURLOPT_XFERINFOFUNCTION, &watch_stop);
  state_->set(CURLOPT_XFERINFODATA, static_cast<void*>(&exchange));
  const CURLcode code = curl_easy_perform(exchange.handle);
  if (code != CURLE_OK) state_->fail(code, request, exchange);
  // libcurl takes a connection that closes between two header lines for a whole answer.
  if (!exchange.head_is_whole) state_->fail(CURLE_PARTIAL_FILE, request, exchange);
  exchange.response.status = status_of(exchange.handle);
  return std::move(exchange.response);
}

std::optional<std::string_view> find_header(const HttpHeaders& headers,
                                            std::string_view lower_case_name) {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return std::nullopt;
}

bool is_transient_status(int status) {
  return status == 408 || status == 429 || status == 500 || (status >= 502 && status <= 504);
}

std::optional<Timestamp> parse_http_date(std::string_view text) {
  constexpr time_t seconds_max = 7'258'118'400;  // the year 2200: nanoseconds still hold it
  const time_t seconds = curl_getdate(std::string(text).c_str(), nullptr);
  if (seconds < 0 || seconds > seconds_max) return std::nullopt;
  return Timestamp(std::chrono::seconds(seconds));
}

std::optional<HttpOrigin> parse_origin(const std::string& url) {
  const ParsedUrl parsed = parse_url(url);
  if (!parsed) return std::nullopt;
  HttpOrigin origin{.scheme = url_part(parsed.get(), CURLUPART_SCHEME),
                    .host = url_part(parsed.get(), CURLUPART_HOST),
                    .authority = ""};
  for (const CURLUPart part : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS,
                               CURLUPART_QUERY, CURLUPART_FRAGMENT}) {
    if (!url_part(parsed.get(), part).empty()) return std::nullopt;
  }
  const bool is_http = origin.scheme == "http" || origin.scheme == "https";
  if (!is_http || url_part(parsed.get(), CURLUPART_PATH) != "/") return std::nullopt;
  const std::string port = url_part(parsed.get(), CURLUPART_PORT, CURLU_NO_DEFAULT_PORT);
  origin.authority = port.empty() ? origin.host : origin.host + ":" + port;
  return origin;
}

namespace {

std::string print_without(const std::string& url, std::initializer_list<CURLUPart> parts) {
  const ParsedUrl parsed = parse_url(url);
  if (!parsed) return "(not a URL)";
  for (const CURLUPart part : parts) curl_url_set(parsed.get(), part, nullptr, 0);
  return printable(url_part(parsed.get(), CURLUPART_URL));
}

}  // namespace

std::string printable_url(const std::string& url) {
  return print_without(url, {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS, CURLUPART_QUERY,
                             CURLUPART_FRAGMENT});
}

std::string printable_origin(const std::string& url) {
  std::string origin = print_without(url, {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS,
                                           CURLUPART_PATH, CURLUPART_QUERY, CURLUPART_FRAGMENT});
  if (origin.ends_with('/')) origin.pop_back();
  return origin;
}

}  // namespace lifeboat
