#include "support/scripted_s3_request.h"

#include <algorithm>
#include <cstdlib>
#include <set>

#include "base/text.h"
#include "crypto/base64.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "support/scripted_s3_text.h"

namespace lifeboat::test {
namespace {

constexpr std::time_t skew_seconds_max = 15 * 60;

std::string operation_on_bucket(const std::string& method, const AskedS3& asked) {
  static const std::map<std::string, std::string> settings{
      {"lifecycle", "Lifecycle"}, {"versioning", "Versioning"}, {"object-lock", "ObjectLock"},
      {"policy", "Policy"},       {"encryption", "Encryption"}, {"location", "Location"},
  };
  for (const auto& [name, words] : settings) {
    if (!asked.query.contains(name)) continue;
    if (method == "GET") return "GetBucket" + words;
    if (method == "PUT") return "PutBucket" + words;
    if (method == "DELETE") return "DeleteBucket" + words;
    return "Unknown";
  }
  if (method == "HEAD") return "HeadBucket";
  if (method == "PUT") return "CreateBucket";
  if (method == "GET" && asked.query.contains("uploads")) return "ListMultipartUploads";
  if (method == "GET" && asked.parameter("list-type") == "2") return "ListObjectsV2";
  return "Unknown";
}

std::string operation_on_object(const std::string& method, const AskedS3& asked) {
  const bool copies = asked.raw.headers.contains("x-amz-copy-source");
  if (asked.query.contains("uploadId")) {
    if (method == "PUT") return copies ? "UploadPartCopy" : "UploadPart";
    if (method == "POST") return "CompleteMultipartUpload";
    if (method == "DELETE") return "AbortMultipartUpload";
    return "Unknown";
  }
  if (method == "POST" && asked.query.contains("uploads")) return "CreateMultipartUpload";
  if (!asked.query.empty()) return "Unknown";
  if (method == "PUT") return copies ? "CopyObject" : "PutObject";
  if (method == "GET") return "GetObject";
  if (method == "HEAD") return "HeadObject";
  if (method == "DELETE") return "DeleteObject";
  return "Unknown";
}

// The parts of an Authorization header.
struct Authorization {
  std::vector<std::string> credential;  // key, date, region, service, "aws4_request"
  std::vector<std::string> signed_headers;
  std::string signed_headers_text;
  std::string signature;
};

Authorization parse_authorization(std::string_view text) {
  constexpr std::string_view algorithm = "AWS4-HMAC-SHA256 ";
  if (text.empty()) throw S3Refusal{403, "AccessDenied", "Access Denied"};
  Authorization made;
  if (text.starts_with(algorithm)) {
    for (const std::string& raw : split(text.substr(algorithm.size()), ',')) {
      const std::string_view part = trim(raw);
      const size_t equals = part.find('=');
      const std::string_view name = part.substr(0, equals);
      const std::string value(part.substr(std::min(part.size(), equals + 1)));
      if (name == "Credential") made.credential = split(value, '/');
      if (name == "Signature") made.signature = value;
      if (name == "SignedHeaders") {
        made.signed_headers_text = value;
        made.signed_headers = split(value, ';');
      }
    }
  }
  if (made.credential.size() != 5 || made.signed_headers.empty() || made.signature.size() != 64) {
    throw S3Refusal{400, "AuthorizationHeaderMalformed", "the header has not all its parts"};
  }
  return made;
}

// Trimmed, inner spaces folded.
std::string canonical_value(std::string_view value) {
  std::string made;
  for (const char letter : trim(value)) {
    if (letter == ' ' && made.ends_with(' ')) continue;
    made += letter;
  }
  return made;
}

std::string canonical_query(std::string_view raw_query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string& part : split(raw_query, '&')) {
    if (part.empty()) continue;
    const size_t equals = std::min(part.find('='), part.size());
    const std::string_view value = std::string_view(part).substr(std::min(part.size(), equals + 1));
    pairs.emplace_back(uri_encode(uri_decode(part.substr(0, equals), true), false),
                       uri_encode(uri_decode(value, true), false));
  }
  std::sort(pairs.begin(), pairs.end());
  std::string made;
  for (const auto& [name, value] : pairs) {
    if (!made.empty()) made += '&';
    made += name + "=" + value;
  }
  return made;
}

std::string canonical_request(const AskedS3& asked, const Authorization& authorization) {
  const std::string& target = asked.raw.target;
  const size_t mark = std::min(target.find('?'), target.size());
  std::string made = asked.raw.method + "\n";
  made += uri_encode(uri_decode(target.substr(0, mark), false), true) + "\n";
  made +=
      canonical_query(std::string_view(target).substr(std::min(target.size(), mark + 1))) + "\n";
  for (const std::string& name : authorization.signed_headers) {
    made += name + ":" + canonical_value(asked.header(name)) + "\n";
  }
  return made + "\n" + authorization.signed_headers_text + "\n" +
         asked.header("x-amz-content-sha256");
}

std::string expected_signature(const AskedS3& asked, const Authorization& authorization,
                               const std::string& secret_key) {
  const auto& scope = authorization.credential;
  const std::string text = "AWS4-HMAC-SHA256\n" + asked.header("x-amz-date") + "\n" + scope[1] +
                           "/" + scope[2] + "/" + scope[3] + "/" + scope[4] + "\n" +
                           sha256_hex(as_bytes(canonical_request(asked, authorization)));
  HmacSha256 key = hmac_sha256(as_bytes("AWS4" + secret_key), as_bytes(scope[1]));
  for (size_t i = 2; i < scope.size(); ++i) key = hmac_sha256(key, as_bytes(scope[i]));
  return hex_encode(hmac_sha256(key, as_bytes(text)));
}

void check_headers_signed(const AskedS3& asked, const Authorization& authorization) {
  const auto& names = authorization.signed_headers;
  const std::set<std::string> given(names.begin(), names.end());
  bool good = given.contains("host") && std::is_sorted(names.begin(), names.end());
  for (const auto& [name, value] : asked.raw.headers) {
    if (name.starts_with("x-amz-")) good = good && given.contains(name);
  }
  if (!good) {
    throw S3Refusal{403, "AccessDenied", "There were headers present which were not signed"};
  }
}

void check_token(const AskedS3& asked, const ScriptedS3Options& options) {
  const std::string token = asked.header("x-amz-security-token");
  if (token == options.session_token) return;
  if (token.empty()) {
    throw S3Refusal{403, "InvalidAccessKeyId", "The key is not in our records without its token"};
  }
  throw S3Refusal{400, "InvalidToken", "The provided token is malformed or otherwise invalid."};
}

void check_time(const AskedS3& asked, const Authorization& authorization, std::time_t now) {
  std::tm parts{};
  const std::string text = asked.header("x-amz-date");
  const char* end = ::strptime(text.c_str(), "%Y%m%dT%H%M%SZ", &parts);
  if (end == nullptr || *end != '\0' || authorization.credential[1] != text.substr(0, 8)) {
    throw S3Refusal{403, "AccessDenied", "a valid x-amz-date of the scope's day is required"};
  }
  if (std::abs(::timegm(&parts) - now) > skew_seconds_max) {
    throw S3Refusal{403, "RequestTimeTooSkewed",
                    "The difference between the request time and the current time is too large.",
                    "<RequestTime>" + text + "</RequestTime><ServerTime>" + iso_date(now) +
                        "</ServerTime><MaxAllowedSkewMilliseconds>900000"
                        "</MaxAllowedSkewMilliseconds>"};
  }
}

}  // namespace

