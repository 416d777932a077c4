#include "store/s3/sigv4.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/format.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"

namespace lifeboat {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

// By lower-case name, values trimmed and their inner runs of blanks made one, as servers see them.
std::map<std::string, std::string> canonical_headers(const HttpHeaders& headers) {
  std::map<std::string, std::string> canonical;
  for (const auto& [name, value] : headers) {
    std::string text(trim(value));
    const auto both_blank = [](char left, char right) { return left == ' ' && right == ' '; };
    text.erase(std::unique(text.begin(), text.end(), both_blank), text.end());
    const auto [entry, is_new] = canonical.try_emplace(ascii_lower(name), text);
    if (!is_new) entry->second += "," + text;
  }
  return canonical;
}

std::string signed_header_names(const HttpHeaders& headers) {
  std::string names;
  for (const auto& [name, value] : canonical_headers(headers)) {
    names += names.empty() ? name : ";" + name;
  }
  return names;
}

// "20130524/us-east-1/s3/aws4_request"
std::string scope_text(const SigV4Scope& scope) {
  return format("{}/{}/{}/aws4_request", sigv4_time(scope.time).substr(0, 8), scope.region,
                scope.service);
}

HmacSha256 signing_key(const SigV4Scope& scope, const Secret& secret_key) {
  constexpr std::string_view prefix = "AWS4";
  Secret first(prefix.size() + secret_key.size());
  std::copy(as_bytes(prefix).begin(), as_bytes(prefix).end(), first.span().begin());
  std::copy(secret_key.view().begin(), secret_key.view().end(),
            first.span().begin() + static_cast<std::ptrdiff_t>(prefix.size()));
  HmacSha256 key = hmac_sha256(first.view(), as_bytes(sigv4_time(scope.time).substr(0, 8)));
  for (const std::string_view part :
       {std::string_view(scope.region), std::string_view(scope.service),
        std::string_view("aws4_request")}) {
    key = hmac_sha256(key, as_bytes(part));
  }
  return key;
}

}  // namespace

std::string s3_query_text(const S3Query& query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [name, value] : query) {
    pairs.emplace_back(percent_encode(name), percent_encode(value));
  }
  std::sort(pairs.begin(), pairs.end());
  std::string text;
  for (const auto& [name, value] : pairs) {
    text += format("{}{}={}", text.empty() ? "" : "&", name, value);
  }
  return text;
}

std::string sigv4_canonical_request(const SigV4Request& request) {
  std::string text =
      format("{}\n{}\n{}\n", request.method, request.path, s3_query_text(request.query));
  for (const auto& [name, value] : canonical_headers(request.headers)) {
    text += format("{}:{}\n", name, value);
  }
  return format("{}\n{}\n{}", text, signed_header_names(request.headers), request.body_sha256);
}

std::string sigv4_string_to_sign(const SigV4Request& request, const SigV4Scope& scope) {
  return format("{}\n{}\n{}\n{}", algorithm, sigv4_time(scope.time), scope_text(scope),
                sha256_hex(as_bytes(sigv4_canonical_request(request))));
}

std::string sigv4_time(Timestamp time) {
  std::string text = print_time(time);  // 2013-05-24T00:00:00Z
  std::erase_if(text, [](char letter) { return letter == '-' || letter == ':'; });
  return text;
}

std::string sigv4_authorization(const SigV4Request& request, const SigV4Scope& scope,
                                const S3Credentials& credentials) {
  HmacSha256 key = signing_key(scope, *credentials.secret_key);
  const HmacSha256 signature = hmac_sha256(key, as_bytes(sigv4_string_to_sign(request, scope)));
  wipe(key);
  return format("{} Credential={}/{}, SignedHeaders={}, Signature={}", algorithm,
                credentials.access_key, scope_text(scope), signed_header_names(request.headers),
                hex_encode(signature));
}

}  // namespace lifeboat
