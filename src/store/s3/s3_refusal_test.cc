// What people are told about each refusal, and what happens when a clock is off.
#include "store/s3/s3_refusal.h"

#include "base/log.h"
#include "store/s3/s3_client_test_kit.h"

namespace lifeboat {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class S3RefusalTest : public S3ClientTest {};

TEST_F(S3RefusalTest, AMissingRightIsNamed) {
  EXPECT_THAT(hint_of(403, s3_error_xml("AccessDenied")),
              AllOf(HasSubstr("s3:GetObject"), HasSubstr("s3://backups"), Not(HasSubstr("wrong"))));
  call_.right = "s3:PutObject";
  EXPECT_THAT(hint_of(403, ""), AllOf(HasSubstr("s3:PutObject"), HasSubstr("wrong key")));
}

TEST_F(S3RefusalTest, WrongKeysAreToldApart) {
  EXPECT_THAT(hint_of(403, s3_error_xml("SignatureDoesNotMatch")), HasSubstr("'secret_key'"));
  EXPECT_THAT(hint_of(403, s3_error_xml("InvalidAccessKeyId")), HasSubstr("'access_key'"));
  EXPECT_THAT(hint_of(403, s3_error_xml("InvalidToken")), HasSubstr("does not belong"));
  EXPECT_THAT(hint_of(400, s3_error_xml("ExpiredToken")), HasSubstr("has run out"));
}

TEST_F(S3RefusalTest, AMissingBucketIsNoMissingObject) {
  EXPECT_THAT(hint_of(404, s3_error_xml("NoSuchBucket")),
              AllOf(HasSubstr("no bucket s3://backups"), HasSubstr("bucket setup")));
  EXPECT_THAT(hint_of(404, s3_error_xml("NoSuchKey")), Not(HasSubstr("bucket")));
  call_.request.key = "";
  EXPECT_THAT(hint_of(404, ""), HasSubstr("no bucket s3://backups"));
  EXPECT_THAT(hint_of(404, s3_error_xml("NoSuchLifecycleConfiguration")), Not(HasSubstr("bucket")));
}

TEST_F(S3RefusalTest, AnotherRegionIsNamedIfTheServerTellsIt) {
  const HttpHeaders region{{"x-amz-bucket-region", "us-west-1"}};
  const std::string in_body = "<Region>us-west-1</Region>";
  EXPECT_THAT(hint_of(301, s3_error_xml("PermanentRedirect"), region), HasSubstr("'us-west-1'"));
  EXPECT_THAT(hint_of(400, s3_error_xml("AuthorizationHeaderMalformed", in_body)),
              AllOf(HasSubstr("'us-west-1'"), HasSubstr("set 'region'")));
  EXPECT_THAT(hint_of(400, s3_error_xml("IllegalLocationConstraintException")),
              HasSubstr("another region"));
  EXPECT_THAT(hint_of(301, ""), HasSubstr("another region"));
  EXPECT_THAT(hint_of(301, "", {{"x-amz-bucket-region", "eu-central-1"}}),
              AllOf(HasSubstr("set 'endpoint'"), Not(HasSubstr("'region'"))));
  call_.request.method = "HEAD";
  EXPECT_THAT(hint_of(400, "", region), HasSubstr("'us-west-1'"));
  EXPECT_THAT(hint_of(400, "", {{"x-amz-bucket-region", "eu-central-1"}}),
              Not(HasSubstr("region")));
}

TEST_F(S3RefusalTest, FullAndUnknownAreTold) {
  EXPECT_THAT(hint_of(507, ""), HasSubstr("full"));
  EXPECT_THAT(hint_of(403, s3_error_xml("QuotaExceeded")), HasSubstr("quota"));
  EXPECT_THAT(hint_of(501, s3_error_xml("NotImplemented")), HasSubstr("does not offer"));
}

TEST_F(S3RefusalTest, TheServersWordsAreMadeHarmless) {
  log_redact("hunter2secret");
  const std::string text = failure_of(403, s3_error_xml("Access\x1b[31mDenied",
                                                        "<Message>a\x9b hunter2secret &#10;" +
                                                            std::string(5000, 'x') + "</Message>"))
                               .what();
  EXPECT_THAT(text, AllOf(Not(HasSubstr("\x1b")), Not(HasSubstr("\n")), Not(HasSubstr("hunter2"))));
  EXPECT_LT(text.size(), 500u);
  EXPECT_THAT(failure_of(418, "<html>no S3 at all").what(), HasSubstr("answered 418"));
}

TEST_F(S3RefusalTest, AClockThatIsOffIsCorrectedAndToldOnce) {
  const HttpHeaders date{{"date", "Thu, 07 May 2026 02:20:00 GMT"}};  // ours says 02:00
  transport_.answer = [&](size_t number) {
    if (transport_.times.back() >= clock_.now() + 10min) return S3Response{200, date, ""};
    EXPECT_EQ(number, 1u);
    return S3Response{403, date, s3_error_xml("RequestTimeTooSkewed")};
  };
  EXPECT_EQ(client().send(call_).attempts, 1u);
  EXPECT_EQ(transport_.requests.size(), 2u);
  EXPECT_EQ(elapsed(), 0s) << "at once";
  EXPECT_EQ(transport_.times[1], clock_.now() + 20min);
  client().send(call_);
  EXPECT_EQ(transport_.requests.size(), 3u);
  EXPECT_THAT(warnings_, ElementsAre(AllOf(HasSubstr("20 min 0 s behind"), HasSubstr("NTP"))));
}

TEST_F(S3RefusalTest, ABodilessRefusalMayBeAboutTheClock) {
  call_.request.method = "HEAD";
  transport_.answer = [&](size_t) {
    const bool right = transport_.times.back() < clock_.now() - 10min;
    return S3Response{right ? 200 : 403, {{"date", "Thu, 07 May 2026 01:44:00 GMT"}}, ""};
  };
  client().send(call_);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("16 min 0 s ahead of")));
}

TEST_F(S3RefusalTest, ABodilessRefusalAtTheRightTimeIsAboutRights) {
  call_.request.method = "HEAD";
  failure_of(403, "", {{"date", "Thu, 07 May 2026 02:03:00 GMT"}});
  EXPECT_EQ(transport_.requests.size(), 1u);
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(S3RefusalTest, AClockThatCannotBeCorrectedIsTold) {
  const std::string skewed = s3_error_xml("RequestTimeTooSkewed");
  EXPECT_THAT(hint_of(403, skewed), HasSubstr("clock"));
  EXPECT_THAT(hint_of(403, skewed, {{"date", "Thu, 07 May 2026 05:00:00 GMT"}}),
              HasSubstr("clock"));
  EXPECT_EQ(transport_.requests.size(), 3u) << "corrected once, then told";
}

}  // namespace
}  // namespace lifeboat
