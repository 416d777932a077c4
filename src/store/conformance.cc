#include "store/conformance.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <thread>

#include "base/error.h"
#include "base/format.h"
#include "io/pipeline.h"
#include "support/doubles.h"

namespace lifeboat::test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

void StoreConformance::put(const std::string& key, std::string_view content) {
  const auto sink = store().create(key);
  sink->write(as_bytes(content));
  sink->finish();
}

std::string StoreConformance::get(const std::string& key, ByteRange range) {
  const auto source = store().open(key, range);
  return std::string(as_text(drain(*source)));
}

std::vector<std::string> StoreConformance::keys(std::string_view prefix) {
  std::vector<std::string> found;
  for (const ObjectInfo& info : store().list(prefix)) found.push_back(info.key);
  return found;
}

namespace {

bool is_store_error(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.kind() == ErrorKind::store;
  }
  return false;
}

TEST_P(StoreConformance, GivesBackWhatWasFinished) {
  put("host/2026-05-07/backup.tar", "some content");
  EXPECT_EQ(get("host/2026-05-07/backup.tar"), "some content");
  EXPECT_THAT(keys(), ElementsAre("host/2026-05-07/backup.tar"));
}

TEST_P(StoreConformance, ShowsNothingBeforeFinish) {
  const auto sink = store().create("a/b");
  sink->write(as_bytes("content"));
  EXPECT_FALSE(store().stat("a/b"));
  EXPECT_THAT(keys(), IsEmpty());
  EXPECT_TRUE(is_store_error([&] { store().open("a/b"); }));
  sink->finish();
  EXPECT_EQ(get("a/b"), "content");
}

TEST_P(StoreConformance, AbandonedLeavesNothing) {
  {
    const auto sink = store().create("a/b/c");
    sink->write(SeededRandom().bytes(100000));
  }
  EXPECT_FALSE(store().stat("a/b/c"));
  EXPECT_THAT(keys(), IsEmpty());
  put("a/b/c", "second try");
  EXPECT_EQ(get("a/b/c"), "second try");
}

TEST_P(StoreConformance, StreamThatFailsMidwayLeavesNothing) {
  EXPECT_THROW(
      {
        const auto sink = store().create("a/b");
        SteppedSource source(SeededRandom().bytes(300000), 1000);
        pump(source.fail_at(123456), *sink);
        sink->finish();
      },
      Error);
  EXPECT_FALSE(store().stat("a/b"));
  EXPECT_THAT(keys(), IsEmpty());
}

TEST_P(StoreConformance, RefusesToOverwriteAndKeepsTheOld) {
  put("a/b", "old");
  EXPECT_TRUE(is_store_error([&] { put("a/b", "new content"); }));
  EXPECT_EQ(get("a/b"), "old");
}

TEST_P(StoreConformance, RefusesAKeyThatWasTakenMeanwhile) {
  if (!refuses_overwrite()) GTEST_SKIP() << "the store cannot refuse by itself";
  const auto late = store().create("a/b");
  late->write(as_bytes("late"));
  put("a/b", "first");
  EXPECT_THAT(error_text([&] { late->finish(); }), HasSubstr("exists"));
  EXPECT_EQ(get("a/b"), "first");
}

TEST_P(StoreConformance, OfWritersOfOneKeyExactlyOneWins) {
  if (!refuses_overwrite()) GTEST_SKIP() << "the store cannot refuse by itself";
  for (int round = 0; round < 20; ++round) {
    const std::string key = format("race/{}/object", round);
    std::array<bool, 3> won{};
    std::vector<std::thread> writers;
    for (size_t writer = 0; writer < won.size(); ++writer) {
      writers.emplace_back([&, writer] {
        won[writer] = !is_store_error([&] { put(key, format("writer {}", writer)); });
      });
    }
    for (std::thread& writer : writers) writer.join();
    ASSERT_EQ(std::count(won.begin(), won.end(), true), 1) << "round " << round;
    const auto winner = std::find(won.begin(), won.end(), true) - won.begin();
    EXPECT_EQ(get(key), format("writer {}", winner));
  }
}

