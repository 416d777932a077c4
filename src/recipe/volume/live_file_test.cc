#include "recipe/volume/live_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "support/shell.h"

namespace lifeboat {
namespace {

using test::TempFolder;
using test::write_file;

LiveFile open_live(const std::filesystem::path& path) {
  LiveFile file{open_file(path, O_RDONLY), {}, path, path.filename().native(), 1};
  file.before = stat_fd(file.fd.get(), path.native());
  return file;
}

TEST(ReadSettled, ReadsAgainWhenTheFirstLookIsOutdated) {
  const TempFolder folder;
  write_file(folder / "x", "old");
  LiveFile file = open_live(folder / "x");
  write_file(folder / "x", "newer and longer");
  bool is_settled = false;
  EXPECT_EQ(as_text(read_settled(file, 100, is_settled)), "newer and longer");
  EXPECT_TRUE(is_settled);
  EXPECT_EQ(file.before.st_size, 16);
}

TEST(ReadSettled, StopsWhenTheFileOutgrewTheLimit) {
  const TempFolder folder;
  write_file(folder / "x", "old");
  LiveFile file = open_live(folder / "x");
  write_file(folder / "x", std::string(101, 'x'));
  bool is_settled = true;
  read_settled(file, 100, is_settled);
  EXPECT_FALSE(is_settled);
  EXPECT_EQ(file.before.st_size, 101) << "the caller sees that it is large now";
}

TEST(Feedback, CostlyFilesAreReadAgainOnce) {
  Feedback feedback;
  LiveFile file;
  file.relative = "x";
  file.before.st_size = 300 << 20;
  file.reads = 1;
  feedback.file_changed(file);
  EXPECT_EQ(feedback.changed.size(), 1u);
  file.reads = 2;
  feedback.file_changed(file);
  EXPECT_EQ(feedback.changed.size(), 1u);
  EXPECT_EQ(feedback.notes.list().size(), 1u);
}

TEST(Notes, AreBounded) {
  Notes notes;
  for (int note = 0; note < 150; ++note) notes.add("x");
  ASSERT_EQ(notes.list().size(), 101u);
  EXPECT_EQ(notes.list().back(), "and 50 more like these");
}

TEST(BeginsAsSqlite, NeedsTheWholeMagic) {
  const TempFolder folder;
  write_file(folder / "yes", std::string("SQLite format 3\0", 16));
  write_file(folder / "no", std::string("SQLite format 3"));
  EXPECT_TRUE(begins_as_sqlite(open_file(folder / "yes", O_RDONLY).get()));
  EXPECT_FALSE(begins_as_sqlite(open_file(folder / "no", O_RDONLY).get()));
}

}  // namespace
}  // namespace lifeboat
