#include "store/s3/download.h"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <set>
#include <thread>

#include "store/s3/s3_test_kit.h"

namespace lifeboat::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Wire = ServedResponse::Wire;

// A world with one object "a", and what its server was asked for.
struct DownloadWorld : S3World {
  explicit DownloadWorld(size_t size, const std::function<void(S3Options&)>& change = {})
      : S3World({}, change), content(SeededRandom(size).bytes(size)) {
    server.put_object("a", std::string(as_text(content)));
    watch({});
  }
  // Records the ranges of GETs and lets `script` decide about the k-th of them.
  using Decide = std::function<std::optional<ScriptedFault>(size_t get)>;
  void watch(Decide decide) {
    server.script([this, decide](const std::string& operation, uint64_t,
                                 const ServedRequest& request) -> std::optional<ScriptedFault> {
      if (operation != "GetObject") return std::nullopt;
      ranges.push_back(request.headers.at("range"));
      conditional += request.headers.contains("if-match") ? 1 : 0;
      return decide ? decide(ranges.size()) : std::nullopt;
    });
  }
  bool reads(ByteRange range) {
    const Bytes got = drain(*store->open("a", range), 0);
    const uint64_t size = std::min<uint64_t>(range.size, content.size() - range.offset);
    const ByteView expected = ByteView(content).subspan(range.offset, size);
    return std::equal(got.begin(), got.end(), expected.begin(), expected.end());
  }

  Bytes content;
  std::vector<std::string> ranges;
  size_t conditional = 0;
};

