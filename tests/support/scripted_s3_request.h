// One S3 request as a server sees it: taken apart, and judged as far as that needs no bucket.
//
// Written from the specification and not from src/store/s3, so that the two can disagree; only
// SHA-256 and HMAC are shared.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
#pragma once

#include <ctime>
#include <map>
#include <string>
#include <string_view>

#include "support/scripted_s3.h"

namespace lifeboat::test {

// Thrown by whoever judges a request: the answer it gets instead.
struct S3Refusal {
  int status;
  std::string code;
  std::string message;
  std::string elements = {};  // more XML inside <Error>
  std::vector<std::pair<std::string, std::string>> headers = {};
};

struct AskedS3 {
  const ServedRequest& raw;
  std::string operation;  // "PutObject"; "Unknown" is refused
  std::string bucket;
  std::string key;                           // decoded; empty: the bucket itself
  std::map<std::string, std::string> query;  // decoded
  std::string body_md5 = {};                 // 16 bytes, made by `check_digests`

  // Empty if it is not there.
  std::string header(const std::string& lower_case_name) const;
  std::string parameter(const std::string& name, const std::string& otherwise = "") const;
};

AskedS3 take_apart(const ServedRequest& request, const ScriptedS3Options& options);
// Throw S3Refusal.
void check_signature(const AskedS3& asked, const ScriptedS3Options& options, std::time_t now);
void check_digests(AskedS3& asked);

}  // namespace lifeboat::test
