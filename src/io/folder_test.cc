#include "io/folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ListFolder, IsSortedAndNothingWhereThereIsNoFolder) {
  const test::TempFolder folder;
  test::write_file(folder / "b", "");
  test::write_file(folder / "a", "");
  EXPECT_THAT(list_folder(folder.path(), ErrorKind::store),
              ElementsAre(folder / "a", folder / "b"));
  EXPECT_THAT(list_folder(folder / "none", ErrorKind::store), ElementsAre());
}

TEST(ListFolder, WhatCannotBeListedIsAnErrorOfTheKindAsked) {
  const test::TempFolder folder;
  test::write_file(folder / "file", "");
  try {
    list_folder(folder / "file", ErrorKind::store);
    FAIL() << "a file was listed";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::store);
    EXPECT_THAT(error.what(), HasSubstr("list folder '"));
  }
}

}  // namespace
}  // namespace lifeboat
