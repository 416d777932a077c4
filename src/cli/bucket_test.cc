// `bucket`, and `check` of a bucket, as commands in memory over the scripted S3 server.
#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/json.h"
#include "cli/app_test_fixture.h"
#include "support/http_server.h"
#include "support/scripted_s3.h"
#include "support/shell.h"

namespace lifeboat::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Texts = std::vector<std::string>;

class BucketTest : public AppFixture {
 protected:
  BucketTest() { serve({}); }
  ~BucketTest() override {
    for (const char* name : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}) ::unsetenv(name);
  }

  void serve(test::ScriptedS3Options options) {
    clock_.set(print_time(SystemClock().now()));
    ::setenv("AWS_ACCESS_KEY_ID", options.access_key.c_str(), 1);
    ::setenv("AWS_SECRET_ACCESS_KEY", options.secret_key.c_str(), 1);
    server_.reset();
    s3_ = std::make_unique<test::ScriptedS3>(options);
    server_ = std::make_unique<test::HttpServer>(
        [this](const test::ServedRequest& request) { return s3_->handle(request); });
  }

  std::string address() const { return "s3://bucket?region=test-1&endpoint=" + server_->url(); }
  Outcome bucket(Texts arguments) {
    arguments.insert(arguments.begin(), "bucket");
    arguments.insert(arguments.end(), {"--store", address()});
    return run(arguments);
  }
  Json bucket_json(Texts arguments) {
    arguments.push_back("--json");
    return parse_json(bucket(arguments).out, "output");
  }

  std::unique_ptr<test::ScriptedS3> s3_;
  std::unique_ptr<test::HttpServer> server_;
};

TEST_F(BucketTest, LifecycleIsPrintedThenAppliedOnce) {
  const Outcome printed = bucket({"lifecycle", "--host", "vps-h1"});
  EXPECT_EQ(printed.code, 0) << printed.talk;
  EXPECT_THAT(printed.out, AllOf(HasSubstr("<Prefix>vps-h1/2</Prefix>"),
                                 HasSubstr("<Prefix>vps-h1/monthly/</Prefix>")));
  EXPECT_THAT(printed.talk, HasSubstr("nothing was changed: add --apply"));
  EXPECT_EQ(s3_->counts().requests["PutBucketLifecycle"], 0u);

  const Json applied = bucket_json({"lifecycle", "--host", "vps-h1", "--apply"});
  EXPECT_EQ(applied["applied"], true);
  EXPECT_FALSE(applied["changes"].empty());
  const Outcome again = bucket({"lifecycle", "--host", "vps-h1", "--apply"});
  EXPECT_THAT(again.talk, HasSubstr("is as it should be"));
  EXPECT_EQ(bucket({"audit", "--host", "vps-h1"}).code, 0);
}

TEST_F(BucketTest, AuditShowsARuleThatDeletesTheMonthlies) {
  const Outcome empty = bucket({"audit", "--host", "vps-h1"});
  EXPECT_THAT(empty.out, HasSubstr("for ever"));
  bucket({"lifecycle", "--host", "vps-h1", "--apply"});
  // The rule somebody adds later, with "overrides" that S3 does not know.
  const std::string rules =
      "<LifecycleConfiguration>"
      "<Rule><ID>all</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status>"
      "<Expiration><Days>30</Days></Expiration></Rule>"
      "<Rule><ID>monthlies</ID><Filter><Prefix>vps-*/monthly/</Prefix></Filter>"
      "<Status>Enabled</Status><Expiration><Days>365</Days></Expiration></Rule>"
      "</LifecycleConfiguration>";
  s3_->script([&](const std::string& operation, uint64_t,
                  const test::ServedRequest&) -> std::optional<test::ScriptedFault> {
    if (operation != "GetBucketLifecycle") return std::nullopt;
    return test::ScriptedFault{.status = 200, .body = rules};
  });
  const Outcome audit = bucket({"audit", "--host", "vps-h1"});
  EXPECT_EQ(audit.code, 5);
  EXPECT_THAT(audit.out, AllOf(HasSubstr("'all'"), HasSubstr("monthly"), HasSubstr("'*'")));
  const Json json = bucket_json({"audit", "--host", "vps-h1"});
  EXPECT_EQ(json["good"], false);
  EXPECT_EQ(json["hosts"], Json(Texts{"vps-h1"}));
}

