#include "http/client.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>

#include "base/format.h"
#include "base/log.h"
#include "base/text.h"

namespace lifeboat {
namespace {

constexpr size_t header_bytes_max = 256 << 10;  // of all headers of a response

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using ParsedUrl = std::unique_ptr<CURLU, FreeUrl>;

// Null if it is no URL.
ParsedUrl parse_url(const std::string& url) {
  ParsedUrl parsed(curl_url());
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) {
    return nullptr;
  }
  return parsed;
}

std::string url_part(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return "";
  std::string copy = text;
  curl_free(text);
  return copy;
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host.ends_with(".localhost") || host == "[::1]" ||
         host.starts_with("127.");
}

bool is_transient_failure(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return true;
    default:
      return false;
  }
}

std::string hint_for(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_CONNECT:
      return "Is the service running, and does it listen on that address and port?";
    case CURLE_COULDNT_RESOLVE_HOST:
      return "Correct the host name in the URL, or look at the DNS.";
    case CURLE_PEER_FAILED_VERIFICATION:
      return "The server's certificate is not trusted here; install its authority's certificate.";
    default:
      return "";
  }
}

// What the callbacks write to.
struct Exchange {
  HttpResponse response;
  size_t header_bytes = 0;
  uint64_t body_max = 0;
  bool too_large = false;
  StopToken stop;
};

size_t take_header(char* data, size_t, size_t size, void* target) {
  auto& exchange = *static_cast<Exchange*>(target);
  const std::string_view line = trim({data, size});
  if (line.starts_with("HTTP/")) exchange.response.headers.clear();  // an interim reply before
  exchange.header_bytes += size;
  if (exchange.header_bytes > header_bytes_max) {
    exchange.too_large = true;
    return 0;
  }
  const size_t colon = line.find(':');
  if (colon != std::string_view::npos && !line.starts_with("HTTP/")) {
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(), [](char letter) {
      return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    });
    exchange.response.headers.emplace_back(std::move(name), trim(line.substr(colon + 1)));
  }
  return size;
}

size_t take_body(char* data, size_t, size_t size, void* target) {
  auto& exchange = *static_cast<Exchange*>(target);
  if (exchange.response.body.size() + size > exchange.body_max) {
    exchange.too_large = true;
    return 0;
  }
  exchange.response.body.append(data, size);
  return size;
}

int watch_stop(void* target, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Exchange*>(target)->stop.stop_requested() ? 1 : 0;
}

}  // namespace

struct HttpClient::State {
  explicit State(HttpOptions chosen) : options(std::move(chosen)) {
    // Not thread-safe until done once; a function's static is.
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    handle.reset(curl_easy_init());
    ensure(ready == CURLE_OK && handle != nullptr, "libcurl starts");
  }

  template <typename Value>
  void set(CURLoption option, Value value) {
    ensure(curl_easy_setopt(handle.get(), option, value) == CURLE_OK, "libcurl knows the option");
  }
  void prepare(const HttpRequest& request, CURLU* url);
  [[noreturn]] void fail(CURLcode code, const HttpRequest& request, const Exchange& exchange);

  struct FreeHandle {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };
  HttpOptions options;
  std::unique_ptr<CURL, FreeHandle> handle;
  std::array<char, CURL_ERROR_SIZE> words{};
};

