#include "codec/gzip/gzip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

using testing::HasSubstr;

Bytes compress(ByteView plain, size_t step) {
  MemorySink collected;
  gzip::CompressSink sink(collected, 6);
  for (size_t at = 0; at < plain.size(); at += step) {
    sink.write(plain.subspan(at, std::min(step, plain.size() - at)));
  }
  sink.finish();
  return collected.take();
}

std::string decompress(ByteView stored) {
  MemorySource source{Bytes(stored.begin(), stored.end())};
  gzip::DecompressSource plain(source);
  return std::string(as_text(test::drain(plain)));
}

std::string sample(size_t size) {
  std::string text;
  for (size_t at = 0; text.size() < size; ++at) text += std::to_string(at * at) + "\n";
  text.resize(size);
  return text;
}

TEST(Gzip, ComesBackWhateverTheSteps) {
  for (const size_t size : {0U, 1U, 131071U, 131072U, 131073U, 1000000U}) {
    const std::string text = sample(size);
    for (const size_t step : {1000U, 131072U, 5000000U}) {
      EXPECT_EQ(decompress(compress(as_bytes(text), step)), text) << size << " " << step;
    }
  }
}

TEST(Gzip, IsReadByGunzipAndReadsGzip) {
  const test::TempFolder folder;
  const std::string text = sample(300000);
  test::write_file(folder / "ours.gz", compress(as_bytes(text), 7777));
  EXPECT_EQ(test::shell_ok("gunzip -c " + (folder / "ours.gz").native()), text);
  test::write_file(folder / "theirs", text);
  test::shell_ok("gzip " + (folder / "theirs").native());
  EXPECT_EQ(decompress(as_bytes(test::slurp(folder / "theirs.gz"))), text);
}

TEST(Gzip, EveryShorterAndEveryFlippedStreamIsRefused) {
  const Bytes stored = compress(as_bytes("some text, some text, some more text"), 100);
  for (size_t size = 0; size < stored.size(); ++size) {
    EXPECT_THROW(decompress(ByteView(stored).first(size)), Error) << size;
  }
  // Behind the ten bytes of the header, whose flags and times say nothing of the content.
  for (size_t at = 10; at < stored.size(); ++at) {
    Bytes damaged = stored;
    damaged[at] ^= std::byte{1};
    EXPECT_THROW(decompress(damaged), Error) << at;
  }
  Bytes longer = stored;
  longer.push_back(std::byte{0});
  EXPECT_THAT(test::error_text([&] { decompress(longer); }), HasSubstr("behind its end"));
}

TEST(Gzip, AFailingTargetIsTold) {
  struct Broken final : Sink {
    void do_write(ByteView) override { throw Error(ErrorKind::limit, "full"); }
    void do_finish() override {}
  } broken;
  gzip::CompressSink sink(broken, 6);
  const auto use = [&] {
    sink.write(as_bytes("x"));
    sink.finish();
  };
  EXPECT_THROW(use(), Error);
}

}  // namespace
}  // namespace lifeboat
