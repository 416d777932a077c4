#include "io/source.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "support/doubles.h"

namespace lifeboat::test {
namespace {

using testing::HasSubstr;

TEST(Source, MemoryGivesAllThenTheEnd) {
  const Bytes content = SeededRandom().bytes(100001);
  for (const size_t step : {size_t{1}, size_t{4096}, size_t{0}, size_t{200000}}) {
    MemorySource source(content);
    EXPECT_TRUE(drain(source, step) == content) << step;
  }
  MemorySource empty(std::string_view{});
  EXPECT_TRUE(drain(empty).empty());
}

TEST(Source, ZerosAreCounted) {
  ZeroSource source(100001);
  EXPECT_TRUE(drain(source, 0) == Bytes(100001));
}

TEST(Source, ReadFullFillsAcrossSmallReads) {
  const Bytes content = SeededRandom().bytes(1000);
  SteppedSource source(content, 7);
  Bytes target(600);
  EXPECT_EQ(read_full(source, target), 600u);
  EXPECT_TRUE(std::equal(target.begin(), target.end(), content.begin()));
  EXPECT_EQ(read_full(source, target), 400u) << "the end";
  EXPECT_EQ(read_full(source, target), 0u);
  EXPECT_EQ(read_full(source, {}), 0u);
}

TEST(Source, ReadAllIsBounded) {
  const Bytes content = SeededRandom().bytes(1000);
  SteppedSource fits(content, 0);
  EXPECT_TRUE(read_all(fits, 1000, "x") == content);
  SteppedSource larger(content, 0);
  EXPECT_THAT(error_text([&] { read_all(larger, 999, "the test"); }),
              HasSubstr("read the test: it is larger than 999 B"));
  SteppedSource failing(content, 100);
  failing.fail_at(500);
  EXPECT_THAT(error_text([&] { read_all(failing, 1000, "x"); }), HasSubstr("made to fail"));
}

TEST(Source, MemoryAccessChecksItsBounds) {
  MemoryAccess access(to_bytes("0123456789"));
  Bytes target(3);
  access.read_at(7, target);
  EXPECT_EQ(as_text(target), "789");
  access.read_at(10, {});
  for (const uint64_t offset : {uint64_t{8}, uint64_t{11}, UINT64_MAX, UINT64_MAX - 2}) {
    EXPECT_THAT(error_text([&] { access.read_at(offset, target); }), HasSubstr("only 10 bytes"));
  }
}

}  // namespace
}  // namespace lifeboat::test
