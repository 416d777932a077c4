// One S3 request and its answer, before any judgement: the seam where tests put in faults.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/stop.h"
#include "http/client.h"

namespace lifeboat {

using S3Query = std::vector<std::pair<std::string, std::string>>;  // not yet encoded

struct S3Request {
  std::string method = "GET";
  std::string key = {};      // empty: the bucket itself
  S3Query query = {};        // a value may be empty: "?uploads"
  HttpHeaders headers = {};  // signed along with the transport's own
  ByteView body = {};        // borrowed until `send` returns
  // Lower-case hex and base64 of the body's digests, made once for all tries. Empty: no body.
  std::string body_sha256 = {};
  std::string body_md5 = {};
  // Given a 2xx answer's body as it arrives, so that a broken transfer can go on where it broke;
  // null: it is in the response.
  std::function<void(ByteView)> on_body = {};
  uint64_t upload_bytes_per_second = 0;  // 0: no limit
  StopToken stop = {};
};

struct S3Response {
  int status = 0;
  HttpHeaders headers;  // names in lower case
  std::string body;     // of errors always; of 2xx unless `on_body`

  std::optional<std::string_view> header(std::string_view lower_case_name) const {
    return find_header(headers, lower_case_name);
  }
};

// Any thread.
class S3Transport {
 public:
  virtual ~S3Transport() = default;
  // An answer of any status. Throws Error(store), transient if trying again may help; Interrupted.
  // `signing_time` is the server's idea of now.
  virtual S3Response send(const S3Request& request, Timestamp signing_time) = 0;
};

}  // namespace lifeboat
