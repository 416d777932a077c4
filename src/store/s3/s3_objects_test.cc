#include "store/s3/s3_objects.h"

#include <gmock/gmock.h>

#include "store/s3/s3_test_kit.h"

namespace lifeboat::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

std::string list_page(const std::string& inside) {
  return "<ListBucketResult>" + inside + "</ListBucketResult>";
}

std::string listed(const std::string& key) {
  return "<Contents><Key>" + key +
         "</Key><LastModified>2026-05-07T02:00:00Z</LastModified><Size>1</Size></Contents>";
}

std::string list_error(const std::string& body) {
  S3World world;
  world.fail("ListObjectsV2", 1, UINT64_MAX, {.status = 200, .body = body});
  return error_text([&] { s3_list(world.store->client(), "h/", {}); });
}

TEST(S3List, RefusesListingsThatCannotBeTrusted) {
  const std::string more =
      "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>";
  EXPECT_THAT(list_error(list_page(listed("h/b") + listed("h/a"))), HasSubstr("out of order"));
  EXPECT_THAT(list_error(list_page(listed("h/a") + listed("h/a"))), HasSubstr("out of order"));
  EXPECT_THAT(list_error(list_page(listed("g/a"))), HasSubstr("other prefixes"));
  EXPECT_THAT(list_error(list_page(more)), HasSubstr("repeats a page"));
  EXPECT_THAT(list_error(list_page("<IsTruncated>true</IsTruncated>")),
              HasSubstr("NextContinuationToken"));
  EXPECT_THAT(list_error("<ListBucketResult>"), HasSubstr("cut"));
}

TEST(S3List, APageThatWasCutIsAskedForAgain) {
  S3World world;
  world.server.put_object("h/a", "x");
  world.fail("ListObjectsV2", 1, 2, {.status = 200, .body = "<ListBucketResult><Contents>"});
  EXPECT_EQ(s3_list(world.store->client(), "h/", {}).size(), 1u);
  EXPECT_EQ(world.count("ListObjectsV2"), 3u);
}

TEST(S3Uploads, ForeignOnesAreNeverGivenAway) {
  S3World world;
  world.fail("ListMultipartUploads", 1, 1,
             {.status = 200,
              .body = "<ListMultipartUploadsResult><Upload><Key>other/a</Key><UploadId>u</UploadId>"
                      "</Upload></ListMultipartUploadsResult>"});
  EXPECT_THAT(s3_list_uploads(world.store->client(), "h/", {}), IsEmpty());
}

TEST(S3Copy, SmallOnesAreOneRequestThatNamesTheState) {
  S3World world;
  world.server.put_object("a=b/c", "content");
  world.server.script([](const std::string& operation, uint64_t, const ServedRequest& request) {
    if (operation == "CopyObject") {
      EXPECT_EQ(request.headers.at("x-amz-copy-source"), "/bucket/a%3Db/c");
      EXPECT_EQ(request.headers.count("x-amz-copy-source-if-match"), 1u);
    }
    return std::optional<ScriptedFault>();
  });
  s3_copy(world.store->client(), "a=b/c", "d", {});
  EXPECT_EQ(world.server.objects()["d"], "content");
  EXPECT_EQ(world.count("CopyObject"), 1u);
}

TEST(S3Copy, LargeOnesAreCopiedInEqualParts) {
  S3World world({.equal_parts = true}, [](S3Options& options) { options.copy_part_bytes = 1000; });
  for (const size_t size : {size_t{1'001}, size_t{2'000}, size_t{4'321}}) {
    const std::string content(as_text(SeededRandom(size).bytes(size)));
    const std::string key = format("from-{}", size);
    world.server.put_object(key, content);
    s3_copy(world.store->client(), key, key + "-copy", {});
    EXPECT_TRUE(world.server.objects()[key + "-copy"] == content);
    EXPECT_EQ(world.server.last_part_sizes().size(), (size + 999) / 1000);
  }
  EXPECT_EQ(world.count("CopyObject"), 0u);
  EXPECT_EQ(world.count("GetObject"), 0u);
}

TEST(S3Copy, FailsWithoutLeavingAnything) {
  for (const std::string& operation : {std::string("CopyObject"), std::string("UploadPartCopy"),
                                       std::string("CompleteMultipartUpload")}) {
    for (const int status : {200, 403}) {
      S3World world({}, [&](S3Options& options) {
        if (operation != "CopyObject") options.copy_part_bytes = 1000;
      });
      world.server.put_object("a", std::string(3'000, 'x'));
      world.fail(operation, 1, UINT64_MAX,
                 {.status = status, .code = status == 200 ? "InternalError" : "AccessDenied"});
      EXPECT_THROW(s3_copy(world.store->client(), "a", "b", {}), Error) << operation << status;
      EXPECT_EQ(world.server.objects().size(), 1u) << operation << status;
      EXPECT_EQ(world.server.uploads_in_progress(), 0u) << operation << status;
    }
  }
}

TEST(S3Copy, ASourceThatChangesBetweenThePartsIsNotMixed) {
  S3World world({}, [](S3Options& options) { options.copy_part_bytes = 1000; });
  world.server.put_object("a", std::string(3'000, 'x'));
  world.server.script(
      [&, changed = false](const std::string& operation, uint64_t, const ServedRequest&) mutable {
        // Not the first part: its answer is made after this.
        if (operation == "UploadPartCopy" && std::exchange(changed, true)) {
          return std::optional(ScriptedFault{.status = 412, .code = "PreconditionFailed"});
        }
        return std::optional<ScriptedFault>();
      });
  EXPECT_THAT(error_text([&] { s3_copy(world.store->client(), "a", "b", {}); }),
              AllOf(HasSubstr("copy 'a' to 'b'"), HasSubstr("PreconditionFailed")));
  EXPECT_EQ(world.server.uploads_in_progress(), 0u);
}

TEST(S3Head, NeedsATimeAndASize) {
  for (const auto& headers : std::vector<std::vector<std::pair<std::string, std::string>>>{
           {{"Content-Length", "5"}},
           {{"Content-Length", "5"}, {"Last-Modified", "yesterday"}},
           {{"Content-Length", "x"}, {"Last-Modified", "Thu, 07 May 2026 02:00:00 GMT"}}}) {
    S3World world;
    world.fail("HeadObject", 1, UINT64_MAX, {.status = 200, .headers = headers, .body = ""});
    EXPECT_THAT(error_text([&] { s3_head(world.store->client(), "a", {}); }),
                HasSubstr("did not tell its size and time"));
  }
}

}  // namespace
}  // namespace lifeboat::test
