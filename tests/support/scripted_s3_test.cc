// The scripted S3 server's judgement, held against the published examples of signed requests.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html

#include "support/scripted_s3.h"

#include <gmock/gmock.h>

#include <chrono>

#include "base/clock.h"
#include "support/scripted_s3_text.h"
#include "support/shell.h"

namespace lifeboat::test {
namespace {

using testing::HasSubstr;

constexpr const char* no_body = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

// The examples' server, whose clock stands at their moment but for `seconds`.
ScriptedS3Options published(int64_t seconds = 0) {
  ScriptedS3Options options;
  options.bucket = "examplebucket";
  options.region = "us-east-1";
  options.access_key = "AKIAIOSFODNN7EXAMPLE";
  options.secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
  const auto behind = parse_time("2013-05-24T00:00:00Z") - SystemClock().now();
  options.clock_offset_seconds =
      std::chrono::duration_cast<std::chrono::seconds>(behind).count() + seconds;
  return options;
}

ServedRequest example(const std::string& target, const std::string& signed_headers,
                      const std::string& signature) {
  return {"GET",
          target,
          {{"host", "examplebucket.s3.amazonaws.com"},
           {"x-amz-date", "20130524T000000Z"},
           {"x-amz-content-sha256", no_body},
           {"authorization",
            "AWS4-HMAC-SHA256 "
            "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            "SignedHeaders=" +
                signed_headers + ",Signature=" + signature}},
          ""};
}

ServedRequest ranged_get() {
  ServedRequest made = example("/test.txt", "host;range;x-amz-content-sha256;x-amz-date",
                               "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  made.headers["range"] = "bytes=0-9";
  return made;
}

// "404 NoSuchKey"
std::string verdict(const ScriptedS3Options& options, const ServedRequest& request) {
  ScriptedS3 server(options);
  const ServedResponse response = server.handle(request);
  const auto codes = xml_texts(response.body, "Code");
  return std::to_string(response.status) + (codes.empty() ? "" : " " + codes[0]);
}

TEST(ScriptedS3, AcceptsThePublishedSignatures) {
  EXPECT_EQ(verdict(published(), ranged_get()), "404 NoSuchKey");
  const std::string names = "host;x-amz-content-sha256;x-amz-date";
  EXPECT_EQ(verdict(published(),
                    example("/?lifecycle", names,
                            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")),
            "404 NoSuchLifecycleConfiguration");
  EXPECT_EQ(verdict(published(),
                    example("/?max-keys=2&prefix=J", names,
                            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")),
            "501 NotImplemented")
      << "the listing's first version";
  ServedRequest put =
      example("/test%24file.text", "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
              "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
  put.method = "PUT";
  put.body = "Welcome to Amazon S3.";
  put.headers["date"] = "Fri, 24 May 2013 00:00:00 GMT";
  put.headers["x-amz-storage-class"] = "REDUCED_REDUNDANCY";
  put.headers["x-amz-content-sha256"] =
      "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
  EXPECT_EQ(verdict(published(), put), "400 InvalidRequest") << "no Content-MD5";
  put.headers["content-md5"] = "1B2M2Y8AsgTpgAmY7PhCfg==";  // of nothing
  EXPECT_EQ(verdict(published(), put), "400 BadDigest");
  put.body.back() = '!';
  EXPECT_EQ(verdict(published(), put), "400 XAmzContentSHA256Mismatch");
}

TEST(ScriptedS3, RefusesWhatIsNotSignedSo) {
  ScriptedS3Options options = published();
  options.secret_key.back() = 'Z';
  EXPECT_EQ(verdict(options, ranged_get()), "403 SignatureDoesNotMatch");
  options = published();
  options.access_key = "AKIDOTHER";
  EXPECT_EQ(verdict(options, ranged_get()), "403 InvalidAccessKeyId");
  options = published();
  options.session_token = "token";
  EXPECT_EQ(verdict(options, ranged_get()), "403 InvalidAccessKeyId");
  options = published();
  options.region = "eu-central-1";
  EXPECT_EQ(verdict(options, ranged_get()), "400 AuthorizationHeaderMalformed");
  EXPECT_THAT(ScriptedS3(options).handle(ranged_get()).body,
              HasSubstr("<Region>eu-central-1</Region>"));
  EXPECT_EQ(verdict(published(14 * 60), ranged_get()), "404 NoSuchKey");
  EXPECT_EQ(verdict(published(16 * 60), ranged_get()), "403 RequestTimeTooSkewed");
  EXPECT_EQ(verdict(published(-16 * 60), ranged_get()), "403 RequestTimeTooSkewed");

  ServedRequest request = ranged_get();
  request.headers["range"] = "bytes=0-8";
  EXPECT_EQ(verdict(published(), request), "403 SignatureDoesNotMatch");
  request = ranged_get();
  request.target = "/test.txT";
  EXPECT_EQ(verdict(published(), request), "403 SignatureDoesNotMatch");
  request = ranged_get();
  request.headers["x-amz-acl"] = "public-read";
  EXPECT_EQ(verdict(published(), request), "403 AccessDenied") << "not signed";
  request = ranged_get();
  request.headers.erase("authorization");
  EXPECT_EQ(verdict(published(), request), "403 AccessDenied");
}

TEST(ScriptedS3, DigestsAreThoseOfRfc1321) {
  const auto hex = [](std::string_view text) { return md5_hex(md5(text)); };
  EXPECT_EQ(hex(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(hex("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(hex("1234567890123456789012345678901234567890123456789012345678901234567890"
                "1234567890"),
            "57edf4a22be3c955ac49da2e2107b67a");
}

TEST(ScriptedS3, TheScriptDecidesWhatBecomesOfARequest) {
  ScriptedS3 server(published());
  std::string asked;
  server.script([&](const std::string& operation, uint64_t number, const ServedRequest&) {
    asked += operation + std::to_string(number) + " ";
    ScriptedFault fault{503, "SlowDown", {{"Retry-After", "7"}}};
    fault.wire = ServedResponse::Wire::drop_at_byte;
    fault.wire_byte = 5;
    return number == 2 ? std::optional(fault) : std::nullopt;
  });
  EXPECT_EQ(server.handle(ranged_get()).status, 404);
  const ServedResponse response = server.handle(ranged_get());
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.body, HasSubstr("<Code>SlowDown</Code>"));
  EXPECT_EQ(response.wire_byte, 5u);
  EXPECT_EQ(asked, "GetObject1 GetObject2 ");
  EXPECT_EQ(server.counts().requests.at("GetObject"), 2u);
}

// The provider's own client is the judge of the rest: addressing, listing, ranges, copies, parts.
TEST(ScriptedS3, ServesTheAwsCommandLine) {
  if (shell("aws --version").status != 0) GTEST_SKIP() << "aws is not installed";
  ScriptedS3Options options;
  options.session_token = "the/token+";
  ScriptedS3 s3(options);
  const HttpServer server([&](const ServedRequest& request) { return s3.handle(request); });
  const TempFolder folder;
  write_file(folder / "file", std::string_view("hello world"));
  const std::string client =
      "cd '" + folder.path().native() +
      "' && export AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_DEFAULT_REGION=test-1 "
      "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY "
      "AWS_SESSION_TOKEN=the/token+ AWS_REQUEST_CHECKSUM_CALCULATION=when_required && "
      "api() { aws --endpoint-url " +
      server.url() + " --output text s3api \"$@\" --bucket bucket; } && ";
  const std::string listed =
      shell_ok(client +
               "api put-object --key 'a b/+&c' --body file --content-md5 "
               "\"$(openssl md5 -binary file | base64)\" && "
               "api copy-object --key copy --copy-source 'bucket/a b/+&c' && "
               "api list-objects-v2 --query 'Contents[].[Key,Size,ETag]' && "
               "api get-object --key copy --range bytes=6- out --query ContentRange");
  EXPECT_THAT(listed, HasSubstr("a b/+&c\t11\t\"5eb63bbbe01eeed093cb22bb8f5acdc3\""));
  EXPECT_THAT(listed, HasSubstr("bytes 6-10/11"));
  EXPECT_EQ(slurp(folder / "out"), "world");
  const std::string parts =
      shell_ok(client +
               "id=$(api create-multipart-upload --key big --query UploadId) && "
               "etag=$(api upload-part-copy --key big --upload-id \"$id\" --part-number 1 "
               "--copy-source bucket/copy --copy-source-range bytes=0-4 "
               "--query CopyPartResult.ETag | tr -d '\"') && "
               "api list-multipart-uploads --query 'Uploads[].Key' && "
               "api complete-multipart-upload --key big --upload-id \"$id\" "
               "--multipart-upload \"Parts=[{ETag=$etag,PartNumber=1}]\" --query ETag");
  EXPECT_THAT(parts, HasSubstr("big\n\"" + md5_hex(md5(md5("hello"))) + "-1\""));
  EXPECT_EQ(s3.objects().at("big"), "hello");
  EXPECT_EQ(s3.uploads_in_progress(), 0u);
  EXPECT_THAT(shell(client + "AWS_SESSION_TOKEN=other api head-bucket").output, HasSubstr("400"));
}

}  // namespace
}  // namespace lifeboat::test
