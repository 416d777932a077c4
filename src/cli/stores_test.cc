#include "cli/stores.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include "base/error.h"
#include "support/doubles.h"

namespace lifeboat::cli {
namespace {

using test::error_text;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class StoreAddressTest : public testing::Test {
 protected:
  StoreAddressTest() {
    for (const char* name :
         {"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"}) {
      ::unsetenv(name);
    }
  }
};

TEST_F(StoreAddressTest, Folders) {
  EXPECT_EQ(parse_store_address("dir:/srv/../srv/backups").dir.path, "/srv/backups");
  EXPECT_FALSE(parse_store_address("dir:x").is_s3);
  EXPECT_TRUE(parse_store_address("dir:x").dir.path.is_absolute());
  EXPECT_THAT(error_text([] { parse_store_address("/srv"); }), HasSubstr("dir:/srv?"));
  EXPECT_THAT(error_text([] { parse_store_address("dir:"); }), HasSubstr("does not name a store"));
}

TEST_F(StoreAddressTest, Buckets) {
  const S3StoreConfig s3 =
      parse_store_address(
          "s3://backups?endpoint=http%3A%2F%2F127.0.0.1:80&region=r&path_style=true&"
          "ca_file=/ca.pem&profile=p")
          .s3;
  EXPECT_EQ(s3.bucket, "backups");
  EXPECT_EQ(s3.endpoint, "http://127.0.0.1:80");
  EXPECT_EQ(s3.region, "r");
  EXPECT_TRUE(s3.path_style);
  EXPECT_EQ(s3.ca_file, "/ca.pem");
  EXPECT_EQ(s3.profile, "p");
  EXPECT_EQ(s3.access_key, nullptr);
}

TEST_F(StoreAddressTest, TheRegionIsInTheEndpointOrTheEnvironment) {
  const auto region = [](const std::string& text) { return parse_store_address(text).s3.region; };
  EXPECT_EQ(region("s3://b-b"), "us-east-1");
  EXPECT_EQ(region("s3://b-b/?endpoint=https://s3.eu-central-1.wasabisys.com"), "eu-central-1");
  EXPECT_EQ(region("s3://b-b?endpoint=https://s3.wasabisys.com"), "us-east-1");
  EXPECT_EQ(region("s3://b-b?endpoint=https://s3.example.org"), "us-east-1");
  ::setenv("AWS_DEFAULT_REGION", "eu-west-2", 1);
  ::setenv("AWS_ENDPOINT_URL", "https://minio.example.org", 1);
  const S3StoreConfig s3 = parse_store_address("s3://b-b").s3;
  EXPECT_EQ(s3.region, "eu-west-2");
  EXPECT_EQ(s3.endpoint, "https://minio.example.org");
  ::unsetenv("AWS_DEFAULT_REGION");
  ::unsetenv("AWS_ENDPOINT_URL");
}

TEST_F(StoreAddressTest, MistakesAreToldWithoutTheKeysInThem) {
  const auto fault = [](const std::string& text) {
    return error_text([&] { parse_store_address(text); });
  };
  EXPECT_THAT(fault("s3://"), HasSubstr("a bucket's name is"));
  EXPECT_THAT(fault("s3://BUCKET"), HasSubstr("a bucket's name is"));
  EXPECT_THAT(fault("s3://bucket/folder"), HasSubstr("without a folder"));
  EXPECT_THAT(fault("s3://b-b?endpoint=s3.example.org"), HasSubstr("the endpoint is not a URL"));
  EXPECT_THAT(fault("s3://b-b?path_style=yes"), HasSubstr("true or false"));
  EXPECT_THAT(fault("s3://b-b?region="), HasSubstr("'region' has no value"));
  EXPECT_THAT(fault("s3://b-b?region=%4"), HasSubstr("'region' has no value"));
  EXPECT_THAT(fault("s3://b-b?region=a&region=b"), HasSubstr("given twice"));
  EXPECT_THAT(fault("s3://b-b?regoin=a"), HasSubstr("Did you mean 'region'?"));
  EXPECT_THAT(fault("s3://b-b?secret_key=hunter2"),
              AllOf(HasSubstr("unknown part 'secret_key'"), Not(HasSubstr("hunter2"))));
  EXPECT_THAT(fault("s3://AKID:hunter2@bucket"),
              AllOf(HasSubstr("keys do not belong"), Not(HasSubstr("hunter2"))));
}

}  // namespace
}  // namespace lifeboat::cli
