#include "store/s3/s3_bucket.h"

#include <gmock/gmock.h>

#include "store/s3/s3_test_kit.h"
#include "store/s3/s3_xml.h"

namespace lifeboat::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

using RulesState = Seen<std::vector<LifecycleRule>>::State;
using TextState = Seen<std::string>::State;

struct BucketWorld : S3World {
  // Lets every request of `operation` be answered so.
  void answer(const std::string& operation, int status, const std::string& code,
              std::optional<std::string> body = {}) {
    fail(operation, 1, UINT64_MAX, {.status = status, .code = code, .body = std::move(body)});
  }
  S3Bucket bucket{store->client()};
};

LifecycleRule rule(const std::string& prefix, uint64_t days) {
  LifecycleRule made;
  made.id = "lifeboat " + prefix;
  made.prefix = prefix;
  made.expire_days = days;
  return made;
}

constexpr const char* listing = "<ListBucketResult><Name>bucket</Name></ListBucketResult>";

TEST(S3Bucket, TellsWhetherItExists) {
  BucketWorld world;
  EXPECT_TRUE(world.bucket.exists());
  EXPECT_FALSE(world.bucket.create(false)) << "it is there already";
  world.answer("HeadBucket", 404, "NoSuchBucket");
  EXPECT_FALSE(world.bucket.exists());
  world.answer("HeadBucket", 403, "AccessDenied");
  EXPECT_THAT(error_text([&] { world.bucket.exists(); }), HasSubstr("s3:ListBucket"));
}

TEST(S3Bucket, KeepsALifecycleAndReadsItBack) {
  BucketWorld world;
  EXPECT_EQ(world.bucket.lifecycle().state, RulesState::unset);
  world.bucket.put_lifecycle({rule("h/2", 30), rule("h/monthly/", 365)});
  const auto seen = world.bucket.lifecycle();
  ASSERT_EQ(seen.state, RulesState::set);
  ASSERT_EQ(seen.value.size(), 2u);
  EXPECT_EQ(seen.value[1].expire_days, 365u);
  world.bucket.put_lifecycle(seen.value);
  world.bucket.put_lifecycle({});
  EXPECT_EQ(world.bucket.lifecycle().state, RulesState::unset);
}

TEST(S3Bucket, RulesTheServerKeptOtherwiseAreTold) {
  BucketWorld world;
  world.answer("GetBucketLifecycle", 200, "", print_s3_lifecycle({rule("h/2", 31)}));
  EXPECT_THAT(error_text([&] { world.bucket.put_lifecycle({rule("h/2", 30)}); }),
              HasSubstr("other rules"));
  LifecycleRule renamed = rule("h/2", 30);
  renamed.id = "of the server's own";
  world.answer("GetBucketLifecycle", 200, "",
               print_s3_lifecycle({rule("h/monthly/", 365), renamed}));
  world.bucket.put_lifecycle({rule("h/2", 30), rule("h/monthly/", 365)});
  world.answer("GetBucketLifecycle", 403, "AccessDenied");
  EXPECT_THAT(error_text([&] { world.bucket.put_lifecycle({rule("h/2", 30)}); }),
              HasSubstr("read back"));
}

TEST(S3Bucket, TellsApartUnsetDeniedAndUnknownToTheServer) {
  const auto state_of = [](int status, const std::string& code,
                           std::optional<std::string> body = {}) {
    BucketWorld world;
    world.answer("GetBucketEncryption", status, code, std::move(body));
    return world.bucket.default_encryption().state;
  };
  EXPECT_EQ(state_of(404, "ServerSideEncryptionConfigurationNotFoundError"), TextState::unset);
  EXPECT_EQ(state_of(403, "AccessDenied"), TextState::denied);
  EXPECT_EQ(state_of(501, "NotImplemented"), TextState::unsupported);
  EXPECT_EQ(state_of(405, "MethodNotAllowed"), TextState::unsupported);
  EXPECT_EQ(state_of(200, "", listing), TextState::unsupported) << "as Ceph answers";
  EXPECT_THROW(state_of(404, "NoSuchBucket"), Error);
  EXPECT_THROW(state_of(200, "", "<ServerSideEncryptionConf"), Error);
}

