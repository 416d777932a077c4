// S3Bucket against Ceph's gateway: what it makes, and what it says of what this server lacks.

#include <gmock/gmock.h>

#include "base/error.h"
#include "s3/rgw_server.h"
#include "snapshot/retention.h"
#include "support/doubles.h"

namespace lifeboat::test {
namespace {

using testing::HasSubstr;

template <typename Value>
std::string state_of(const Seen<Value>& seen) {
  using State = typename Seen<Value>::State;
  if (seen.state == State::set) return "set";
  if (seen.state == State::unset) return "unset";
  return seen.state == State::denied ? "denied" : "unsupported";
}

TEST(RgwBucket, IsMadeOnce) {
  RgwStore rgw(rgw_options());
  EXPECT_FALSE(rgw.bucket().exists());
  EXPECT_TRUE(rgw.bucket().create(false));
  EXPECT_TRUE(rgw.bucket().exists());
  EXPECT_FALSE(rgw.bucket().create(false)) << "there already, and ours";
}

TEST(RgwBucket, OfAnotherOwnerIsAnError) {
  S3Options options = rgw_options();
  const auto made = fresh_rgw_store(options);
  options.credentials = rgw_user("READER");
  RgwStore stranger(options);
  EXPECT_THROW(stranger.bucket().create(false), Error);
}

TEST(RgwBucket, AFreshOneHasNoSettings) {
  const auto rgw = fresh_rgw_store();
  S3Bucket bucket = rgw->bucket();
  EXPECT_EQ(state_of(bucket.lifecycle()), "unset");
  EXPECT_EQ(state_of(bucket.versioning()), "unset");
  EXPECT_EQ(state_of(bucket.object_lock()), "unset");
  EXPECT_EQ(state_of(bucket.policy()), "unset");
}

TEST(RgwBucket, ObjectLockBringsVersions) {
  RgwStore rgw(rgw_options());
  S3Bucket bucket = rgw.bucket();
  ASSERT_TRUE(bucket.create(true));
  ASSERT_EQ(state_of(bucket.versioning()), "set");
  EXPECT_EQ(bucket.versioning().value, Versioning::enabled);
  ASSERT_EQ(state_of(bucket.object_lock()), "set");
  EXPECT_EQ(bucket.object_lock().value.mode, "");
  bucket.put_object_lock({.mode = "GOVERNANCE", .days = 1});
  EXPECT_EQ(bucket.object_lock().value.mode, "GOVERNANCE");
  EXPECT_EQ(bucket.object_lock().value.days, 1u);
  // Object lock refuses a body without Content-MD5; one PUT, then parts.
  rgw.put("small", as_bytes("small"));
  const Bytes large = SeededRandom().bytes(6 << 20);
  rgw.put("large", large);
  EXPECT_TRUE(drain(*rgw.store.open("large")) == large);
}

TEST(RgwBucket, LifecycleComesBackWithForeignRules) {
  const auto rgw = fresh_rgw_store();
  S3Bucket bucket = rgw->bucket();
  LifecycleRule logs;
  logs.id = "logs of someone else";
  logs.prefix = "logs/";
  logs.expire_days = 7;
  LifecycleRule off;
  off.id = "switched off";
  off.prefix = "old/";
  off.enabled = false;
  off.noncurrent_days = 3;
  bucket.put_lifecycle({logs, off});

  const Retention retention;
  const auto merge = [&](uint64_t daily_days) {
    Retention changed = retention;
    changed.daily_days = daily_days;
    bucket.put_lifecycle(
        merge_rules(bucket.lifecycle().value, {"h1"}, lifecycle_rules("h1", changed, false)));
  };
  merge(30);
  merge(20);  // ours are replaced, not added again
  const std::vector<LifecycleRule> rules = bucket.lifecycle().value;
  EXPECT_EQ(rules.size(), 2 + lifecycle_rules("h1", retention, false).size());
  const auto rule = [&](const std::string& id) {
    for (const LifecycleRule& one : rules) {
      if (one.id == id) return one;
    }
    ADD_FAILURE() << "no rule " << id;
    return LifecycleRule{};
  };
  EXPECT_EQ(rule("logs of someone else").expire_days, 7u);
  EXPECT_EQ(rule("logs of someone else").prefix, "logs/");
  EXPECT_FALSE(rule("switched off").enabled);
  EXPECT_EQ(rule("switched off").noncurrent_days, 3u);
  EXPECT_EQ(rule("lifeboat-h1-daily").expire_days, 20u);
  EXPECT_EQ(rule("lifeboat-h1-daily").prefix, "h1/2");
}

TEST(RgwBucket, DefaultEncryptionIsNotOfThisServer) {
  const auto rgw = fresh_rgw_store();
  rgw->put("object", as_bytes("x"));  // GET ?encryption answers with a listing of it
  EXPECT_EQ(state_of(rgw->bucket().default_encryption()), "unsupported");
  EXPECT_FALSE(rgw->bucket().put_default_encryption());
}

TEST(RgwBucket, APolicyIsReadAsItWasSet) {
  const auto rgw = fresh_rgw_store();
  const std::string text =
      format(R"({{"Version":"2012-10-17","Statement":[{{"Effect":"Deny","Principal":"*",)"
             R"("Action":"s3:DeleteBucket","Resource":"arn:aws:s3:::{}"}}]}})",
             rgw->store.client().options().bucket);
  S3Call call;
  call.request.method = "PUT";
  call.request.query = {{"policy", ""}};
  call.request.body = as_bytes(text);
  call.attempted = "put the policy";
  call.right = "s3:PutBucketPolicy";
  rgw->store.client().send(call);
  const Seen<std::string> policy = rgw->bucket().policy();
  ASSERT_EQ(state_of(policy), "set");
  EXPECT_THAT(policy.value, HasSubstr("s3:DeleteBucket"));
}

TEST(RgwBucket, WhatAKeyMayNotSeeIsDenied) {
  S3Options options = rgw_options();
  const auto owner = fresh_rgw_store(options);
  options.credentials = rgw_user("WRITER");
  RgwStore writer(options);
  EXPECT_TRUE(writer.bucket().exists());
  EXPECT_EQ(state_of(writer.bucket().lifecycle()), "denied");
  EXPECT_EQ(state_of(writer.bucket().versioning()), "denied");
  EXPECT_EQ(state_of(writer.bucket().object_lock()), "denied");
  EXPECT_EQ(state_of(writer.bucket().policy()), "denied");
  EXPECT_THAT(error_text([&] { writer.bucket().put_lifecycle({}); }),
              HasSubstr("s3:PutLifecycleConfiguration"));
}

}  // namespace
}  // namespace lifeboat::test