TEST_F(BucketTest, AuditWithoutTheRightToReadTheRulesIsNoGoodAudit) {
  s3_->script([&](const std::string& operation, uint64_t,
                  const test::ServedRequest&) -> std::optional<test::ScriptedFault> {
    if (operation != "GetBucketLifecycle") return std::nullopt;
    return test::ScriptedFault{.status = 403, .code = "AccessDenied"};
  });
  const Outcome audit = bucket({"audit", "--host", "vps-h1"});
  EXPECT_EQ(audit.code, 5);
  EXPECT_THAT(audit.out, HasSubstr("s3:GetLifecycleConfiguration"));
  const Outcome lifecycle = bucket({"lifecycle", "--host", "vps-h1", "--apply"});
  EXPECT_EQ(lifecycle.code, 5);
  EXPECT_THAT(lifecycle.talk, HasSubstr("Rules of others would be lost"));
}

TEST_F(BucketTest, SetupMayBeRepeated) {
  for (int round = 0; round < 2; ++round) {
    const Outcome setup = bucket({"setup", "--host", "vps-h1"});
    EXPECT_EQ(setup.code, 0) << setup.talk;
    EXPECT_THAT(setup.out, HasSubstr("s3://bucket exists"));
  }
  EXPECT_EQ(s3_->counts().requests["PutBucketLifecycle"], 1u);
  EXPECT_THAT(bucket({"setup"}).talk, HasSubstr("--host vps-h1"));
}

TEST_F(BucketTest, PolicyNeedsNeitherKeysNorNetwork) {
  ::unsetenv("AWS_ACCESS_KEY_ID");
  server_.reset();
  const Outcome policy =
      run({"bucket", "policy", "--role", "writer", "--store", "s3://backups", "--host", "vps-h1"});
  EXPECT_EQ(policy.code, 0) << policy.talk;
  EXPECT_THAT(policy.out, HasSubstr("arn:aws:s3:::backups/vps-h1/*"));
  EXPECT_THAT(run({"bucket", "policy", "--role", "owner", "--store", "s3://backups"}).talk,
              HasSubstr("writer (a host that backs up)"));
  EXPECT_EQ(run({"bucket", "policy", "--role", "writer", "--store", "dir:" + path("")}).code, 2);
}

TEST_F(BucketTest, NestedCommandsHaveHelpAndDidYouMean) {
  EXPECT_THAT(run({"bucket", "audit", "--help"}).out, HasSubstr("lifeboat bucket audit"));
  EXPECT_THAT(run({"help", "bucket", "audit"}).out, HasSubstr("play 400 nights"));
  EXPECT_THAT(run({"help", "bucket"}).out, HasSubstr("lifecycle"));
  const Outcome typo = run({"bucket", "adit"});
  EXPECT_EQ(typo.code, 2);
  EXPECT_THAT(typo.talk, HasSubstr("audit"));
  EXPECT_THAT(run({"bucket", "audit", "--hots", "x"}).talk,
              AllOf(HasSubstr("'--host'"), HasSubstr("lifeboat help bucket audit")));
  EXPECT_EQ(run({"bucket"}).code, 2);
}

class BucketCheckTest : public BucketTest {
 protected:
  Outcome check() {
    ::mkdir(path("data").c_str(), 0700);
    test::write_file(path("lifeboat.yaml"),
                     "host: vps-h1\nstore: {s3: {region: test-1, bucket: bucket, endpoint: \"" +
                         server_->url() + "\"}}\n" + rest_);
    return run({"check", "--config", path("lifeboat.yaml")});
  }
  std::string rest_ =
      "encryption: {recipients: age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p}\n"
      "services: {data: {recipe: volume, path: data}}\n"
      "jobs: {nightly: {schedule: manual, services: data}}\n";
};

TEST_F(BucketCheckTest, WarnsOfAKeyThatCanDelete) {
  EXPECT_THAT(check().out, HasSubstr("this key can delete"));
  EXPECT_TRUE(s3_->objects().empty());
}

TEST_F(BucketCheckTest, IsContentWithAKeyThatCannotAndLeavesOneProbeForGood) {
  test::ScriptedS3Options options;
  options.allow_delete = false;
  serve(options);
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(check().out,
                AllOf(HasSubstr("cannot delete"), Not(HasSubstr("this key can delete"))));
    EXPECT_EQ(s3_->objects().size(), 1u);
  }
}

TEST_F(BucketCheckTest, TellsAClockThatIsOff) {
  test::ScriptedS3Options options;
  options.clock_offset_seconds = 3600;
  serve(options);
  EXPECT_THAT(check().out, AllOf(HasSubstr("✗ clock: "), HasSubstr("behind the store's")));
  options.clock_offset_seconds = -600;
  serve(options);
  EXPECT_THAT(check().out, AllOf(HasSubstr("! clock: "), HasSubstr("ahead of the store's")));
  serve({});
  EXPECT_THAT(check().out, HasSubstr("✓ clock: as the store's"));
}

}  // namespace
}  // namespace lifeboat::cli
