#include "store/s3/s3_refusal.h"

#include <algorithm>
#include <array>

#include "base/format.h"
#include "base/log.h"
#include "base/text.h"

namespace lifeboat {
namespace {

constexpr size_t message_bytes_max = 200;

template <size_t count>
bool is_one_of(const std::string& code, const std::array<std::string_view, count>& codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

bool is_other_region(const S3Call& call, const S3Refusal& refusal, const S3Options& options) {
  constexpr std::array<std::string_view, 4> codes{"PermanentRedirect", "TemporaryRedirect",
                                                  "AuthorizationHeaderMalformed",
                                                  "IllegalLocationConstraintException"};
  const std::string& told = refusal.body.region;
  return is_one_of(refusal.body.code, codes) || refusal.status == 301 || refusal.status == 307 ||
         (refusal.status == 400 && call.request.method == "HEAD" && !told.empty() &&
          told != options.region);
}

std::string region_hint(const S3Refusal& refusal, const S3Options& options) {
  const std::string& told = refusal.body.region;
  if (told.empty()) {
    return "The bucket is in another region than the endpoint: set 'region' and 'endpoint' to "
           "those of the bucket.";
  }
  if (told == options.region) {
    return format("The bucket is in region '{}': set 'endpoint' to the one of that region.",
                  printable(told));
  }
  return format(
      "The bucket is in region '{}': set 'region' to it, and 'endpoint' to the one of "
      "that region.",
      printable(told));
}

bool is_full(const S3Refusal& refusal) {
  const std::string& code = refusal.body.code;
  return refusal.status == 507 || code == "InsufficientStorage" ||
         code.find("Quota") != std::string::npos || code.find("StorageFull") != std::string::npos;
}

// Of the keys; empty if they are not the matter.
std::string credentials_hint(const std::string& code) {
  if (code == "SignatureDoesNotMatch") {
    return "The secret key is not the one of this access key: correct 'secret_key'.";
  }
  if (code == "InvalidAccessKeyId") {
    return "The provider does not know this access key: correct 'access_key', or 'endpoint' if "
           "the key is of another provider.";
  }
  if (code == "ExpiredToken") {
    return "The session token has run out: fetch new temporary keys, or use lasting ones.";
  }
  if (code == "InvalidToken") {
    return "The session token does not belong to these keys: fetch new ones, or leave it out for "
           "lasting keys.";
  }
  return "";
}

std::string hint_for(const S3Call& call, const S3Refusal& refusal, const S3Options& options) {
  const std::string& code = refusal.body.code;
  const std::string bucket = "s3://" + printable(options.bucket);
  if (is_clock_code(code)) {
    return "This machine's clock and the server's differ too much: set it, for example by NTP.";
  }
  if (const std::string hint = credentials_hint(code); !hint.empty()) return hint;
  if (is_full(refusal)) {
    return format("{} is full or over its quota: free some space, or raise the quota.", bucket);
  }
  if (is_other_region(call, refusal, options)) return region_hint(refusal, options);
  if (code == "AccessDenied" || (refusal.status == 403 && code.empty())) {
    return format(
        "The key needs the right {} on {}; 'lifeboat bucket policy' prints what to "
        "grant.{}",
        call.right, bucket,
        code.empty() ? " The answer does not tell a missing right from a wrong key." : "");
  }
  if (code == "NoSuchBucket" ||
      (refusal.status == 404 && code.empty() && call.request.key.empty())) {
    return format(
        "There is no bucket {}: correct its name, or create it with 'lifeboat bucket "
        "setup'.",
        bucket);
  }
  if (refusal.status == 501 || code == "NotImplemented") {
    return "This provider does not offer what was asked for.";
  }
  return "";
}

}  // namespace

S3Refusal read_s3_refusal(const S3Response& response) {
  S3Refusal refusal{.status = response.status,
                    .body = parse_s3_error(response.body).value_or(S3ErrorBody{})};
  const auto region = response.header("x-amz-bucket-region");
  if (region && refusal.body.region.empty()) refusal.body.region = *region;
  return refusal;
}

bool is_transient_code(const std::string& code) {
  constexpr std::array<std::string_view, 6> codes{"SlowDown",         "InternalError",
                                                  "RequestTimeout",   "ServiceUnavailable",
                                                  "OperationAborted", "ConditionalRequestConflict"};
  return is_one_of(code, codes);
}

bool is_credentials_code(const std::string& code) { return !credentials_hint(code).empty(); }

bool is_clock_code(const std::string& code) { return code == "RequestTimeTooSkewed"; }

Error s3_refusal_error(const S3Call& call, const S3Refusal& refusal, const S3Options& options) {
  std::string text = format("the server answered {}", refusal.status);
  if (!refusal.body.code.empty()) {
    text += format("{} {}", refusal.status / 100 == 2 ? " with the error" : "",
                   printable(refusal.body.code).substr(0, message_bytes_max));
  }
  if (!refusal.body.message.empty()) {
    const std::string message = redact(printable(refusal.body.message));
    const bool cut = message.size() > message_bytes_max;
    text += format(": {}{}", message.substr(0, message_bytes_max), cut ? "..." : "");
  }
  Error error(ErrorKind::store, std::move(text));
  error.add_context(call.attempted);
  const std::string hint = hint_for(call, refusal, options);
  if (!hint.empty()) error.add_hint(hint);
  return error;
}

}  // namespace lifeboat
