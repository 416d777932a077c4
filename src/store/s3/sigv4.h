// AWS Signature Version 4 in the Authorization header, as every S3-compatible server checks it.
// Spec: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/client.h"
#include "store/s3/s3_options.h"
#include "store/s3/s3_transport.h"

namespace lifeboat {

inline constexpr std::string_view empty_body_sha256 =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

// "a=1&b=", encoded and sorted as it is signed; sent in the same form, no server can differ over
// it.
std::string s3_query_text(const S3Query& query);

struct SigV4Request {
  std::string method;
  std::string path;         // already encoded, begins with '/'
  S3Query query = {};       // not yet encoded
  HttpHeaders headers;      // all are signed; "host" must be among them
  std::string body_sha256;  // lower-case hex, or "UNSIGNED-PAYLOAD"
};

struct SigV4Scope {
  std::string region;
  std::string service = "s3";
  Timestamp time{};  // whole seconds count
};

// The canonical request, for tests against published vectors.
std::string sigv4_canonical_request(const SigV4Request& request);
std::string sigv4_string_to_sign(const SigV4Request& request, const SigV4Scope& scope);
// "YYYYMMDDTHHMMSSZ", the value of x-amz-date, which the caller has put into `headers`.
std::string sigv4_time(Timestamp time);
// The value of Authorization. Secrets leave no copy behind but this text, which holds none.
std::string sigv4_authorization(const SigV4Request& request, const SigV4Scope& scope,
                                const S3Credentials& credentials);

}  // namespace lifeboat
