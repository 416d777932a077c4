// A scripted S3 server inside the test's own process: requests are signed and judged as on the
// wire, without sockets. Test code only; s3_faults_test.cc has the sockets.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "store/s3/s3_store.h"
#include "store/s3/sigv4.h"
#include "support/doubles.h"
#include "support/scripted_s3.h"

namespace lifeboat::test {

// Hands requests to `server` as an HTTP client would. Each answer that misbehaves on the wire is a
// transfer that broke; of a body, `wire_byte` bytes come through before.
class InProcessTransport final : public S3Transport {
 public:
  InProcessTransport(ScriptedS3& server, const S3Options& options)
      : server_(server), options_(options) {}

  S3Response send(const S3Request& request, Timestamp signing_time) override {
    request.stop.throw_if_stopped();
    const ServedResponse served = server_.handle(serve(request, signing_time));
    request.stop.throw_if_stopped();
    S3Response response{.status = served.status, .headers = {}, .body = {}};
    for (const auto& [name, value] : served.headers) {
      response.headers.emplace_back(ascii_lower(name), value);
    }
    if (!response.header("content-length")) {
      response.headers.emplace_back("content-length", std::to_string(served.body.size()));
    }
    const bool is_broken = served.wire != ServedResponse::Wire::normal;
    const std::string_view body(
        served.body.data(),
        is_broken ? std::min<size_t>(served.body.size(), served.wire_byte) : served.body.size());
    if (request.on_body && served.status < 300) {
      request.on_body(as_bytes(body.substr(0, body.size() / 2)));
      request.on_body(as_bytes(body.substr(body.size() / 2)));
    } else if (request.method != "HEAD") {
      response.body = body;
    }
    if (is_broken) throw Error(ErrorKind::store, "scripted: the connection broke").transient();
    return response;
  }

 private:
  ServedRequest serve(const S3Request& request, Timestamp signing_time) const {
    SigV4Request signing;
    signing.method = request.method;
    signing.path = "/" + options_.bucket;
    if (!request.key.empty()) signing.path += "/" + percent_encode(request.key, "/");
    signing.query = request.query;
    signing.headers = request.headers;
    signing.body_sha256 = sha256_hex(request.body);
    signing.headers.insert(signing.headers.end(), {{"host", "localhost"},
                                                   {"x-amz-content-sha256", signing.body_sha256},
                                                   {"x-amz-date", sigv4_time(signing_time)}});
    if (!request.body_md5.empty()) signing.headers.emplace_back("content-md5", request.body_md5);

    ServedRequest served{request.method, signing.path, {}, std::string(as_text(request.body))};
    char separator = '?';
    for (const auto& [name, value] : request.query) {
      served.target +=
          std::exchange(separator, '&') + percent_encode(name) + "=" + percent_encode(value);
    }
    for (const auto& [name, value] : signing.headers) served.headers[name] = value;
    served.headers["authorization"] = sigv4_authorization(
        signing, {.region = options_.region, .time = signing_time}, options_.credentials);
    return served;
  }

  ScriptedS3& server_;
  const S3Options options_;
};

inline S3Options scripted_s3_options(const ScriptedS3Options& server) {
  S3Options options;
  options.endpoint = "http://localhost";
  options.region = server.region;
  options.bucket = server.bucket;
  options.credentials.access_key = server.access_key;
  options.credentials.secret_key =
      std::make_shared<const Secret>(std::string_view(server.secret_key));
  options.part_bytes = 10'000;
  options.download_block_bytes = 7'000;
  return options;
}

// A server and a store on it; its clock moves only by the store's own waiting.
struct S3World {
  explicit S3World(const ScriptedS3Options& server_options = {},
                   const std::function<void(S3Options&)>& change = {})
      : server(server_options), options(scripted_s3_options(server_options)) {
    options.warn = [this](const std::string& text) { warnings += text + "\n"; };
    if (change) change(options);
    store =
        std::make_unique<S3Store>(options, std::make_unique<InProcessTransport>(server, options),
                                  clock, random, stop.token());
  }

  void put(const std::string& key, ByteView content, uint64_t size_estimate = 0) {
    const auto sink = store->create(key, size_estimate);
    sink->write(content);
    sink->finish();
  }
  // Lets the requests of `operation` number `first` to `last` (of that operation) meet `fault`.
  void fail(const std::string& operation, uint64_t first, uint64_t last, ScriptedFault fault) {
    server.script(
        [=, count = uint64_t{0}](const std::string& asked, uint64_t, const ServedRequest&) mutable {
          const bool hits = asked == operation && ++count >= first && count <= last;
          return hits ? std::optional(fault) : std::nullopt;
        });
  }
  uint64_t count(const std::string& operation) { return server.counts().requests[operation]; }

  ScriptedS3 server;
  ManualClock clock{print_time(SystemClock().now())};
  SeededRandom random;
  StopSource stop;
  S3Options options;
  std::string warnings;
  std::unique_ptr<S3Store> store;
};

}  // namespace lifeboat::test