TEST_P(StoreConformance, WritersInOneFolderDoNotDisturbEachOther) {
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 3; ++writer) {
    writers.emplace_back([&, writer] {
      for (int round = 0; round < 30; ++round) {
        { const auto abandoned = store().create(format("h/d/abandoned-{}", writer)); }
        put(format("h/d{}/kept-{}", round, writer), "x");
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(keys("h/").size(), 90u);
}

TEST_P(StoreConformance, ReadsRanges) {
  put("a", "0123456789");
  EXPECT_EQ(get("a", {.offset = 0, .size = 3}), "012");
  EXPECT_EQ(get("a", {.offset = 4, .size = 2}), "45");
  EXPECT_EQ(get("a", {.offset = 7}), "789");
  EXPECT_EQ(get("a", {.offset = 9, .size = 1}), "9");
  EXPECT_EQ(get("a", {.offset = 8, .size = 100}), "89") << "beyond the end is the end";
  EXPECT_EQ(get("a", {.offset = 3, .size = 0}), "");
  EXPECT_EQ(get("a", {.offset = 10, .size = 5}), "");
  EXPECT_TRUE(is_store_error([&] { get("a", {.offset = 11, .size = 1}); }));
  EXPECT_TRUE(is_store_error([&] { get("a", {.offset = UINT64_MAX}); }));
}

TEST_P(StoreConformance, KeepsSizesFromNothingToManyBlocks) {
  SeededRandom random;
  for (const size_t size : {size_t{0}, size_t{1}, size_t{65535}, size_t{65537}, size_t{5 << 20}}) {
    const std::string key = format("sizes/{}", size);
    const Bytes content = random.bytes(size);
    SteppedSource source(content, 0);
    const auto sink = store().create(key);
    pump(source, *sink);
    sink->finish();
    EXPECT_EQ(store().stat(key).value().size, size);
    EXPECT_TRUE(drain(*store().open(key), 0) == content) << size;
  }
}

TEST_P(StoreConformance, MissingObjectIsAnErrorWithAHint) {
  EXPECT_FALSE(store().stat("no/such"));
  const std::string text = error_text([&] { store().open("no/such"); });
  EXPECT_THAT(text, HasSubstr("no/such"));
  EXPECT_THAT(text, HasSubstr("hint: "));
  EXPECT_TRUE(is_store_error([&] { store().open("no/such"); }));
  put("a/b/c", "x");
  EXPECT_FALSE(store().stat("a/b")) << "a folder is no object";
  EXPECT_TRUE(is_store_error([&] { store().open("a/b"); }));
}

TEST_P(StoreConformance, StatAgreesWithList) {
  put("a", "12345");
  const ObjectInfo info = store().stat("a").value();
  EXPECT_EQ(info.key, "a");
  EXPECT_EQ(info.size, 5u);
  const auto listed = store().list("");
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0].key, info.key);
  EXPECT_EQ(listed[0].size, info.size);
  EXPECT_EQ(listed[0].modified, info.modified);
}

TEST_P(StoreConformance, ListsByAnyPrefixSortedBytewise) {
  for (const char* key : {"h1/b", "h1/a/x", "h1/a.b", "h1/a-c", "h10/a", "h2/a", "Z", "_", "0"}) {
    put(key, key);
  }
  EXPECT_THAT(keys(),
              ElementsAre("0", "Z", "_", "h1/a-c", "h1/a.b", "h1/a/x", "h1/b", "h10/a", "h2/a"));
  EXPECT_THAT(keys("h1/"), ElementsAre("h1/a-c", "h1/a.b", "h1/a/x", "h1/b"));
  EXPECT_THAT(keys("h1"), ElementsAre("h1/a-c", "h1/a.b", "h1/a/x", "h1/b", "h10/a"));
  EXPECT_THAT(keys("h1/a"), ElementsAre("h1/a-c", "h1/a.b", "h1/a/x"));
  EXPECT_THAT(keys("h1/a/x"), ElementsAre("h1/a/x"));
  EXPECT_THAT(keys("h1/a/x/"), IsEmpty());
  EXPECT_THAT(keys("nothing"), IsEmpty());
  EXPECT_THAT(keys("/"), IsEmpty());
  EXPECT_THAT(keys("../"), IsEmpty());
}

TEST_P(StoreConformance, ListsThreeThousandObjects) {
  constexpr int count = 3000;  // three pages of S3
  std::vector<std::string> expected;
  for (int index = 0; index < count; ++index) {
    expected.push_back(format("host/{:03}/{}", index % 7, index));
  }
  std::vector<std::thread> writers;
  for (size_t writer = 0; writer < 4; ++writer) {
    writers.emplace_back([&, writer] {
      for (size_t index = writer; index < expected.size(); index += 4) put(expected[index], "");
    });
  }
  for (std::thread& writer : writers) writer.join();
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(keys("host/"), expected);
}

TEST_P(StoreConformance, Copies) {
  const Bytes content = SeededRandom().bytes(200000);
  put("h/2026-05-07/backup", as_text(content));
  store().copy("h/2026-05-07/backup", "h/monthly/2026-05/backup");
  EXPECT_TRUE(get("h/monthly/2026-05/backup") == as_text(content));
  EXPECT_TRUE(get("h/2026-05-07/backup") == as_text(content));
  put("empty", "");
  store().copy("empty", "empty-copy");
  EXPECT_EQ(store().stat("empty-copy").value().size, 0u);
}

TEST_P(StoreConformance, CopyRefusesATakenTargetAndAMissingSource) {
  put("a", "source");
  put("b", "target");
  EXPECT_TRUE(is_store_error([&] { store().copy("a", "b"); }));
  EXPECT_EQ(get("b"), "target");
  EXPECT_TRUE(is_store_error([&] { store().copy("missing", "c/d"); }));
  EXPECT_THAT(keys(), ElementsAre("a", "b"));
}

TEST_P(StoreConformance, RemoveIsIdempotent) {
  if (!store().traits().can_remove) GTEST_SKIP() << "the store does not remove";
  put("a/b/c", "x");
  put("a/d", "y");
  store().remove("a/b/c");
  store().remove("a/b/c");
  store().remove("never/there");
  store().remove("a/d/below-an-object");
  EXPECT_THAT(keys(), ElementsAre("a/d"));
  store().remove("a");
  EXPECT_EQ(get("a/d"), "y") << "removing a folder's name removes nothing";
  put("a/b/c", "again");
  EXPECT_EQ(get("a/b/c"), "again");
}

TEST_P(StoreConformance, AnOpenObjectSurvivesItsRemoval) {
  if (!store().traits().can_remove) GTEST_SKIP() << "the store does not remove";
  put("a", "content");
  const auto source = store().open("a");
  store().remove("a");
  Bytes block(100);
  size_t got = 0;
  try {
    got = read_full(*source, block);
  } catch (const Error&) {
    return;  // an error is as good; a short or other content is not
  }
  EXPECT_EQ(as_text(ByteView(block).first(got)), "content");
}

TEST_P(StoreConformance, TakesEveryAllowedKey) {
  const std::string all = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._=-";
  const std::string segment(200, 'x');
  const std::string longest = segment + "/" + segment + "/" + segment + "/" + segment + "/" +
                              segment + "/" + std::string(1024 - 5 * 201, 'y');
  for (const std::string& key : {all, "a/" + all + "/b", std::string("-"), std::string("="),
                                 std::string("a..b/c."), longest}) {
    put(key, key);
    EXPECT_EQ(get(key), key);
  }
  EXPECT_EQ(keys().size(), 6u);
}

TEST_P(StoreConformance, RefusesOtherKeysAsBugs) {
  for (const char* key : {"", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "a/.b", ".a", "a b",
                          "a+b", "a\\b", "a\nb", "\xc3\xa9", "a%20b", "a:b", "~"}) {
    EXPECT_THROW(store().create(key), Bug) << key;
    EXPECT_THROW(store().open(key), Bug) << key;
    EXPECT_THROW(store().stat(key), Bug) << key;
    EXPECT_THROW(store().remove(key), Bug) << key;
    EXPECT_THROW(store().copy("a", key), Bug) << key;
    EXPECT_THROW(store().copy(key, "b"), Bug) << key;
  }
  EXPECT_THROW(store().create(std::string(1025, 'a')), Bug);
  EXPECT_THAT(keys(), IsEmpty());
}

TEST_P(StoreConformance, ObjectAccessReadsExactRanges) {
  put("a", "0123456789");
  ObjectAccess access(store(), "a");
  EXPECT_EQ(access.size(), 10u);
  Bytes block(4);
  access.read_at(6, block);
  EXPECT_EQ(as_text(block), "6789");
  access.read_at(10, {});
  EXPECT_THAT(error_text([&] { access.read_at(7, block); }), HasSubstr("only 10 bytes"));
  EXPECT_THAT(error_text([&] { access.read_at(UINT64_MAX, block); }), HasSubstr("only 10 bytes"));
  EXPECT_THAT(error_text([&] { ObjectAccess(store(), "b"); }), HasSubstr("no such object"));
}

}  // namespace
}  // namespace lifeboat::test
