#include "store/s3/s3_client.h"

#include "crypto/hash.h"
#include "store/s3/s3_client_test_kit.h"

namespace lifeboat {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(S3ClientTest, MakesTheDigestsOfABodyAndOfEveryPut) {
  call_.request.method = "PUT";
  call_.request.body = as_bytes("abc");
  EXPECT_EQ(client().send(call_).attempts, 1u);
  EXPECT_EQ(transport_.requests[0].body_sha256, sha256_hex(as_bytes("abc")));
  EXPECT_EQ(transport_.requests[0].body_md5, md5_base64(as_bytes("abc")));
  call_.request.body = {};
  client().send_once(call_);
  EXPECT_EQ(transport_.requests[1].body_md5, md5_base64({}));
  call_.request.method = "GET";
  client().send(call_);
  EXPECT_EQ(transport_.requests[2].body_md5, "");
}

TEST_F(S3ClientTest, TriesAgainWhatMayPassAndSignsAnew) {
  for (const auto& [status, code] :
       std::vector<std::pair<int, std::string>>{{500, "InternalError"},
                                                {503, "SlowDown"},
                                                {503, ""},
                                                {502, ""},
                                                {504, ""},
                                                {429, ""},
                                                {408, ""},
                                                {400, "RequestTimeout"},
                                                {409, "OperationAborted"},
                                                {409, "ConditionalRequestConflict"}}) {
    transport_.requests.clear();
    transport_.times.clear();
    transport_.answer = [&](size_t number) {
      if (number == 3) return S3Response{200, {}, "done"};
      return S3Response{status, {}, code.empty() ? "" : s3_error_xml(code)};
    };
    const S3Answer answer = client().send(call_);
    EXPECT_EQ(answer.response.body, "done");
    EXPECT_EQ(answer.attempts, 3u) << status << code;
    EXPECT_LT(transport_.times[0], transport_.times[2]);
  }
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(S3ClientTest, TellsAPermanentFailureAtOnce) {
  for (const int status : {400, 403, 404, 405, 409, 411, 501, 507}) {
    transport_.requests.clear();
    failure_of(status, "");
    EXPECT_EQ(transport_.requests.size(), 1u) << status;
  }
}

TEST_F(S3ClientTest, GivesUpAndSaysWhatHappened) {
  transport_.answer = [](size_t number) -> S3Response {
    if (number % 2 == 0) return {503, {}, s3_error_xml("SlowDown")};
    const std::string took = std::to_string(number * 17);
    throw Error(ErrorKind::store, "GET https://h/k: connect failed after " + took + " ms")
        .transient();
  };
  const Error error = failure();
  EXPECT_EQ(transport_.requests.size(), 8u);
  EXPECT_FALSE(error.is_transient());
  EXPECT_EQ(error.kind(), ErrorKind::store);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("read 'vps-h1/k': gave up after 8 tries in "),
                                  HasSubstr("after 17 ms (4 times); the server answered 503 "
                                            "SlowDown (4 times)")));
  EXPECT_THAT(error.hints(), ElementsAre(HasSubstr("status page")));
}

TEST_F(S3ClientTest, WaitsLongerEachTimeAndAtRandom) {
  failure_of(503, "");
  std::chrono::nanoseconds longest = options_.retry.first_delay;
  for (size_t at = 1; at < transport_.times.size(); ++at, longest *= 2) {
    EXPECT_LE(transport_.times[at] - transport_.times[at - 1], longest) << at;
  }
  EXPECT_GT(elapsed(), 1s) << "of 250 ms + 500 ms + ... + 16 s, at random";
}

TEST_F(S3ClientTest, TotalTimeIsBounded) {
  options_.retry.attempts_max = 1000;
  failure_of(503, "");
  EXPECT_LE(elapsed(), options_.retry.total_max);
  EXPECT_GT(elapsed(), options_.retry.total_max - options_.retry.delay_max);
  EXPECT_THAT(warnings_, ElementsAre(AllOf(HasSubstr("read 'vps-h1/k'"), HasSubstr("goes on"))));
}

TEST_F(S3ClientTest, HonoursRetryAfter) {
  const auto wait_of = [&](const std::string& value) {
    transport_.answer = [=](size_t number) {
      if (number == 2) return S3Response{200, {}, ""};
      return S3Response{503, {{"retry-after", value}}, ""};
    };
    transport_.requests.clear();
    const auto begin = elapsed();
    client().send(call_);
    return elapsed() - begin;
  };
  EXPECT_EQ(wait_of("7"), 7s);
  EXPECT_EQ(wait_of("3600"), options_.retry.delay_max);
  clock_.set("2026-05-07T02:00:00Z");
  EXPECT_EQ(wait_of("Thu, 07 May 2026 02:00:09 GMT"), 9s);
  EXPECT_LE(wait_of("Thu, 07 May 2026 01:00:00 GMT"), options_.retry.first_delay);
  EXPECT_LE(wait_of("soon"), options_.retry.first_delay);
}

TEST_F(S3ClientTest, StopsWhileItWaits) {
  StopSource stop;
  call_.request.stop = stop.token();
  transport_.answer = [&](size_t) {
    stop.request_stop();
    return S3Response{503, {}, ""};
  };
  EXPECT_THROW(client().send(call_), Interrupted);
  EXPECT_EQ(transport_.requests.size(), 1u);
}

TEST_F(S3ClientTest, ProgressResetsTheCountOfTries) {
  unsigned steps = 0;
  const auto fail = [&] {
    ++steps;
    throw Error(ErrorKind::store, "broke").transient();
  };
  EXPECT_THROW(client().retry({}, fail, [&] { return steps <= 20; }), Error);
  EXPECT_EQ(steps, 20u + options_.retry.attempts_max - 1);
  options_.retry.total_max = 5s;
  S3Client hurried(transport_, options_, clock_, random_);
  const auto begin = elapsed();
  EXPECT_THROW(hurried.retry({}, fail, [] { return true; }), Error);
  EXPECT_LE(elapsed() - begin, 5s);
}

TEST_F(S3ClientTest, ASuccessMayHoldAnError) {
  call_.may_fail_with_200 = true;
  EXPECT_THAT(failure_of(200, s3_error_xml("NoSuchUpload")).what(),
              HasSubstr("answered 200 with the error NoSuchUpload"));
  EXPECT_EQ(transport_.requests.size(), 1u);
  failure_of(200, s3_error_xml("InternalError"));
  EXPECT_EQ(transport_.requests.size(), 1u + options_.retry.attempts_max);
  transport_.answer = [](size_t) { return S3Response{200, {}, "<CopyObjectResult/>"}; };
  EXPECT_EQ(client().send(call_).attempts, 1u);
}

TEST_F(S3ClientTest, AnAcceptedStatusIsAnAnswer) {
  call_.accepted = {404, 412, 403, 409};
  transport_.answer = [](size_t) { return S3Response{404, {}, s3_error_xml("NoSuchKey")}; };
  const S3Answer answer = client().send(call_);
  EXPECT_EQ(answer.response.status, 404);
  EXPECT_EQ(answer.code, "NoSuchKey");
  EXPECT_THAT(hint_of(403, s3_error_xml("SignatureDoesNotMatch")), HasSubstr("secret_key"))
      << "wrong keys are never an answer";
  transport_.requests.clear();
  failure_of(409, s3_error_xml("OperationAborted"));
  EXPECT_EQ(transport_.requests.size(), options_.retry.attempts_max);
}

}  // namespace
}  // namespace lifeboat
