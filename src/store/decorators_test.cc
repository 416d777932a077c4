#include <gmock/gmock.h>

#include "base/error.h"
#include "store/counting_store.h"
#include "store/faulty_store.h"
#include "store/memory_store.h"
#include "support/doubles.h"

namespace lifeboat::test {
namespace {

using testing::HasSubstr;

void put(Store& store, const std::string& key, std::string_view content) {
  const auto sink = store.create(key);
  sink->write(as_bytes(content));
  sink->finish();
}

TEST(CountingStore, CountsRequestsAndBytesThatReallyPassed) {
  MemoryStore inner;
  CountingStore store(inner);
  put(store, "a", "0123456789");
  Bytes block(3);
  const auto source = store.open("a", {.offset = 2});
  EXPECT_EQ(read_full(*source, block), 3u);
  store.stat("a");
  store.list("");
  store.list("a");
  store.copy("a", "b");
  store.remove("b");
  EXPECT_THROW(store.open("missing"), Error);
  const StoreCounts expected{.creates = 1,
                             .opens = 2,
                             .stats = 1,
                             .lists = 2,
                             .copies = 1,
                             .removes = 1,
                             .bytes_read = 3,
                             .bytes_written = 10};
  EXPECT_EQ(store.counts(), expected);
  EXPECT_EQ(store.counts().requests(), 8u);
  store.reset();
  EXPECT_EQ(store.counts(), StoreCounts{});
}

// What a run of all kinds of effects does to a store.
void use(Store& store) {
  put(store, "a", "0123456789");
  EXPECT_EQ(as_text(drain(*store.open("a"), 4)), "0123456789");
  store.stat("a");
  store.list("");
  store.copy("a", "b");
  store.remove("a");
}

TEST(FaultyStore, FailsEachOperationInTurnAndOnlyThat) {
  MemoryStore calm_inner;
  FaultyStore calm(calm_inner, {});
  use(calm);
  EXPECT_FALSE(calm.has_failed());
  EXPECT_EQ(calm.bytes(), 20u);
  EXPECT_EQ(calm.operations(), 13u) << "create, write, finish; open, 5 reads; stat, list, copy, "
                                       "remove";
  for (uint64_t operation = 1; operation <= calm.operations(); ++operation) {
    MemoryStore inner;
    FaultyStore store(inner, {.operation = operation});
    EXPECT_THAT(error_text([&] { use(store); }), HasSubstr("made to fail")) << operation;
    EXPECT_TRUE(store.has_failed());
    EXPECT_EQ(store.operations(), operation);
    EXPECT_EQ(inner.stat("a").has_value(), operation > 3) << operation;
  }
  MemoryStore inner;
  FaultyStore beyond(inner, {.operation = calm.operations() + 1});
  use(beyond);
  EXPECT_FALSE(beyond.has_failed());
}

TEST(FaultyStore, MayLoseOnlyTheAnswer) {
  MemoryStore inner;
  FaultyStore finish(inner, {.operation = 3, .after_effect = true});
  EXPECT_THROW(put(finish, "a", "x"), Error);
  EXPECT_TRUE(inner.stat("a")) << "the object is there, though finish failed";
  FaultyStore remove(inner, {.operation = 1, .after_effect = true});
  EXPECT_THROW(remove.remove("a"), Error);
  EXPECT_FALSE(inner.stat("a"));
  remove.remove("a");
}

TEST(FaultyStore, FailsAtTheByteOfAnyStream) {
  for (uint64_t byte = 1; byte <= 20; ++byte) {
    MemoryStore inner;
    FaultyStore store(inner, {.byte = byte});
    EXPECT_THAT(error_text([&] { use(store); }), HasSubstr("made to fail")) << byte;
    EXPECT_EQ(inner.stat("a").has_value(), byte > 10) << byte;
  }
  MemoryStore inner;
  FaultyStore beyond(inner, {.byte = 21});
  use(beyond);
  EXPECT_FALSE(beyond.has_failed());
}

}  // namespace
}  // namespace lifeboat::test
