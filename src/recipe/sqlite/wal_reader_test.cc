#include "recipe/sqlite/wal_reader.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "recipe/sqlite/sqlite.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

using test::error_text;

// A log with a few commits, and what SQLite says of the database it belongs to.
struct Sample {
  explicit Sample(uint32_t page_size) {
    const test::TempFolder folder;
    SqliteDatabase database(folder / "db", SqliteOpen::write);
    database.exec("PRAGMA page_size = " + std::to_string(page_size) +
                  "; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0");
    database.exec("CREATE TABLE t(x)");
    for (int row = 0; row < 8; ++row) {
      database.exec("INSERT INTO t VALUES(zeroblob(" + std::to_string(300 * row) + "))");
    }
    pages = static_cast<uint32_t>(database.query_integer("PRAGMA page_count"));
    wal = to_bytes(test::slurp(folder / "db-wal"));
  }
  uint32_t pages = 0;
  Bytes wal;
};

WalIndex parse(Bytes bytes, uint64_t frame_max = UINT32_MAX) {
  MemoryAccess access(std::move(bytes));
  return read_wal(access, frame_max);
}

TEST(WalReader, ReadsWhatSqliteWrote) {
  for (const uint32_t page_size : {512u, 4096u, 65536u}) {
    const Sample sample(page_size);
    const WalIndex index = parse(sample.wal);
    EXPECT_EQ(index.page_size, page_size);
    EXPECT_EQ(index.database_pages, sample.pages);
    EXPECT_EQ(index.frame_count, (sample.wal.size() - 32) / (24 + page_size));
    ASSERT_EQ(index.pages.size(), sample.pages) << "every page was written through the log";
    EXPECT_EQ(index.pages.front().page, 1u);
    EXPECT_EQ(index.find(sample.pages), index.pages.back().frame);
    EXPECT_EQ(index.find(sample.pages + 1), std::nullopt);
    EXPECT_EQ(index.find(0), std::nullopt);
  }
}

TEST(WalReader, AnEmptyOrHeaderOnlyLogHoldsNothing) {
  EXPECT_EQ(parse({}).frame_count, 0u);
  EXPECT_EQ(parse(Bytes(31)).frame_count, 0u);
  Bytes header = Sample(512).wal;
  header.resize(32);
  EXPECT_EQ(parse(header).frame_count, 0u);
  EXPECT_TRUE(parse(header).pages.empty());
}

TEST(WalReader, EveryPrefixEndsAtACommitBeforeTheCut) {
  const Sample sample(512);
  const WalIndex whole = parse(sample.wal);
  uint32_t last = 0;
  for (size_t size = 32; size <= sample.wal.size(); ++size) {
    const WalIndex index =
        parse(Bytes(sample.wal.begin(), sample.wal.begin() + static_cast<long>(size)));
    EXPECT_GE(index.frame_count, last);
    EXPECT_LE(index.frame_offset(index.frame_count + 1), size);
    for (const WalPage& entry : index.pages) EXPECT_LE(entry.frame, index.frame_count);
    last = index.frame_count;
  }
  EXPECT_EQ(last, whole.frame_count);
  EXPECT_EQ(parse(sample.wal, last - 1).frame_count < last, true);
}

TEST(WalReader, EveryFlippedBitEndsTheLogOrIsRefused) {
  const Sample sample(512);
  const WalIndex whole = parse(sample.wal);
  test::SeededRandom random;
  for (size_t at = 0; at < sample.wal.size(); at += at < 64 ? 1 : 1 + random.below(40)) {
    Bytes damaged = sample.wal;
    damaged[at] ^= std::byte{1} << static_cast<int>(random.below(8));
    if (at < 32) {
      EXPECT_THAT(error_text([&] { parse(damaged); }), testing::HasSubstr("header is damaged"));
      continue;
    }
    const uint64_t frame = (at - 32) / (24 + 512) + 1;
    EXPECT_LT(parse(damaged).frame_count, frame) << "byte " << at;
    EXPECT_LT(parse(damaged).frame_count, whole.frame_count);
  }
}

TEST(WalReader, OnlyTheNewestFrameOfAPageCounts) {
  const Sample sample(4096);
  const WalIndex index = parse(sample.wal);
  std::vector<uint32_t> newest(sample.pages + 1);
  for (uint32_t frame = 1; frame <= index.frame_count; ++frame) {
    const auto low = std::to_integer<uint32_t>(sample.wal[index.frame_offset(frame) + 3]);
    newest[low] = frame;
  }
  for (const WalPage& entry : index.pages) EXPECT_EQ(entry.frame, newest[entry.page]);
}

}  // namespace
}  // namespace lifeboat
