#include "io/fd.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <array>

#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat::test {
namespace {

using testing::HasSubstr;

TEST(Fd, IsOwnedOnceAndClosed) {
  TempFolder folder;
  write_file(folder / "f", "x");
  UniqueFd first = open_file(folder / "f", O_RDONLY);
  const int number = first.get();
  EXPECT_NE(::fcntl(number, F_GETFD) & FD_CLOEXEC, 0);
  UniqueFd second = std::move(first);
  EXPECT_FALSE(first);
  EXPECT_EQ(second.get(), number);
  second = UniqueFd();
  EXPECT_EQ(::fcntl(number, F_GETFD), -1) << "closed";
}

TEST(Fd, ErrorsNameTheFile) {
  TempFolder folder;
  EXPECT_THAT(error_text([&] { open_file(folder / "missing", O_RDONLY); }),
              HasSubstr("missing': no such file or directory"));
  FdSource not_a_file(open_file(folder.path(), O_RDONLY), "the folder");
  Bytes block(10);
  EXPECT_THAT(error_text([&] { not_a_file.read(block); }),
              HasSubstr("read 'the folder': is a directory"));
  EXPECT_THAT(error_text([&] { write_fd(-1, as_bytes("x"), "nothing", ErrorKind::limit); }),
              HasSubstr("write 'nothing': bad file descriptor"));
  EXPECT_THAT(error_text([&] { stat_fd(-1, "nothing"); }), HasSubstr("stat 'nothing'"));
}

TEST(Fd, FullDiskIsTold) {
  const UniqueFd full = open_file("/dev/full", O_WRONLY);
  FdSink sink(full.get(), "/dev/full");
  EXPECT_THAT(error_text([&] { sink.write(as_bytes("x")); }), HasSubstr("no space left"));
  EXPECT_THAT(error_text([&] { sink.finish(); }), HasSubstr("no space left")) << "sticky";
}

TEST(Fd, MovesBytesThroughAFile) {
  TempFolder folder;
  const Bytes content = SeededRandom().bytes(300000);
  {
    const UniqueFd fd = open_file(folder / "f", O_WRONLY | O_CREAT, 0600);
    FdSink sink(fd.get(), "f");
    sink.write(content);
    sink.finish();
  }
  FdSource source(open_file(folder / "f", O_RDONLY), "f");
  EXPECT_TRUE(drain(source, 0) == content);
}

TEST(Fd, ReadsPipesThatComeInPieces) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  UniqueFd writer(ends[1]);
  FdSource source(UniqueFd(ends[0]), "pipe");
  Bytes block(100);
  write_fd(writer.get(), as_bytes("one"), "pipe", ErrorKind::service);
  EXPECT_EQ(source.read(block), 3u);
  write_fd(writer.get(), as_bytes("three"), "pipe", ErrorKind::service);
  EXPECT_EQ(source.read(block), 5u);
  writer.reset();
  EXPECT_EQ(source.read(block), 0u);
  EXPECT_EQ(source.read(block), 0u);
}

TEST(Fd, FileAccessReadsAnywhereWithinTheFile) {
  TempFolder folder;
  write_file(folder / "f", "0123456789");
  FileAccess access(open_file(folder / "f", O_RDONLY), "f", ErrorKind::store);
  EXPECT_EQ(access.size(), 10u);
  Bytes block(4);
  access.read_at(6, block);
  EXPECT_EQ(as_text(block), "6789");
  EXPECT_THAT(error_text([&] { access.read_at(7, block); }), HasSubstr("read 'f' at 10: it ends"));
  EXPECT_THROW(access.read_at(UINT64_MAX, block), Error);
}

}  // namespace
}  // namespace lifeboat::test