void HttpClient::State::prepare(const HttpRequest& request, CURLU* url) {
  curl_easy_reset(handle.get());  // options only: the connection stays
  words[0] = '\0';
  set(CURLOPT_ERRORBUFFER, words.data());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_CURLU, url);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  set(CURLOPT_USERAGENT, "lifeboat");
  if (is_loopback(url_part(url, CURLUPART_HOST))) set(CURLOPT_PROXY, "");
  if (request.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else {
    // POSTFIELDS also for an empty body of PUT and POST, so that Content-Length: 0 is sent.
    const bool has_body = !request.body.empty() || request.method == "POST" ||
                          request.method == "PUT" || request.method == "PATCH";
    if (has_body) {
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      set(CURLOPT_POSTFIELDS, request.body.data());
    }
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

void HttpClient::State::fail(CURLcode code, const HttpRequest& request, const Exchange& exchange) {
  const std::string attempted =
      format("{} {}", printable(request.method), printable_url(request.url));
  if (code == CURLE_ABORTED_BY_CALLBACK && exchange.stop.stop_requested()) throw Interrupted();
  if (exchange.too_large) {
    throw Error(ErrorKind::limit, format("{}: the response is larger than {}", attempted,
                                         print_bytes(options.body_max)));
  }
  Error error(options.kind, format("{}: {}", attempted,
                                   redact(words[0] != '\0' ? std::string(words.data())
                                                           : curl_easy_strerror(code))));
  const std::string hint = hint_for(code);
  if (!hint.empty()) error.add_hint(hint);
  if (is_transient_failure(code)) throw std::move(error).transient();
  throw error;
}

HttpClient::HttpClient(HttpOptions options) : state_(std::make_unique<State>(std::move(options))) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;

HttpResponse HttpClient::send(const HttpRequest& request) {
  state_->options.stop.throw_if_stopped();
  const ParsedUrl url = parse_url(request.url);
  const std::string scheme = url ? url_part(url.get(), CURLUPART_SCHEME) : "";
  if (scheme != "http" && scheme != "https") {
    throw Error(state_->options.kind, format("send a request to '{}': not an http or https URL",
                                             printable_url(request.url)))
        .hint("Write the URL like http://127.0.0.1:5678 or https://host/path.");
  }
  curl_slist* raw = nullptr;
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> list(nullptr, &curl_slist_free_all);
  for (const auto& [name, value] : request.headers) {
    for (const char letter : name + value) {
      ensure(letter != '\r' && letter != '\n' && letter != '\0', "a header is one line");
    }
    // "name;" is libcurl's way to send an empty value.
    raw = curl_slist_append(list.get(), (value.empty() ? name + ";" : name + ": " + value).c_str());
    ensure(raw != nullptr, "memory for a header");
    (void)list.release();
    list.reset(raw);
  }
  Exchange exchange;
  exchange.body_max = state_->options.body_max;
  exchange.stop = state_->options.stop;
  state_->prepare(request, url.get());
  state_->set(CURLOPT_HTTPHEADER, list.get());
  state_->set(CURLOPT_HEADERFUNCTION, &take_header);
  state_->set(CURLOPT_HEADERDATA, static_cast<void*>(&exchange));
  state_->set(CURLOPT_WRITEFUNCTION, &take_body);
  state_->set(CURLOPT_WRITEDATA, static_cast<void*>(&exchange));
  state_->set(CURLOPT_NOPROGRESS, 0L);
  state_->set(CURLOPT_XFERINFOFUNCTION, &watch_stop);
  state_->set(CURLOPT_XFERINFODATA, static_cast<void*>(&exchange));
  const CURLcode code = curl_easy_perform(state_->handle.get());
  if (code != CURLE_OK) state_->fail(code, request, exchange);
  long status = 0;
  curl_easy_getinfo(state_->handle.get(), CURLINFO_RESPONSE_CODE, &status);
  exchange.response.status = static_cast<int>(status);
  return std::move(exchange.response);
}

std::optional<std::string_view> HttpResponse::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return std::nullopt;
}

bool is_transient_status(int status) {
  return status == 408 || status == 429 || status == 500 || (status >= 502 && status <= 504);
}

std::string printable_url(const std::string& url) {
  const ParsedUrl parsed = parse_url(url);
  if (!parsed) return "(not a URL)";
  for (const CURLUPart part : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS,
                               CURLUPART_QUERY, CURLUPART_FRAGMENT}) {
    curl_url_set(parsed.get(), part, nullptr, 0);
  }
  return printable(url_part(parsed.get(), CURLUPART_URL));
}

}  // namespace lifeboat
