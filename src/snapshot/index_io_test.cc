#include "snapshot/index_io.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "base/error.h"
#include "base/format.h"
#include "store/counting_store.h"
#include "store/memory_store.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat::test {
namespace {

using testing::HasSubstr;

class IndexIo : public testing::Test {
 protected:
  // Spools and uploads an index of `count` members; what the manifest says of it is in `manifest_`.
  void upload(uint64_t count) {
    const std::vector<age::Recipient> recipients{identities_[0].recipient(),
                                                 age::Identity::generate(random_).recipient()};
    IndexSpool spool(folder_.path(), manifest_.archive_key, recipients, random_);
    for (uint64_t number = 0; number < count; ++number) spool.add(member(number));
    spool.finish({count,
                  {(count + 1) * 512, std::string(64, 'a')},
                  {1, std::string(64, 'b')},
                  {{static_cast<uint32_t>((count + 1) * 512), 1}}});
    EXPECT_TRUE(std::filesystem::is_empty(folder_.path())) << "the spool has no name";
    manifest_.index = spool.upload(store_, manifest_.index_key);
  }
  IndexMember member(uint64_t number) {
    IndexMember made;
    made.meta.path = format("n8n/{}", random_hex(random_, 20));
    made.offset = number * 512;
    made.end = made.offset + 512;
    return made;
  }
  uint64_t count_members() {
    const auto source = open_index(store_, manifest_, identities_);
    IndexReader reader(*source);
    EXPECT_EQ(reader.archive_key(), manifest_.archive_key);
    uint64_t members = 0;
    while (reader.next()) ++members;
    return members;
  }
  Bytes stored() { return drain(*store_.open(manifest_.index_key)); }
  void replace(ByteView content) {
    store_.remove(manifest_.index_key);
    const auto sink = store_.create(manifest_.index_key);
    sink->write(content);
    sink->finish();
  }
  bool is_refused() {
    try {
      count_members();
    } catch (const Error&) {
      return true;
    }
    return false;
  }

  TempFolder folder_;
  SeededRandom random_;
  MemoryStore store_;
  std::vector<age::Identity> identities_{age::Identity::generate(random_)};
  Manifest manifest_ = [] {
    Manifest manifest;
    manifest.archive_key = "h/2026-05-07/backup.tar.zst.age";
    manifest.index_key = "h/2026-05-07/backup.index.age";
    return manifest;
  }();
};

TEST_F(IndexIo, ComesBackFromTheStore) {
  for (const uint64_t count : {0, 1, 5000}) {
    store_.remove(manifest_.index_key);
    upload(count);
    EXPECT_EQ(count_members(), count);
    EXPECT_EQ(manifest_.index.bytes, stored().size());
  }
}

TEST_F(IndexIo, StockToolsReadIt) {
  upload(100);
  write_file(folder_ / "index.age", stored());
  write_file(folder_ / "key", identities_[0].text().reveal());
  const std::string text =
      shell_ok(format("cd '{}' && age -d -i key index.age | zstd -d", folder_.path().native()));
  EXPECT_TRUE(text.starts_with(R"({"format":1,"archive":"h/2026-05-07/backup.tar.zst.age"})"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 102);
}

TEST_F(IndexIo, IsReadInOneRequest) {
  upload(5000);
  CountingStore counting(store_);
  NullSink target;
  pump(*open_index(counting, manifest_, identities_), target);
  EXPECT_EQ(counting.counts(), (StoreCounts{.opens = 1, .bytes_read = manifest_.index.bytes}));
}

TEST_F(IndexIo, WrongKeyIsACryptoError) {
  upload(1);
  identities_ = {age::Identity::generate(random_)};
  try {
    count_members();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::crypto);
    EXPECT_THAT(error.what(), HasSubstr("read index 'h/2026-05-07/backup.index.age'"));
  }
}

TEST_F(IndexIo, EveryPrefixAndEveryFlippedBitIsRefused) {
  upload(1);
  const Bytes whole = stored();
  for (size_t size = 0; size < whole.size(); ++size) {
    replace(ByteView(whole).first(size));
    ASSERT_TRUE(is_refused()) << size;
  }
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Bytes damaged = whole;
    damaged[bit / 8] ^= std::byte{1} << (bit % 8);
    replace(damaged);
    ASSERT_TRUE(is_refused()) << "bit " << bit;
  }
  replace(whole);
  EXPECT_EQ(count_members(), 1u);
}

// age proves that nobody changed it, not that it is the index of this snapshot.
TEST_F(IndexIo, AnotherIndexIsNotTheManifests) {
  upload(3);
  const StreamSummary first = manifest_.index;
  store_.remove(manifest_.index_key);
  upload(3);
  manifest_.index = first;
  EXPECT_THAT(error_text([&] { count_members(); }), HasSubstr("is not the manifest's"));
}

TEST_F(IndexIo, FullSpoolDiskIsALimit) {
  const auto small = folder_ / "small";
  std::filesystem::create_directory(small);
  if (shell(format("mount -t tmpfs -o size=64k none '{}'", small.native())).status != 0) {
    GTEST_SKIP() << "cannot mount a small tmpfs here";
  }
  {
    const std::vector<age::Recipient> recipients{identities_[0].recipient()};
    IndexSpool spool(small, manifest_.archive_key, recipients, random_);
    const std::string text = error_text([&] {
      for (uint64_t number = 0; number < 20000; ++number) spool.add(member(number));
    });
    EXPECT_THAT(text, HasSubstr("write 'index spool in "));
    EXPECT_THAT(text, HasSubstr("hint: Free some space"));
  }
  shell_ok(format("umount '{}'", small.native()));
}

}  // namespace
}  // namespace lifeboat::test
