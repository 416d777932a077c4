// A real MariaDB of the host's programs for tests, each with a server of its own.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "recipe/mysql/recipe_mysql.h"
#include "recipe/mysql/scratch_server.h"
#include "support/doubles.h"
#include "support/recipe_drive.h"
#include "support/shell.h"

namespace lifeboat::test {

// Databases `app` and `odd/na me` with a view, a trigger, a function, an event and accounts.
extern const char* const mysql_sample_sql;
// Database `shop`: tables alone, with a foreign key.
extern const char* const mysql_plain_sql;

// Skips by name where MariaDB is not installed.
class MysqlTest : public testing::Test {
 protected:
  MysqlTest() : MysqlTest(make_mysql_recipe(), "mysql") {}
  MysqlTest(std::unique_ptr<Recipe> recipe, const std::string& name)
      : recipe_(std::move(recipe)), service_{"db", name, {}} {}

  void SetUp() override;
  // Runs SQL as root with the stock client; rows as it prints them.
  std::string sql(const std::string& text) const;
  std::string client() const;
  // As docs/recipes/mysql.md says, word by word.
  void use_backup_user();
  RestoredService backup();
  // What and the hints of the failure of a backup.
  std::string backup_error();
  std::vector<std::string> failed(const RestoredService& restored);

  const std::unique_ptr<Recipe> recipe_;
  SystemClock clock_;
  SeededRandom random_;
  TempFolder folder_;
  TempFolder live_folder_;
  RecipeContext context_{clock_, random_, {}, folder_.path()};
  Service service_;
  std::unique_ptr<ScratchMysqlServer> live_;
  DrivenBackup driven_;
};

}  // namespace lifeboat::test
