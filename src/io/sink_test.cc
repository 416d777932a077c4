#include "io/sink.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "io/pipeline.h"
#include "support/doubles.h"

namespace lifeboat::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Bytes some = to_bytes("some");

TEST(Sink, RefusesUseAfterFinish) {
  MemorySink sink;
  sink.write(some);
  sink.finish();
  EXPECT_TRUE(sink.is_finished());
  EXPECT_EQ(sink.text(), "some");
  EXPECT_THROW(sink.write(some), Bug);
  EXPECT_THROW(sink.write({}), Bug);
  EXPECT_THROW(sink.finish(), Bug);
}

TEST(Sink, FailureIsSticky) {
  FailingSink sink(2);
  sink.write(some);
  EXPECT_THAT(error_text([&] { sink.write(some); }), HasSubstr("write test sink"));
  EXPECT_THAT(error_text([&] { sink.write(some); }), HasSubstr("write test sink"));
  EXPECT_THAT(error_text([&] { sink.finish(); }), HasSubstr("write test sink"));
  EXPECT_EQ(sink.writes(), 2u) << "nothing reached it after the failure";
  EXPECT_FALSE(sink.is_finished());
}

TEST(Sink, FailedFinishIsSticky) {
  FailingSink sink(0);
  EXPECT_THAT(error_text([&] { sink.finish(); }), HasSubstr("finish test sink"));
  EXPECT_THAT(error_text([&] { sink.finish(); }), HasSubstr("finish test sink"));
  EXPECT_FALSE(sink.is_finished());
}

TEST(Tap, SumsWhatPasses) {
  MemorySink target;
  TapSink tap(target);
  EXPECT_THROW(tap.summary(), Bug) << "not before the end";
  tap.write(some);
  EXPECT_EQ(tap.bytes_so_far(), 4u);
  tap.write(to_bytes("thing"));
  tap.finish();
  EXPECT_EQ(target.text(), "something");
  EXPECT_FALSE(target.is_finished()) << "a sink finishes only itself";
  // printf something | sha256sum
  const std::string hash = "3fc9b689459d738f8c88a3a48aa9e33542016b7a4052e001aaa536fca74813cb";
  EXPECT_EQ(tap.summary(), (StreamSummary{9, hash}));

  MemorySource source("something");
  TapSource reading(source);
  EXPECT_THROW(reading.summary(), Bug);
  EXPECT_EQ(as_text(drain(reading, 2)), "something");
  EXPECT_TRUE(reading.at_end());
  EXPECT_EQ(reading.summary(), tap.summary());
}

TEST(Tap, DoesNotCountWhatWasRefused) {
  FailingSink target(2);
  TapSink tap(target);
  tap.write(some);
  EXPECT_THROW(tap.write(some), Error);
  EXPECT_EQ(tap.bytes_so_far(), 4u);
}

// Tells the order in which the members of a chain end.
class EndingSink final : public Sink {
 public:
  EndingSink(std::string name, std::vector<std::string>& told, bool fails = false)
      : name_(std::move(name)), told_(told), fails_(fails) {}
  ~EndingSink() override { told_.push_back((is_finished() ? "end " : "abandon ") + name_); }

 private:
  void do_write(ByteView) override {}
  void do_finish() override {
    told_.push_back("finish " + name_);
    if (fails_) throw Error(ErrorKind::store, "made to fail");
  }

  std::string name_;
  std::vector<std::string>& told_;
  bool fails_;
};

TEST(Pipeline, FinishesFromTheOutermostInwards) {
  std::vector<std::string> told;
  {
    Pipeline pipeline;
    pipeline.emplace<EndingSink>("inner", told);
    auto& outer = pipeline.emplace<EndingSink>("outer", told);
    EXPECT_EQ(&pipeline.outermost(), &outer);
    pipeline.finish();
  }
  EXPECT_THAT(told, ElementsAre("finish outer", "finish inner", "end outer", "end inner"));
}

TEST(Pipeline, AFailureAbandonsWhatIsFurtherIn) {
  std::vector<std::string> told;
  {
    Pipeline pipeline;
    pipeline.emplace<EndingSink>("inner", told);
    pipeline.emplace<EndingSink>("outer", told, true);
    EXPECT_THROW(pipeline.finish(), Error);
  }
  EXPECT_THAT(told, ElementsAre("finish outer", "abandon outer", "abandon inner"));
}

TEST(Pump, MovesEverythingAndTellsProgress) {
  const Bytes content = SeededRandom().bytes(700000);
  SteppedSource source(content, 0);
  MemorySink target;
  uint64_t told = 0;
  EXPECT_EQ(pump(source, target, {}, [&](uint64_t bytes) { told += bytes; }), content.size());
  EXPECT_TRUE(target.bytes() == content);
  EXPECT_EQ(told, content.size());
  EXPECT_FALSE(target.is_finished());
}

TEST(Pump, StopsWhenAsked) {
  StopSource stop;
  ZeroSource endless(UINT64_MAX);
  NullSink target;
  uint64_t blocks = 0;
  EXPECT_THROW(pump(endless, target, stop.token(),
                    [&](uint64_t) {
                      if (++blocks == 3) stop.request_stop();
                    }),
               Interrupted);
  EXPECT_EQ(blocks, 3u);
}

TEST(Pump, PassesFailuresOfBothEnds) {
  const Bytes content = SeededRandom().bytes(1000);
  SteppedSource failing(content, 100);
  failing.fail_at(500);
  MemorySink target;
  EXPECT_THAT(error_text([&] { pump(failing, target); }), HasSubstr("read test source"));
  EXPECT_EQ(target.bytes().size(), 500u);
  SteppedSource source(content, 100);
  FailingSink refusing(3);
  EXPECT_THAT(error_text([&] { pump(source, refusing); }), HasSubstr("write test sink"));
}

}  // namespace
}  // namespace lifeboat::test
