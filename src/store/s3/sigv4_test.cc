#include "store/s3/sigv4.h"

#include <gmock/gmock.h>

#include "base/format.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

std::string signature_in(const std::string& authorization) {
  return authorization.substr(authorization.find("Signature=") + 10);
}

// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
constexpr std::string_view host = "examplebucket.s3.amazonaws.com";

SigV4Scope documented_scope() {
  return {.region = "us-east-1", .time = parse_time("2013-05-24T00:00:00Z")};
}

S3Credentials documented_keys() {
  return {.access_key = "AKIAIOSFODNN7EXAMPLE",
          .secret_key = std::make_shared<Secret>("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
          .session_token = nullptr};
}

SigV4Request documented_request(std::string method, std::string path, std::string_view body) {
  SigV4Request request{.method = std::move(method),
                       .path = std::move(path),
                       .headers = {},
                       .body_sha256 = sha256_hex(as_bytes(body))};
  request.headers = {{"Host", std::string(host)},
                     {"x-amz-content-sha256", request.body_sha256},
                     {"x-amz-date", "20130524T000000Z"}};
  return request;
}

TEST(SigV4, GetObjectOfTheSpecification) {
  SigV4Request request = documented_request("GET", "/test.txt", "");
  request.headers.emplace_back("Range", "bytes=0-9");
  EXPECT_EQ(sigv4_canonical_request(request),
            "GET\n/test.txt\n\nhost:examplebucket.s3.amazonaws.com\nrange:bytes=0-9\n"
            "x-amz-content-sha256:" +
                std::string(empty_body_sha256) +
                "\nx-amz-date:20130524T000000Z\n\nhost;range;x-amz-content-sha256;x-amz-date\n" +
                std::string(empty_body_sha256));
  EXPECT_EQ(sigv4_string_to_sign(request, documented_scope()),
            "AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n"
            "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972");
  EXPECT_EQ(sigv4_authorization(request, documented_scope(), documented_keys()),
            "AWS4-HMAC-SHA256 "
            "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(SigV4, PutObjectOfTheSpecification) {
  SigV4Request request = documented_request("PUT", "/" + percent_encode("test$file.text", "/"),
                                            "Welcome to Amazon S3.");
  request.headers.emplace_back("Date", "Fri, 24 May 2013 00:00:00 GMT");
  request.headers.emplace_back("x-amz-storage-class", "REDUCED_REDUNDANCY");
  EXPECT_EQ(signature_in(sigv4_authorization(request, documented_scope(), documented_keys())),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(SigV4, BucketRequestsOfTheSpecification) {
  SigV4Request request = documented_request("GET", "/", "");
  request.query = {{"lifecycle", ""}};
  EXPECT_EQ(signature_in(sigv4_authorization(request, documented_scope(), documented_keys())),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  request.query = {{"prefix", "J"}, {"max-keys", "2"}};
  EXPECT_EQ(signature_in(sigv4_authorization(request, documented_scope(), documented_keys())),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

// Amazon's aws-sig-v4-test-suite, those of its cases whose paths S3 signs like all services.
TEST(SigV4, CasesOfTheTestSuite) {
  struct Case {
    std::string name;
    std::string method;
    std::string path;
    S3Query query;
    HttpHeaders headers;
    std::string signature;
  };
  const std::string unreserved =
      "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const std::vector<Case> cases{
      {"get-vanilla",
       "GET",
       "",
       {},
       {},
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"post-vanilla",
       "POST",
       "",
       {},
       {},
       "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
      {"get-vanilla-query-order-key-case",
       "GET",
       "",
       {{"Param2", "value2"}, {"Param1", "value1"}},
       {},
       "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
      {"get-unreserved",
       "GET",
       unreserved,
       {},
       {},
       "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
      {"get-utf8",
       "GET",
       "\u1234",
       {},
       {},
       "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
      {"get-vanilla-utf8-query",
       "GET",
       "",
       {{"\u1234", "bar"}},
       {},
       "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
      {"get-space-unnormalized",
       "GET",
       "example space/",
       {},
       {},
       "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
      {"get-header-value-trim",
       "GET",
       "",
       {},
       {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
       "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
  };
  const S3Credentials keys{
      .access_key = "AKIDEXAMPLE",
      .secret_key = std::make_shared<Secret>("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
      .session_token = nullptr};
  const SigV4Scope scope{
      .region = "us-east-1", .service = "service", .time = parse_time("2015-08-30T12:36:00Z")};
  for (const Case& tried : cases) {
    SigV4Request request{.method = tried.method,
                         .path = "/" + percent_encode(tried.path, "/"),
                         .query = tried.query,
                         .headers = tried.headers,
                         .body_sha256 = std::string(empty_body_sha256)};
    request.headers.emplace_back("Host", "example.amazonaws.com");
    request.headers.emplace_back("X-Amz-Date", sigv4_time(scope.time));
    EXPECT_EQ(signature_in(sigv4_authorization(request, scope, keys)), tried.signature)
        << tried.name;
  }
}

TEST(SigV4, EncodesAsAmazonDoes) {
  EXPECT_EQ(percent_encode("a/b c+d%~é", "/"), "a/b%20c%2Bd%25~%C3%A9");
  EXPECT_EQ(percent_encode("a/b"), "a%2Fb");
  EXPECT_EQ(s3_query_text({{"b", ""}, {"a", "2"}, {"a", "1"}, {"a b", "="}}),
            "a=1&a=2&a%20b=%3D&b=");
}

// Reads lines "METHOD KEY NAME=VALUE,... HEADER", all in hex, and prints one signature each.
constexpr std::string_view judge = R"py(
import sys, urllib.parse
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
quote = lambda data, safe: urllib.parse.quote_from_bytes(data, safe=safe + '-_.~')
for line in open(sys.argv[1]):
    method, key, query, header = line.rstrip('\n').split(' ')
    pairs = [[bytes.fromhex(part) for part in pair.split('=')] for pair in query.split(',') if pair]
    url = 'https://bucket.example.com/' + quote(bytes.fromhex(key), '/')
    if pairs:
        url += '?' + '&'.join(quote(name, '') + '=' + quote(value, '') for name, value in pairs)
    request = AWSRequest(method=method, url=url)
    request.headers['X-Amz-Date'] = '20260507T020000Z'
    request.headers['X-Amz-Content-SHA256'] = 'UNSIGNED-PAYLOAD'
    request.headers['X-Amz-Meta-Test'] = bytes.fromhex(header).decode()
    request.context['timestamp'] = '20260507T020000Z'
    signer = S3SigV4Auth(Credentials('AKIDEXAMPLE', 'secret/+key'), 's3', 'eu-test-1')
    text = signer.string_to_sign(request, signer.canonical_request(request))
    print(signer.signature(text, request))
)py";

TEST(SigV4, AgreesWithBotocoreOnRandomRequests) {
  if (test::shell("python3 -c 'import botocore'").status != 0) GTEST_SKIP() << "no botocore";
  const std::vector<std::string> pieces{"a", "Z", "9", "/", "//",  ".",  "..",
                                        "~", " ", "+", "%", "%2F", "=",  "&",
                                        "?", "#", "*", "'", "ż",   "日", "\x7f"};
  test::SeededRandom random(20260507);
  const auto text = [&](size_t length_max) {
    std::string made;
    for (uint64_t left = random.below(length_max + 1); left > 0; --left) {
      made += pieces[random.below(pieces.size())];
    }
    return made;
  };
  const auto hex = [](const std::string& value) { return hex_encode(as_bytes(value)); };
  const SigV4Scope scope{.region = "eu-test-1", .time = parse_time("2026-05-07T02:00:00Z")};
  const S3Credentials keys{.access_key = "AKIDEXAMPLE",
                           .secret_key = std::make_shared<Secret>("secret/+key"),
                           .session_token = nullptr};
  std::string lines;
  std::vector<std::string> ours;
  for (int number = 0; number < 300; ++number) {
    SigV4Request request{.method = number % 2 == 0 ? "GET" : "PUT",
                         .path = "",
                         .headers = {},
                         .body_sha256 = "UNSIGNED-PAYLOAD"};
    const std::string key = text(12);
    std::string query;
    for (uint64_t left = random.below(5); left > 0; --left) {
      request.query.emplace_back(text(2), text(4));
      const auto& [name, value] = request.query.back();
      query += format("{}{}={}", query.empty() ? "" : ",", hex(name), hex(value));
    }
    std::string header = "a" + std::string(random.below(4), ' ') + "b";
    request.path = "/" + percent_encode(key, "/");
    request.headers = {{"host", "bucket.example.com"},
                       {"x-amz-date", sigv4_time(scope.time)},
                       {"x-amz-content-sha256", request.body_sha256},
                       {"x-amz-meta-test", header}};
    lines += format("{} {} {} {}\n", request.method, hex(key), query, hex(header));
    ours.push_back(signature_in(sigv4_authorization(request, scope, keys)));
  }
  const test::TempFolder folder;
  test::write_file(folder / "requests", lines);
  test::write_file(folder / "judge.py", judge);
  const std::string judged = test::shell_ok(
      format("python3 {} {}", (folder / "judge.py").string(), (folder / "requests").string()));
  const std::vector<std::string> theirs = split(trim(judged), '\n');
  const std::vector<std::string> asked = split(lines, '\n');
  ASSERT_EQ(theirs.size(), ours.size());
  for (size_t at = 0; at < ours.size(); ++at) EXPECT_EQ(ours[at], theirs[at]) << asked[at];
}

}  // namespace
}  // namespace lifeboat
