#include "store/s3/upload.h"

#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "store/s3/s3_test_kit.h"

namespace lifeboat::test {
namespace {

using std::chrono::steady_clock;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr uint64_t mebibyte = 1 << 20;
constexpr uint64_t gibibyte = 1 << 30;

TEST(UploadPartBytes, GrowsWithTheEstimateInWholeMebibytes) {
  S3Options options;
  EXPECT_EQ(upload_part_bytes(options, 0), 8 * mebibyte);
  EXPECT_EQ(upload_part_bytes(options, 70 * gibibyte), 8 * mebibyte);
  EXPECT_EQ(upload_part_bytes(options, 80 * gibibyte), 10 * mebibyte);
  for (const uint64_t estimate : {80 * gibibyte, 999 * gibibyte, s3_object_bytes_max}) {
    const uint64_t part = upload_part_bytes(options, estimate);
    EXPECT_EQ(part % mebibyte, 0u);
    EXPECT_GE(part * s3_parts_max, estimate / 10 * 11);
  }
  EXPECT_LE(upload_part_bytes(options, UINT64_MAX), s3_part_bytes_max);
  options.part_bytes = 12345;
  EXPECT_EQ(upload_part_bytes(options, 1000), 12345u) << "as it was asked for";
}

TEST(Upload, UpToAPartIsOnePut) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{9'999}, size_t{10'000}}) {
    S3World world;
    const Bytes content = SeededRandom().bytes(size);
    world.put("a", content);
    EXPECT_TRUE(world.server.objects()["a"] == as_text(content));
    EXPECT_EQ(world.count("PutObject"), 1u) << size;
    EXPECT_EQ(world.count("CreateMultipartUpload"), 0u) << size;
  }
}

