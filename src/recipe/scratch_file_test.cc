#include "recipe/scratch_file.h"

#include <gmock/gmock.h>

#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

constexpr size_t block = 1 << 20;  // what ScratchFile encrypts at a time

TEST(ScratchFile, ReadsBackAtAnyOffsetWhatWasAppendedInAnySteps) {
  const test::TempFolder folder;
  test::SeededRandom random;
  for (const size_t size : {size_t{0}, size_t{1}, block - 1, block, block + 1, 3 * block + 7}) {
    const Bytes plain = random.bytes(size);
    const auto file = std::make_shared<ScratchFile>(folder.path(), random);
    EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << "it has no name";
    for (size_t at = 0; at < size;) {
      const size_t step = std::min<size_t>(1 + random.below(2 * block), size - at);
      file->append(ByteView(plain).subspan(at, step));
      at += step;
    }
    ASSERT_EQ(file->size(), size);
    AccessSource source(file);
    EXPECT_EQ(test::drain(source, 0), plain);
    for (int piece = 0; piece < 20 && size > 0; ++piece) {
      const size_t at = random.below(size);
      Bytes read(random.below(size - at) + 1);
      file->read_at(at, read);
      EXPECT_TRUE(std::equal(read.begin(), read.end(), plain.begin() + static_cast<long>(at)));
    }
    Bytes beyond(1);
    EXPECT_THROW(file->read_at(size, beyond), Bug);
  }
}

}  // namespace
}  // namespace lifeboat
