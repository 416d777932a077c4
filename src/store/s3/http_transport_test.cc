#include "store/s3/http_transport.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <thread>

#include "crypto/hash.h"
#include "store/s3/sigv4.h"
#include "support/doubles.h"
#include "support/http_server.h"

namespace lifeboat {
namespace {

using test::HttpServer;
using test::ServedRequest;
using test::ServedResponse;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

S3Options options_for(const std::string& endpoint, const std::string& bucket = "bucket") {
  S3Options options;
  options.endpoint = endpoint;
  options.region = "eu-test-1";
  options.bucket = bucket;
  options.credentials.access_key = "AKIDEXAMPLE";
  options.credentials.secret_key = std::make_shared<Secret>("hunter2");
  return options;
}

const Timestamp now = parse_time("2026-05-07T02:00:00Z");

std::string construction_failure(const S3Options& options) {
  return test::error_text([&] { HttpS3Transport transport(options); });
}

TEST(HttpS3Transport, SignsWhatItSends) {
  const HttpServer server([](const ServedRequest&) {
    return ServedResponse{200, {{"ETag", "\"e\""}}, "answer"};
  });
  S3Options options = options_for(server.url());
  options.credentials.session_token = std::make_shared<Secret>("token");
  HttpS3Transport transport(options);
  S3Request request{.method = "PUT",
                    .key = "vps-h1/a b+ż%2F.age",
                    .query = {{"uploadId", "x/y=="}, {"partNumber", "1"}},
                    .headers = {{"x-amz-meta-a", "b"}}};
  request.body = as_bytes("content");
  request.body_sha256 = sha256_hex(request.body);
  request.body_md5 = md5_base64(request.body);
  const S3Response response = transport.send(request, now);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.header("etag"), "\"e\"");
  EXPECT_EQ(response.body, "answer");

