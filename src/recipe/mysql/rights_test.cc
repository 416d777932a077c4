#include "recipe/mysql/rights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lifeboat {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> unseen(const std::vector<std::string>& lines,
                                MysqlFamily family = MysqlFamily::mariadb) {
  std::vector<std::vector<std::string>> rows;
  for (const std::string& line : lines) rows.push_back({line});
  return unseen_objects(rows, "my_app", family);
}

TEST(MysqlRights, TellWhatAUserCannotSee) {
  EXPECT_THAT(unseen({"GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION"}),
              IsEmpty());
  EXPECT_THAT(unseen({"GRANT SELECT, LOCK TABLES, SHOW VIEW, EVENT, TRIGGER ON *.* TO `b`@`%` "
                      "IDENTIFIED BY PASSWORD '*A,TRIGGER'"}),
              IsEmpty());
  EXPECT_THAT(unseen({"GRANT USAGE ON *.* TO `a`@`%`", "GRANT SELECT ON `my_app`.* TO `a`@`%`"}),
              ElementsAre(HasSubstr("Triggers of database 'my_app'"), HasSubstr("Routines of")));
  EXPECT_THAT(unseen({"GRANT ALL PRIVILEGES ON `my\\_app`.* TO `a`@`%`"}), IsEmpty());
  EXPECT_THAT(unseen({"GRANT ALL PRIVILEGES ON `my%`.* TO `a`@`%`"}), IsEmpty());
  EXPECT_THAT(unseen({"GRANT ALL PRIVILEGES ON `other`.* TO `a`@`%`"}), testing::SizeIs(2));
  EXPECT_THAT(unseen({"GRANT ALL PRIVILEGES ON `my_app`.`t` TO `a`@`%`"}), testing::SizeIs(2));
  EXPECT_THAT(unseen({"GRANT SELECT, TRIGGER ON `my_app`.* TO `a`@`%`",
                      "GRANT SELECT ON `mysql`.`proc` TO `a`@`%`"}),
              IsEmpty());
  EXPECT_THAT(unseen({"GRANT `reader` TO `a`@`%`"}), testing::SizeIs(2));
  EXPECT_THAT(unseen({"GRANT `reader`@`%` TO `a`@`%`"}, MysqlFamily::mysql), IsEmpty())
      << "its rights are not shown";
}

}  // namespace
}  // namespace lifeboat