TEST(Download, AsksForExactlyTheRangeUpToABlock) {
  DownloadWorld world(50'000);
  EXPECT_TRUE(world.reads({.offset = 100, .size = 1}));
  EXPECT_TRUE(world.reads({.offset = 20'000, .size = 7'000}));
  EXPECT_TRUE(world.reads({.offset = 49'990, .size = 500}));
  EXPECT_THAT(world.ranges, ElementsAre("bytes=100-100", "bytes=20000-26999", "bytes=49990-50489"));
  EXPECT_EQ(world.count("HeadObject"), 0u);
}

TEST(Download, LongerRangesComeInBlocksOfOneState) {
  for (const size_t size : {size_t{7'001}, size_t{14'000}, size_t{14'001}, size_t{200'003}}) {
    DownloadWorld world(size);
    EXPECT_TRUE(world.reads({}));
    EXPECT_TRUE(world.reads({.offset = 1}));
    EXPECT_TRUE(world.reads({.offset = 6'999, .size = size - 7'000}));
    EXPECT_EQ(world.ranges[0], "bytes=0-6999");
    EXPECT_EQ(world.conditional, world.ranges.size() - 3) << "all but the first of each";
  }
}

TEST(Download, TheEndsOfObjects) {
  DownloadWorld world(7'000);
  EXPECT_TRUE(world.reads({}));
  EXPECT_TRUE(world.reads({.offset = 7'000}));
  EXPECT_TRUE(world.reads({.offset = 7'000, .size = 0}));
  EXPECT_TRUE(world.reads({.offset = 5, .size = 0}));
  for (const uint64_t offset : {uint64_t{7'001}, UINT64_MAX - 1, UINT64_MAX}) {
    EXPECT_THAT(error_text([&] { world.store->open("a", {.offset = offset}); }),
                HasSubstr("only 7000 bytes"));
    EXPECT_THROW(world.store->open("a", {.offset = offset, .size = 0}), Error);
  }
  world.server.put_object("empty", "");
  EXPECT_THAT(drain(*world.store->open("empty")), IsEmpty());
  EXPECT_THROW(world.store->open("missing", {.offset = 0, .size = 0}), Error);
}

TEST(Download, NothingIsFetchedAheadBeforeTheFirstBlockIsUsedUp) {
  DownloadWorld world(50'000);
  const auto source = world.store->open("a");
  Bytes block(7'000);
  EXPECT_EQ(read_full(*source, block), 7'000u);
  EXPECT_EQ(world.count("GetObject"), 1u);
}

TEST(Download, ABrokenTransferGoesOnWhereItBroke) {
  DownloadWorld world(7'000);
  world.watch([](size_t get) -> std::optional<ScriptedFault> {
    if (get > 3) return std::nullopt;
    return ScriptedFault{.wire = Wire::drop_at_byte, .wire_byte = 1'000};
  });
  EXPECT_TRUE(world.reads({}));
  EXPECT_THAT(world.ranges,
              ElementsAre("bytes=0-6999", "bytes=1000-6999", "bytes=2000-6999", "bytes=3000-6999"));
}

TEST(Download, BlocksFetchedAheadGoOnAsWell) {
  DownloadWorld world(100'000);
  world.watch([](size_t get) -> std::optional<ScriptedFault> {
    if (get % 2 == 1) return std::nullopt;
    return ScriptedFault{.wire = Wire::drop_at_byte, .wire_byte = 500};
  });
  EXPECT_TRUE(world.reads({}));
  const std::set<std::string> different(world.ranges.begin(), world.ranges.end());
  EXPECT_EQ(different.size(), world.ranges.size()) << "nothing was asked for twice";
  EXPECT_GT(world.ranges.size(), 22u);
}

TEST(Download, AnAnswerThatBreaksAfterItsLastByteIsNoFailure) {
  for (const size_t size : {size_t{5'000}, size_t{7'000}, size_t{14'000}}) {
    DownloadWorld world(size);
    world.watch([&](size_t get) -> std::optional<ScriptedFault> {
      if (get % 3 != 1) return std::nullopt;
      return ScriptedFault{.wire = Wire::drop_at_byte, .wire_byte = size};
    });
    EXPECT_TRUE(world.reads({})) << size;
  }
}

TEST(Download, TriesAreBounded) {
  DownloadWorld world(7'000);
  world.watch([](size_t) { return ScriptedFault{.wire = Wire::drop_before}; });
  EXPECT_THAT(error_text([&] { world.store->open("a"); }), HasSubstr("broke"));
  EXPECT_EQ(world.ranges.size(), world.options.retry.attempts_max);
}

TEST(Download, AFailureOfALaterBlockComesInItsPlaceAndStays) {
  DownloadWorld world(30'000);
  world.watch([](size_t get) -> std::optional<ScriptedFault> {
    if (get == 1) return std::nullopt;
    return ScriptedFault{.status = 403, .code = "AccessDenied"};
  });
  const auto source = world.store->open("a");
  Bytes block(7'000);
  EXPECT_EQ(read_full(*source, block), 7'000u);
  EXPECT_THAT(error_text([&] { source->read(block); }), HasSubstr("s3:GetObject"));
  EXPECT_THAT(error_text([&] { source->read(block); }), HasSubstr("s3:GetObject"));
}

TEST(Download, AnObjectThatChangedIsAnError) {
  DownloadWorld world(30'000);
  const auto source = world.store->open("a");
  world.server.put_object("a", std::string(30'000, 'x'));
  EXPECT_THAT(error_text([&] { drain(*source); }), AllOf(HasSubstr("changed"), HasSubstr("hint")));
}

TEST(Download, AnObjectThatShrankOrVanishedIsAnError) {
  for (const bool vanishes : {true, false}) {
    DownloadWorld world(30'000);
    const auto source = world.store->open("a");
    world.store->remove("a");
    if (!vanishes) world.server.put_object("a", "x");
    EXPECT_THROW(drain(*source), Error);
  }
}

TEST(Download, AnAnswerWithoutRangesIsTakenOnlyWhole) {
  for (const auto& [offset, size, works] :
       {std::tuple(0, 7'000, true), std::tuple(0, 10, false), std::tuple(1, 10, false)}) {
    DownloadWorld world(5'000);
    const std::string whole(as_text(world.content));
    world.watch([&](size_t) {
      return ScriptedFault{.status = 200, .headers = {{"ETag", "\"x\""}}, .body = whole};
    });
    const ByteRange range{static_cast<uint64_t>(offset), static_cast<uint64_t>(size)};
    if (works) {
      EXPECT_TRUE(world.reads(range));
    } else {
      EXPECT_THROW(world.store->open("a", range), Error) << offset;
    }
  }
}

TEST(Download, AnswersThatLieAboutTheirRangeAreRefused) {
  for (const char* range : {"", "bytes 0-9", "bytes 1-9/5000", "bytes 0-9/9", "bytes 9-0/5000",
                            "bytes 0-9/x", "bytes 0-9/50 ", "items 0-9/5000"}) {
    DownloadWorld world(5'000);
    world.watch([&](size_t) {
      return ScriptedFault{
          .status = 206, .headers = {{"Content-Range", range}}, .body = "0123456789"};
    });
    EXPECT_THAT(error_text([&] { world.store->open("a", {.offset = 0, .size = 10}); }),
                HasSubstr("another range"))
        << range;
  }
}

TEST(Download, AnAnswerThatIsTooShortIsAskedForAgain) {
  DownloadWorld world(5'000);
  world.watch([&](size_t get) -> std::optional<ScriptedFault> {
    if (get > 1) return std::nullopt;
    return ScriptedFault{.status = 206,
                         .headers = {{"Content-Range", "bytes 0-9/5000"}},
                         .body = std::string(as_text(ByteView(world.content).first(4)))};
  });
  EXPECT_TRUE(world.reads({.offset = 0, .size = 10}));
  EXPECT_THAT(world.ranges, ElementsAre("bytes=0-9", "bytes=4-9"));
}

// A transport whose second and later answers never come unless they are stopped.
class StuckReads final : public S3Transport {
 public:
  StuckReads(ScriptedS3& server, const S3Options& options) : inner_(server, options) {}
  S3Response send(const S3Request& request, Timestamp signing_time) override {
    if (++sent_ == 1) return inner_.send(request, signing_time);
    for (;;) {
      request.stop.throw_if_stopped();
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

 private:
  InProcessTransport inner_;
  std::atomic<int> sent_ = 0;
};

TEST(Download, AStopWakesTheReaderAndDestructionCutsTheTransfers) {
  DownloadWorld world(50'000);
  S3Store store(world.options, std::make_unique<StuckReads>(world.server, world.options),
                world.clock, world.random, world.stop.token());
  const auto begin = std::chrono::steady_clock::now();
  std::thread stopper;
  {
    const auto source = store.open("a");
    stopper = std::thread([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      world.stop.request_stop();
    });
    EXPECT_THROW(drain(*source), Interrupted);
  }
  stopper.join();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
}

}  // namespace
}  // namespace lifeboat::test