TEST(S3Bucket, ReadsItsOtherSettings) {
  BucketWorld world;
  world.answer("GetBucketEncryption", 200, "",
               "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>"
               "<SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule>"
               "</ServerSideEncryptionConfiguration>");
  EXPECT_EQ(world.bucket.default_encryption().value, "AES256");
  world.answer("GetBucketVersioning", 200, "",
               "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>");
  EXPECT_EQ(world.bucket.versioning().value, Versioning::suspended);
  world.answer("GetBucketVersioning", 200, "", "<VersioningConfiguration/>");
  EXPECT_EQ(world.bucket.versioning().state, Seen<Versioning>::State::unset);
  world.answer("GetBucketPolicy", 200, "", "{\"Version\":\"2012-10-17\"}");
  EXPECT_EQ(world.bucket.policy().value, "{\"Version\":\"2012-10-17\"}");
  world.answer("GetBucketPolicy", 404, "NoSuchBucketPolicy");
  EXPECT_EQ(world.bucket.policy().state, TextState::unset);
}

TEST(S3Bucket, ReadsObjectLock) {
  const auto seen = [](const std::string& inside) {
    BucketWorld world;
    world.answer("GetBucketObjectLock", 200, "",
                 "<ObjectLockConfiguration>" + inside + "</ObjectLockConfiguration>");
    return world.bucket.object_lock();
  };
  const std::string on = "<ObjectLockEnabled>Enabled</ObjectLockEnabled>";
  const auto with_days = seen(on +
                              "<Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>30</Days>"
                              "</DefaultRetention></Rule>");
  EXPECT_EQ(with_days.value.mode, "COMPLIANCE");
  EXPECT_EQ(with_days.value.days, 30u);
  const auto with_years = seen(on +
                               "<Rule><DefaultRetention><Mode>GOVERNANCE</Mode>"
                               "<Years>2</Years></DefaultRetention></Rule>");
  EXPECT_EQ(with_years.value.days, 730u);
  EXPECT_EQ(seen(on).state, Seen<ObjectLock>::State::set);
  EXPECT_EQ(seen(on).value.mode, "");
  EXPECT_EQ(seen("").state, Seen<ObjectLock>::State::unset);
}

TEST(S3Bucket, DefaultEncryptionCountsOnlyIfItIsThereAfterwards) {
  BucketWorld world;
  world.server.script([](const std::string&, uint64_t, const ServedRequest& request) {
    return std::optional(ScriptedFault{
        .status = 200, .body = request.method == "PUT" ? std::string() : std::string(listing)});
  });
  EXPECT_FALSE(world.bucket.put_default_encryption());
  world.server.script([](const std::string&, uint64_t, const ServedRequest&) {
    return std::optional(ScriptedFault{.status = 501, .code = "NotImplemented"});
  });
  EXPECT_FALSE(world.bucket.put_default_encryption());
}

// A server where the bucket is not there yet.
TEST(S3Bucket, IsCreatedInItsRegionWithObjectLock) {
  BucketWorld world;
  std::vector<std::string> bodies;
  const auto script = [&](int put_status, const std::string& code) {
    bodies.clear();
    world.server.script(
        [&, put_status, code](const std::string&, uint64_t, const ServedRequest& request) {
          if (request.method == "HEAD") return std::optional(ScriptedFault{.status = 404});
          EXPECT_EQ(request.headers.at("x-amz-bucket-object-lock-enabled"), "true");
          bodies.push_back(request.body);
          const bool refused = put_status == 400 ? bodies.size() == 1 : put_status == 409;
          return std::optional(refused ? ScriptedFault{.status = put_status, .code = code}
                                       : ScriptedFault{.status = 200, .body = ""});
        });
  };
  script(200, "");
  EXPECT_TRUE(world.bucket.create(true));
  EXPECT_THAT(bodies.at(0), HasSubstr("<LocationConstraint>test-1</LocationConstraint>"));
  script(400, "InvalidLocationConstraint");
  EXPECT_TRUE(world.bucket.create(true));
  EXPECT_EQ(bodies.at(1), "") << "where the server has only one place";
  script(409, "BucketAlreadyExists");
  EXPECT_THAT(error_text([&] { world.bucket.create(true); }), HasSubstr("choose another"));
  script(409, "BucketAlreadyOwnedByYou");
  EXPECT_FALSE(world.bucket.create(true));
}

}  // namespace
}  // namespace lifeboat::test
