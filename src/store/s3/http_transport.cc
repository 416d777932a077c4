#include "store/s3/http_transport.h"

#include <algorithm>
#include <mutex>

#include "base/format.h"
#include "base/text.h"
#include "store/s3/sigv4.h"

namespace lifeboat {
namespace {

constexpr uint64_t error_body_max = 1 << 20;
// A page of 1,000 keys of 1,024 bytes, each byte written as "&quot;" at worst, and all around it.
constexpr uint64_t page_bytes_max = 16 << 20;
// The server may work on a copy or on putting parts together for minutes before it says a word.
constexpr int slow_work_factor = 20;

bool is_address(const std::string& host) {
  return host.starts_with('[') || host.find_first_not_of("0123456789.") == std::string::npos;
}

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
bool fits_host_name(const std::string& bucket) {
  return bucket.size() >= 3 && bucket.size() <= 63 &&
         bucket.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string::npos;
}

// A host name before which no bucket's name can stand: addresses, names such as "localhost". And a
// wildcard certificate holds for one label only, which a bucket with dots is not.
bool needs_path_style(const HttpOrigin& origin, const std::string& bucket) {
  return is_address(origin.host) || origin.host.find('.') == std::string::npos ||
         !fits_host_name(bucket) ||
         (origin.scheme == "https" && bucket.find('.') != std::string::npos);
}

HttpOrigin find_origin(const S3Options& options) {
  if (options.endpoint.empty() && options.region.empty()) {
    throw Error(ErrorKind::config, format("find the server of s3://{}: no endpoint and no region",
                                          printable(options.bucket)))
        .hint("Set the endpoint as the provider gives it, such as https://s3.REGION.example.com.");
  }
  const std::string url = !options.endpoint.empty()
                              ? options.endpoint
                              : format("https://s3.{}.amazonaws.com{}", options.region,
                                       options.region.starts_with("cn-") ? ".cn" : "");
  const std::optional<HttpOrigin> origin = parse_origin(url);
  if (!origin) {
    throw Error(ErrorKind::config,
                format("the endpoint of s3://{} is not the URL of a host alone: '{}'",
                       printable(options.bucket), printable_url(url)))
        .hint("Write it like https://s3.eu-central-1.wasabisys.com, without user, path or query.");
  }
  return *origin;
}

// What stands in a header must be one line of it: keys are pasted, and files end with a newline.
bool is_header_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char letter) { return letter > ' ' && letter < 127; });
}

void check_credentials(const S3Options& options) {
  const S3Credentials& credentials = options.credentials;
  const bool is_complete = is_header_word(credentials.access_key) && credentials.secret_key &&
                           is_header_word(credentials.secret_key->reveal());
  const bool token_fits =
      !credentials.session_token || is_header_word(credentials.session_token->reveal());
  if (is_complete && token_fits) return;
  throw Error(ErrorKind::config,
              format("the keys for s3://{} are not an access key and a secret key{}",
                     printable(options.bucket), token_fits ? "" : " and a session token"))
      .hint("Each must be one word, without blanks, quotes or a newline.");
}

}  // namespace

struct HttpS3Transport::State {
  explicit State(const S3Options& chosen)
      : options(chosen),
        origin(find_origin(options)),
        path_style(options.path_style || needs_path_style(origin, options.bucket)),
        host(path_style ? origin.authority : options.bucket + "." + origin.authority) {
    check_credentials(options);
  }

  std::string path_of(const std::string& key) const {
    const std::string path = "/" + percent_encode(key, "/");
    if (!path_style) return path;
    return "/" + percent_encode(options.bucket) + (key.empty() ? "" : path);
  }
  HttpRequest prepare(const S3Request& request, Timestamp signing_time) const;
  std::unique_ptr<HttpClient> take_client();

  S3Options options;
  HttpOrigin origin;
  bool path_style;
  std::string host;
  std::mutex mutex;
  std::vector<std::unique_ptr<HttpClient>> idle;
};

HttpRequest HttpS3Transport::State::prepare(const S3Request& request,
                                            Timestamp signing_time) const {
  ensure(request.body.empty() || !request.body_sha256.empty(), "a body comes with its digest");
  SigV4Request to_sign{.method = request.method,
                       .path = path_of(request.key),
                       .query = request.query,
                       .headers = request.headers,
                       .body_sha256 = request.body_sha256.empty() ? std::string(empty_body_sha256)
                                                                  : request.body_sha256};
  HttpHeaders& headers = to_sign.headers;
  headers.emplace_back("host", host);
  headers.emplace_back("x-amz-date", sigv4_time(signing_time));
  headers.emplace_back("x-amz-content-sha256", to_sign.body_sha256);
  if (!request.body_md5.empty()) headers.emplace_back("content-md5", request.body_md5);
  if (options.credentials.session_token) {
    headers.emplace_back("x-amz-security-token", options.credentials.session_token->reveal());
  }
  const SigV4Scope scope{.region = options.region.empty() ? "us-east-1" : options.region,
                         .time = signing_time};
  const std::string authorization = sigv4_authorization(to_sign, scope, options.credentials);

  HttpRequest made;
  made.method = request.method;
  made.url = format("{}://{}{}", origin.scheme, host, to_sign.path);
  if (!request.query.empty()) made.url += "?" + s3_query_text(request.query);
  made.headers = std::move(headers);
  made.headers.emplace_back("authorization", authorization);
  made.borrowed_body = request.body;
  made.timeout =
      std::chrono::milliseconds(0);  // the size of a transfer says nothing about its pace
  made.stall_timeout = std::chrono::ceil<std::chrono::seconds>(options.stall_timeout);
  const bool server_works =
      request.method == "POST" || find_header(request.headers, "x-amz-copy-source").has_value();
  if (server_works) made.stall_timeout *= slow_work_factor;
  made.upload_bytes_per_second = request.upload_bytes_per_second;
  made.stop = request.stop;
  return made;
}

std::unique_ptr<HttpClient> HttpS3Transport::State::take_client() {
  {
    const std::lock_guard lock(mutex);
    if (!idle.empty()) {
      std::unique_ptr<HttpClient> client = std::move(idle.back());
      idle.pop_back();
      return client;
    }
  }
  HttpOptions http;
  http.kind = ErrorKind::store;
  http.body_max = error_body_max;
  http.connect_timeout = options.connect_timeout;
  http.ca_file = options.ca_file;
  return std::make_unique<HttpClient>(std::move(http));
}

HttpS3Transport::HttpS3Transport(const S3Options& options)
    : state_(std::make_unique<State>(options)) {}
HttpS3Transport::~HttpS3Transport() = default;

S3Response HttpS3Transport::send(const S3Request& request, Timestamp signing_time) {
  HttpRequest http = state_->prepare(request, signing_time);
  std::string body;
  http.on_body = request.on_body ? request.on_body : [&](ByteView data) {
    if (body.size() + data.size() > page_bytes_max) {
      throw Error(ErrorKind::store, format("{} {}: the answer is larger than {}", request.method,
                                           printable_url(http.url), print_bytes(page_bytes_max)));
    }
    body += as_text(data);
  };
  // A client whose request failed is not used again; libcurl may keep state of a broken transfer.
  std::unique_ptr<HttpClient> client = state_->take_client();
  HttpResponse response = client->send(http);
  {
    const std::lock_guard lock(state_->mutex);
    state_->idle.push_back(std::move(client));
  }
  return {response.status, std::move(response.headers),
          body.empty() ? std::move(response.body) : std::move(body)};
}

}  // namespace lifeboat