  const ServedRequest seen = server.requests().at(0);
  const std::string path = "/bucket/vps-h1/a%20b%2B%C5%BC%252F.age";
  EXPECT_EQ(seen.target, path + "?partNumber=1&uploadId=x%2Fy%3D%3D");
  EXPECT_EQ(seen.body, "content");
  EXPECT_EQ(seen.headers.at("content-length"), "7");
  EXPECT_EQ(seen.headers.at("content-md5"), request.body_md5);
  EXPECT_EQ(seen.headers.at("x-amz-content-sha256"), request.body_sha256);
  EXPECT_EQ(seen.headers.at("x-amz-date"), "20260507T020000Z");
  EXPECT_EQ(seen.headers.at("x-amz-security-token"), "token");
  EXPECT_EQ(seen.headers.at("x-amz-meta-a"), "b");
  SigV4Request signed_request{.method = "PUT",
                              .path = path,
                              .query = request.query,
                              .headers = {},
                              .body_sha256 = request.body_sha256};
  for (const char* name : {"host", "x-amz-date", "x-amz-content-sha256", "content-md5",
                           "x-amz-security-token", "x-amz-meta-a"}) {
    signed_request.headers.emplace_back(name, seen.headers.at(name));
  }
  EXPECT_EQ(seen.headers.at("authorization"),
            sigv4_authorization(signed_request, {.region = "eu-test-1", .time = now},
                                options.credentials));
}

// A proxy shows which host a request is for without a name server.
TEST(HttpS3Transport, ChoosesHowToNameTheBucket) {
  const HttpServer proxy([](const ServedRequest&) { return ServedResponse{}; });
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  const auto target = [&](const std::string& endpoint, const std::string& bucket, bool forced) {
    S3Options options = options_for(endpoint, bucket);
    options.path_style = forced;
    HttpS3Transport(options).send({.key = "k"}, now);
    HttpS3Transport(options).send({}, now);
    const auto seen = proxy.requests();
    EXPECT_EQ(seen.back().headers.at("host"), seen[seen.size() - 2].headers.at("host"));
    return seen[seen.size() - 2].target + " " + seen.back().target;
  };
  EXPECT_EQ(target("http://s3.example.invalid", "bucket", false),
            "http://bucket.s3.example.invalid/k http://bucket.s3.example.invalid/");
  EXPECT_EQ(target("http://s3.example.invalid:8080", "my.bucket", false),
            "http://my.bucket.s3.example.invalid:8080/k "
            "http://my.bucket.s3.example.invalid:8080/");
  EXPECT_EQ(target("http://s3.example.invalid/", "bucket", true),
            "http://s3.example.invalid/bucket/k http://s3.example.invalid/bucket");
  EXPECT_EQ(target("http://s3.example.invalid", "Old_Bucket", false),
            "http://s3.example.invalid/Old_Bucket/k http://s3.example.invalid/Old_Bucket");
  EXPECT_EQ(target("http://ceph", "bucket", false), "http://ceph/bucket/k http://ceph/bucket");
  EXPECT_EQ(target("http://192.0.2.1", "bucket", false),
            "http://192.0.2.1/bucket/k http://192.0.2.1/bucket");
  ::unsetenv("http_proxy");
}

TEST(HttpS3Transport, ABucketWithDotsIsNoHostNameOverTls) {
  const HttpServer proxy([](const ServedRequest&) { return ServedResponse{502, {}, ""}; });
  ::setenv("https_proxy", proxy.url().c_str(), 1);
  for (const auto& [bucket, host] : std::vector<std::pair<std::string, std::string>>{
           {"bucket", "bucket.s3.example.invalid"}, {"my.bucket", "s3.example.invalid"}}) {
    HttpS3Transport transport(options_for("https://s3.example.invalid", bucket));
    EXPECT_THROW(transport.send({}, now), Error);
    EXPECT_EQ(proxy.requests().back().target, host + ":443");
  }
  ::unsetenv("https_proxy");
}

TEST(HttpS3Transport, RefusesWhatItCannotUse) {
  for (const char* endpoint :
       {"https://s3.example.com/bucket", "https://user:hunter2@s3.example.com",
        "https://s3.example.com?x=hunter2", "s3.example.com", "ftp://h"}) {
    EXPECT_THAT(construction_failure(options_for(endpoint)),
                AllOf(HasSubstr("not the URL of a host alone"), HasSubstr("hint: "),
                      Not(HasSubstr("hunter2"))))
        << endpoint;
  }
  S3Options options = options_for("");
  HttpS3Transport amazon(options);
  options.region = "";
  EXPECT_THAT(construction_failure(options), HasSubstr("no endpoint and no region"));
  options = options_for("https://s3.example.com");
  options.credentials.access_key = "AKID\n";
  EXPECT_THAT(construction_failure(options), HasSubstr("without blanks"));
  options = options_for("https://s3.example.com");
  options.credentials.secret_key = nullptr;
  EXPECT_THAT(construction_failure(options), HasSubstr("secret key"));
}

TEST(HttpS3Transport, GivesABodyAsItArrivesButNotAnErrors) {
  const HttpServer server([](const ServedRequest& request) {
    return ServedResponse{request.target == "/bucket/k" ? 200 : 503, {}, std::string(5000, 'x')};
  });
  HttpS3Transport transport(options_for(server.url()));
  std::string taken;
  S3Request request{.key = "k"};
  request.on_body = [&](ByteView data) { taken += as_text(data); };
  EXPECT_EQ(transport.send(request, now).body, "");
  EXPECT_EQ(taken.size(), 5000u);
  request.key = "other";
  EXPECT_EQ(transport.send(request, now).body.size(), 5000u);
  EXPECT_EQ(taken.size(), 5000u);
}

TEST(HttpS3Transport, ErrorsNameTheHostAndNoSecret) {
  S3Options options = options_for("http://127.0.0.1:" + std::to_string(test::closed_port()));
  options.credentials.session_token = std::make_shared<Secret>("hunter2");
  try {
    HttpS3Transport(options).send({.key = "k", .query = {{"uploadId", "hunter2"}}}, now);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::store);
    EXPECT_TRUE(error.is_transient());
    EXPECT_THAT(error.what(), AllOf(HasSubstr("127.0.0.1"), Not(HasSubstr("hunter2")),
                                    Not(HasSubstr("AKIDEXAMPLE"))));
  }
}

TEST(HttpS3Transport, AnUnknownHostIsToldAsOne) {
  const std::string host = std::string(64, 'h') + ".invalid";  // too long for any name server
  const std::string text = test::error_text(
      [&] { HttpS3Transport(options_for("http://" + host)).send({.key = "k"}, now); });
  EXPECT_THAT(text, AllOf(HasSubstr("bucket." + host), HasSubstr("hint: Correct the host name")));
}

TEST(HttpS3Transport, ServesManyThreads) {
  const HttpServer server([](const ServedRequest& request) {
    return ServedResponse{200, {}, request.target};
  });
  HttpS3Transport transport(options_for(server.url()));
  const auto ask = [&](const std::string& key) {
    for (int count = 0; count < 20; ++count) {
      EXPECT_EQ(transport.send({.key = key}, now).body, "/bucket/" + key);
    }
  };
  std::vector<std::thread> threads;
  for (const char* key : {"a", "b", "c", "d"}) threads.emplace_back(ask, key);
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace lifeboat