std::string AskedS3::header(const std::string& lower_case_name) const {
  const auto found = raw.headers.find(lower_case_name);
  return found == raw.headers.end() ? "" : found->second;
}

std::string AskedS3::parameter(const std::string& name, const std::string& otherwise) const {
  const auto found = query.find(name);
  return found == query.end() ? otherwise : found->second;
}

AskedS3 take_apart(const ServedRequest& request, const ScriptedS3Options& options) {
  AskedS3 asked{request, "", "", "", {}};
  const std::string& target = request.target;
  const size_t mark = std::min(target.find('?'), target.size());
  std::string path = uri_decode(target.substr(0, mark), false);
  path.erase(0, path.starts_with('/') ? 1 : 0);
  if (asked.header("host").starts_with(options.bucket + ".")) {
    asked.bucket = options.bucket;
    asked.key = path;
  } else {
    const size_t slash = std::min(path.find('/'), path.size());
    asked.bucket = path.substr(0, slash);
    asked.key = path.substr(std::min(path.size(), slash + 1));
  }
  for (const std::string& part : split(target.substr(std::min(target.size(), mark + 1)), '&')) {
    if (part.empty()) continue;
    const size_t equals = std::min(part.find('='), part.size());
    asked.query[uri_decode(part.substr(0, equals), true)] =
        uri_decode(part.substr(std::min(part.size(), equals + 1)), true);
  }
  asked.operation = asked.key.empty() ? operation_on_bucket(request.method, asked)
                                      : operation_on_object(request.method, asked);
  return asked;
}

void check_signature(const AskedS3& asked, const ScriptedS3Options& options, std::time_t now) {
  const Authorization authorization = parse_authorization(asked.header("authorization"));
  const auto& scope = authorization.credential;
  if (scope[0] != options.access_key) {
    throw S3Refusal{403, "InvalidAccessKeyId",
                    "The AWS Access Key Id you provided does not exist in our records."};
  }
  check_token(asked, options);
  if (scope[2] != options.region || scope[3] != "s3" || scope[4] != "aws4_request") {
    throw S3Refusal{400,
                    "AuthorizationHeaderMalformed",
                    "The authorization header is malformed; the region '" + scope[2] +
                        "' is wrong; expecting '" + options.region + "'",
                    "<Region>" + options.region + "</Region>",
                    {{"x-amz-bucket-region", options.region}}};
  }
  check_time(asked, authorization, now);
  check_headers_signed(asked, authorization);
  if (expected_signature(asked, authorization, options.secret_key) != authorization.signature) {
    throw S3Refusal{403, "SignatureDoesNotMatch",
                    "The request signature we calculated does not match the signature you "
                    "provided. Check your key and signing method."};
  }
}

void check_digests(AskedS3& asked) {
  static const std::set<std::string> demanding{"PutObject", "UploadPart", "PutBucketLifecycle"};
  const bool demands = demanding.contains(asked.operation);
  const std::string told_sha256 = asked.header("x-amz-content-sha256");
  const std::string told_md5 = asked.header("content-md5");
  if (told_sha256.empty() || (demands && (told_sha256 == "UNSIGNED-PAYLOAD" || told_md5.empty()))) {
    throw S3Refusal{
        400, "InvalidRequest",
        "Missing required header for this request: Content-MD5 OR x-amz-content-sha256"};
  }
  if (told_sha256 != "UNSIGNED-PAYLOAD" && told_sha256 != sha256_hex(as_bytes(asked.raw.body))) {
    throw S3Refusal{400, "XAmzContentSHA256Mismatch",
                    "The provided 'x-amz-content-sha256' header does not match what was computed."};
  }
  if (!demands && told_md5.empty()) return;
  asked.body_md5 = md5(asked.raw.body);
  if (told_md5 != base64_encode_standard(as_bytes(asked.body_md5))) {
    throw S3Refusal{400, "BadDigest",
                    "The Content-MD5 you specified did not match what we received."};
  }
}

}  // namespace lifeboat::test
