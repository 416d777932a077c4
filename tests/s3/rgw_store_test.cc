// S3Store against Ceph's gateway: the contract of every store, and what only a server that is not
// ours can judge: signatures, parts, rights.

#include <gmock/gmock.h>

#include "base/error.h"
#include "io/pipeline.h"
#include "s3/rgw_server.h"
#include "store/conformance.h"
#include "support/doubles.h"

namespace lifeboat::test {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;

StoreCase over(const std::string& name, const std::string& endpoint, bool path_style) {
  return {name, [endpoint, path_style] {
            S3Options options = rgw_options();
            options.endpoint = rgw_value(endpoint);
            options.path_style = path_style;
            options.ca_file = rgw_value("S3_CA_FILE");
            const auto made = fresh_rgw_store(options);
            return std::shared_ptr<Store>(made, &made->store);
          }};
}

INSTANTIATE_TEST_SUITE_P(Rgw, StoreConformance,
                         testing::Values(over("path", "S3_ENDPOINT", true),
                                         over("host", "S3_HOST_ENDPOINT", false),
                                         over("tls", "S3_TLS_ENDPOINT", false)),
                         store_case_name);

std::vector<std::string> uploads_in_progress(RgwStore& rgw, std::string_view prefix = "") {
  std::vector<std::string> keys;
  for (const S3Upload& upload : s3_list_uploads(rgw.store.client(), prefix, {})) {
    keys.push_back(upload.key);
  }
  return keys;
}

std::string etag(RgwStore& rgw, const std::string& key) {
  return s3_head(rgw.store.client(), key, {}).value().etag;
}

// 12 MiB and a bit: three parts.
Bytes three_parts() { return SeededRandom().bytes((12 << 20) + 7); }

TEST(RgwStore, CutsLongStreamsIntoParts) {
  const auto rgw = fresh_rgw_store();
  const Bytes content = three_parts();
  const auto sink = rgw->store.create("h1/2026-05-07/backup");
  SteppedSource source(content, 0);
  pump(source, *sink);
  EXPECT_THAT(uploads_in_progress(*rgw), ElementsAre("h1/2026-05-07/backup"));
  sink->finish();
  EXPECT_THAT(uploads_in_progress(*rgw), IsEmpty());
  EXPECT_EQ(rgw->store.stat("h1/2026-05-07/backup").value().size, content.size());
  EXPECT_THAT(etag(*rgw, "h1/2026-05-07/backup"), EndsWith("-3"));
  EXPECT_TRUE(drain(*rgw->store.open("h1/2026-05-07/backup")) == content);
  const ByteRange over_a_border{.offset = (5 << 20) - 10, .size = 20};
  EXPECT_TRUE(drain(*rgw->store.open("h1/2026-05-07/backup", over_a_border)) ==
              Bytes(content.begin() + (5 << 20) - 10, content.begin() + (5 << 20) + 10));
}

TEST(RgwStore, AbandonedUploadsAreAborted) {
  const auto rgw = fresh_rgw_store();
  {
    const auto sink = rgw->store.create("h1/backup");
    sink->write(three_parts());
  }
  EXPECT_THAT(uploads_in_progress(*rgw), IsEmpty());
  EXPECT_THAT(rgw->store.list(""), IsEmpty());
}

TEST(RgwStore, ReadsInBlocksAhead) {
  S3Options options = rgw_options();
  options.download_block_bytes = 1 << 20;
  const auto rgw = fresh_rgw_store(options);
  const Bytes content = three_parts();
  rgw->put("object", content);
  EXPECT_TRUE(drain(*rgw->store.open("object"), 0) == content);
  const ByteRange middle{.offset = 1234567, .size = 7654321};
  EXPECT_TRUE(drain(*rgw->store.open("object", middle)) ==
              Bytes(content.begin() + 1234567, content.begin() + 1234567 + 7654321));
}

TEST(RgwStore, CopiesLargeObjectsInParts) {
  S3Options options = rgw_options();
  options.copy_part_bytes = 5 << 20;
  const auto rgw = fresh_rgw_store(options);
  const Bytes content = three_parts();
  rgw->put("h1/2026-05-07/backup", content);
  rgw->store.copy("h1/2026-05-07/backup", "h1/monthly/2026-05/backup");
  EXPECT_THAT(etag(*rgw, "h1/monthly/2026-05/backup"), EndsWith("-3"));
  EXPECT_TRUE(drain(*rgw->store.open("h1/monthly/2026-05/backup")) == content);
  EXPECT_THAT(uploads_in_progress(*rgw), IsEmpty());
}

TEST(RgwStore, SweepsUploadsOfOneHostOnly) {
  const auto rgw = fresh_rgw_store();
  S3Client& client = rgw->store.client();
  for (const char* key : {"h1/2026-05-07/backup", "h1/2026-05-08/backup", "h10/backup"}) {
    const S3Upload upload{key, s3_begin_upload(client, key, {})};
    s3_put_part(client, upload, 1, SeededRandom().bytes(5 << 20), {});
  }
  rgw->put("h1/2026-05-06/backup", as_bytes("whole"));
  EXPECT_EQ(rgw->store.sweep_leftovers("h1/"), 2u);
  EXPECT_THAT(uploads_in_progress(*rgw), ElementsAre("h10/backup"));
  EXPECT_EQ(rgw->store.list("").size(), 1u);
  EXPECT_EQ(rgw->store.sweep_leftovers("h1/"), 0u);
}

TEST(RgwStore, AWriterDoesAllButRemove) {
  S3Options options = rgw_options();
  const auto owner = fresh_rgw_store(options);
  options.credentials = rgw_user("WRITER");
  RgwStore writer(options);
  const Bytes content = three_parts();
  writer.put("h1/large", content);
  writer.put("h1/small", as_bytes("small"));
  writer.store.copy("h1/small", "h1/monthly/small");
  { writer.store.create("h1/abandoned")->write(content); }
  EXPECT_THAT(uploads_in_progress(*owner), IsEmpty());
  EXPECT_TRUE(drain(*writer.store.open("h1/large")) == content);
  EXPECT_EQ(writer.store.list("h1/").size(), 3u);
  EXPECT_FALSE(writer.store.stat("h1/missing"));

  const std::string refused = error_text([&] { writer.store.remove("h1/small"); });
  EXPECT_THAT(refused, HasSubstr("s3:DeleteObject"));
  EXPECT_TRUE(owner->store.stat("h1/small"));
  owner->store.remove("h1/small");
  EXPECT_FALSE(owner->store.stat("h1/small"));
}

TEST(RgwStore, CausesAreToldApart) {
  S3Options options = rgw_options();
  const auto made = fresh_rgw_store(options);
  const auto failure = [](const S3Options& wrong) {
    return error_text([&] { RgwStore(wrong).store.list(""); });
  };
  S3Options wrong = options;
  wrong.bucket += "-absent";
  EXPECT_THAT(failure(wrong), HasSubstr("bucket"));
  wrong = options;
  wrong.credentials.secret_key = std::make_shared<Secret>("no-such-secret");
  const std::string wrong_secret = failure(wrong);
  EXPECT_THAT(wrong_secret, HasSubstr("secret"));
  EXPECT_THAT(wrong_secret, Not(HasSubstr("no-such-secret")));
  wrong.credentials.access_key = "NOSUCHKEY";
  EXPECT_THAT(failure(wrong), HasSubstr("does not know this access key"));
  wrong.credentials = rgw_user("WATCHER");
  EXPECT_THAT(failure(wrong), HasSubstr("s3:ListBucket"));
  wrong = options;
  wrong.endpoint = rgw_value("S3_TLS_ENDPOINT");  // without its CA file
  EXPECT_THAT(failure(wrong), HasSubstr("certificate"));
}

TEST(RgwStore, AClockThatIsOffIsCorrectedAndTold) {
  S3Options options = rgw_options();
  const auto made = fresh_rgw_store(options);
  std::vector<std::string> warnings;
  options.warn = [&](const std::string& text) { warnings.push_back(text); };
  ManualClock clock("2020-01-01T00:00:00Z");
  SystemRandom random;
  S3Store store(options, clock, random);
  for (const char* key : {"first", "second"}) {
    const auto sink = store.create(key);
    sink->write(as_bytes("content"));
    sink->finish();
  }
  EXPECT_EQ(made->store.list("").size(), 2u);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_THAT(warnings[0], HasSubstr("clock"));
}

}  // namespace
}  // namespace lifeboat::test