TEST(Upload, LargerOnesAreEqualParts) {
  for (const size_t size : {size_t{10'001}, size_t{20'000}, size_t{20'001}, size_t{123'456}}) {
    S3World world({.equal_parts = true});
    const Bytes content = SeededRandom().bytes(size);
    const auto sink = world.store->create("a");
    SteppedSource source(content, 0);
    Bytes block(30'000);
    while (const size_t count = source.read(block)) sink->write(ByteView(block).first(count));
    sink->finish();
    EXPECT_TRUE(world.server.objects()["a"] == as_text(content)) << size;
    EXPECT_EQ(world.server.last_part_sizes().size(), (size + 9'999) / 10'000);
    EXPECT_EQ(world.count("PutObject"), 0u);
    EXPECT_EQ(world.server.uploads_in_progress(), 0u);
  }
}

TEST(Upload, NothingIsSentBeforeTheFirstPartIsFull) {
  S3World world;
  const auto sink = world.store->create("a");
  world.server.reset_counts();
  sink->write(SeededRandom().bytes(10'000));
  EXPECT_THAT(world.server.counts().requests, IsEmpty());
  sink->write(SeededRandom().bytes(1));
  EXPECT_EQ(world.count("CreateMultipartUpload"), 1u);
}

TEST(Upload, RefusesMorePartsThanThereMayBe) {
  S3World world({}, [](S3Options& options) { options.part_bytes = 1; });
  const std::string text = error_text([&] { world.put("a", Bytes(10'001)); });
  EXPECT_THAT(text, AllOf(HasSubstr("10000 parts"), HasSubstr("store.s3.part_size")));
  EXPECT_EQ(world.server.uploads_in_progress(), 0u);
  world.put("b", Bytes(10'000));
  EXPECT_EQ(world.server.last_part_sizes().size(), 10'000u);
}

TEST(Upload, AFailedPartComesOutAndNothingIsLeft) {
  S3World world;
  world.fail("UploadPart", 3, UINT64_MAX, {.status = 403, .code = "AccessDenied"});
  const std::string text = error_text([&] { world.put("a", SeededRandom().bytes(200'000)); });
  EXPECT_THAT(text, AllOf(HasSubstr("upload part"), HasSubstr("s3:PutObject")));
  EXPECT_TRUE(world.server.objects().empty());
  EXPECT_EQ(world.server.uploads_in_progress(), 0u);
}

TEST(Upload, AbandonedAfterAnErrorOfTheSourceIsAborted) {
  S3World world;
  {
    const auto sink = world.store->create("a");
    sink->write(SeededRandom().bytes(55'000));
    EXPECT_EQ(world.server.uploads_in_progress(), 1u);
  }
  EXPECT_EQ(world.server.uploads_in_progress(), 0u);
  EXPECT_TRUE(world.server.objects().empty());
  EXPECT_EQ(world.warnings, "");
}

TEST(Upload, WhatCannotBeAbortedIsToldInBoundedTries) {
  S3World world;
  world.fail("AbortMultipartUpload", 1, UINT64_MAX, {.status = 503, .code = "SlowDown"});
  {
    const auto sink = world.store->create("a");
    sink->write(SeededRandom().bytes(55'000));
  }
  EXPECT_LE(world.count("AbortMultipartUpload"), 4u);
  EXPECT_THAT(world.warnings, AllOf(HasSubstr("'a'"), HasSubstr("the next run")));
  EXPECT_EQ(world.server.uploads_in_progress(), 1u);
  world.server.script({});
  EXPECT_EQ(world.store->sweep_leftovers(""), 1u);
}

// A transport whose parts never end unless they are stopped.
class StuckTransport final : public S3Transport {
 public:
  StuckTransport(ScriptedS3& server, const S3Options& options) : inner_(server, options) {}
  S3Response send(const S3Request& request, Timestamp signing_time) override {
    if (request.method == "PUT") {
      for (;;) {
        request.stop.throw_if_stopped();
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
    }
    return inner_.send(request, signing_time);
  }

 private:
  InProcessTransport inner_;
};

TEST(Upload, AStopWakesAWaitingWriterAndCutsTheTransfers) {
  S3World world;
  StopSource stop;
  S3Store store(world.options, std::make_unique<StuckTransport>(world.server, world.options),
                world.clock, world.random, stop.token());
  std::thread stopper;
  const auto begin = steady_clock::now();
  {
    const auto sink = store.create("a");
    sink->write(SeededRandom().bytes(40'000));  // fills all the buffers of three workers
    stopper = std::thread([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      stop.request_stop();
    });
    EXPECT_THROW(sink->write(Bytes(1)), Interrupted) << "one buffer more would have taken it";
    EXPECT_THROW(sink->finish(), Interrupted) << "errors are sticky";
  }
  stopper.join();
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds(2));
  EXPECT_EQ(world.server.uploads_in_progress(), 0u) << "aborted in spite of the stop";
}

TEST(Upload, ATakenKeyIsRefusedByTheServerItself) {
  S3World world;
  for (const size_t size : {size_t{100}, size_t{30'000}}) {
    const std::string key = format("key-{}", size);
    const auto late = world.store->create(key);
    late->write(SeededRandom(1).bytes(size));
    world.put(key, SeededRandom(2).bytes(size));
    EXPECT_THAT(error_text([&] { late->finish(); }), HasSubstr("already exists")) << size;
    EXPECT_TRUE(world.server.objects()[key] == as_text(SeededRandom(2).bytes(size)));
  }
}

TEST(Upload, AnAnswerThatWasLostAfterTheEffectIsNoFailure) {
  for (const auto& [operation, size] :
       {std::pair("PutObject", 100), std::pair("CompleteMultipartUpload", 30'000)}) {
    for (const bool conditional : {true, false}) {
      S3World world({.conditional_writes = conditional});
      const Bytes content = SeededRandom().bytes(static_cast<size_t>(size));
      world.fail(operation, 1, 1, {.status = 500, .code = "InternalError", .after_effect = true});
      world.put("a", content);
      EXPECT_TRUE(world.server.objects()["a"] == as_text(content)) << operation;
      EXPECT_EQ(world.server.uploads_in_progress(), 0u);
      EXPECT_EQ(world.count(operation), 2u);
    }
  }
}

TEST(Upload, AServerThatRefusesTheConditionIsAskedWithoutIt) {
  for (const int status : {400, 501}) {
    S3World world;
    world.server.script([&](const std::string&, uint64_t, const ServedRequest& request) {
      const bool refused = request.headers.contains("if-none-match");
      return refused ? std::optional(ScriptedFault{.status = status, .code = "NotImplemented"})
                     : std::nullopt;
    });
    world.put("a", as_bytes("x"));
    world.put("b", SeededRandom().bytes(30'000));
    EXPECT_EQ(world.count("PutObject"), 2u) << "refused once";
    EXPECT_EQ(world.count("CompleteMultipartUpload"), 1u) << "and remembered";
    EXPECT_EQ(world.server.objects().size(), 2u);
  }
}

TEST(Upload, ABadRequestIsNotTakenForARefusedCondition) {
  S3World world;
  world.fail("PutObject", 1, 2, {.status = 400, .code = "InvalidRequest"});
  EXPECT_THAT(error_text([&] { world.put("a", as_bytes("x")); }), HasSubstr("InvalidRequest"));
  EXPECT_TRUE(world.store->client().conditional_writes());
}

TEST(Upload, WhatTheServerStoredOtherwiseIsToldAndRemoved) {
  const std::string wrong = "\"00000000000000000000000000000000\"";
  struct Case {
    std::string operation;
    size_t size;
    ScriptedFault fault;
  };
  const std::string completed =
      "<CompleteMultipartUploadResult><ETag>&quot;00000000000000000000000000000000-3&quot;</ETag>"
      "</CompleteMultipartUploadResult>";
  for (const Case& each : {
           Case{"PutObject",
                100,
                {.status = 200, .headers = {{"ETag", wrong}}, .body = "", .after_effect = true}},
           Case{"UploadPart",
                30'000,
                {.status = 200, .headers = {{"ETag", wrong}}, .body = "", .after_effect = true}},
           Case{"CompleteMultipartUpload",
                30'000,
                {.status = 200, .body = completed, .after_effect = true}},
       }) {
    S3World world;
    world.fail(each.operation, 1, 1, each.fault);
    const std::string text = error_text([&] { world.put("a", SeededRandom().bytes(each.size)); });
    EXPECT_THAT(text, AllOf(HasSubstr("stored something else"), HasSubstr("hint: ")));
    EXPECT_TRUE(world.server.objects().empty()) << each.operation;
    EXPECT_EQ(world.server.uploads_in_progress(), 0u) << each.operation;
  }
}

TEST(Upload, AWrongSizeAfterCompleteIsToldAndRemoved) {
  S3World world;
  world.fail(
      "HeadObject", 2, 2,
      {.status = 200,
       .headers = {{"Content-Length", "29999"}, {"Last-Modified", "Thu, 07 May 2026 02:00:00 GMT"}},
       .body = ""});
  EXPECT_THAT(error_text([&] { world.put("a", SeededRandom().bytes(30'000)); }),
              HasSubstr("29999 bytes instead of 30000"));
  EXPECT_TRUE(world.server.objects().empty());
}

TEST(Upload, ETagsThatAreNoMd5AreNotCompared) {
  S3World world;
  const std::string other = "\"00000000000000000000000000000000\"";
  world.fail("PutObject", 1, 1,
             {.status = 200,
              .headers = {{"ETag", other}, {"x-amz-server-side-encryption", "aws:kms"}},
              .body = "",
              .after_effect = true});
  world.put("a", as_bytes("x"));
  world.fail(
      "PutObject", 1, 1,
      {.status = 200, .headers = {{"ETag", "\"v1-xyz\""}}, .body = "", .after_effect = true});
  world.put("b", as_bytes("x"));
  EXPECT_EQ(world.server.objects().size(), 2u);
}

TEST(Upload, AnErrorInsideA200OnCompleteIsAnError) {
  S3World world;
  world.fail("CompleteMultipartUpload", 1, UINT64_MAX, {.status = 200, .code = "InternalError"});
  EXPECT_THAT(error_text([&] { world.put("a", SeededRandom().bytes(30'000)); }),
              HasSubstr("InternalError"));
  EXPECT_TRUE(world.server.objects().empty());
  EXPECT_EQ(world.server.uploads_in_progress(), 0u);
}

TEST(Upload, AnUploadThatSomebodyAbortedIsToldApart) {
  S3World world;
  world.fail("CompleteMultipartUpload", 1, 1, {.status = 404, .code = "NoSuchUpload"});
  EXPECT_THAT(error_text([&] { world.put("a", SeededRandom().bytes(30'000)); }),
              AllOf(HasSubstr("NoSuchUpload"), HasSubstr("aborted it")));
}

TEST(Upload, TheBandwidthLimitIsSharedByTheWorkers) {
  class Watching final : public S3Transport {
   public:
    Watching(ScriptedS3& server, const S3Options& options, std::vector<uint64_t>& limits)
        : inner_(server, options), limits_(limits) {}
    S3Response send(const S3Request& request, Timestamp signing_time) override {
      {
        const std::lock_guard lock(mutex_);
        if (request.method == "PUT") limits_.push_back(request.upload_bytes_per_second);
      }
      return inner_.send(request, signing_time);
    }

   private:
    InProcessTransport inner_;
    std::mutex mutex_;
    std::vector<uint64_t>& limits_;
  };
  S3World world({}, [](S3Options& options) { options.upload_bytes_per_second = 3000; });
  std::vector<uint64_t> limits;
  world.store = std::make_unique<S3Store>(
      world.options, std::make_unique<Watching>(world.server, world.options, limits), world.clock,
      world.random);
  world.put("a", as_bytes("x"));
  world.put("b", SeededRandom().bytes(20'000));
  EXPECT_THAT(limits, ElementsAre(3000u, 1000u, 1000u));
}

}  // namespace
}  // namespace lifeboat::test
