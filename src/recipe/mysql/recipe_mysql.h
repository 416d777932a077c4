// MariaDB and MySQL: every database as its own dump, the accounts beside them.
#pragma once

#include <memory>
#include <string>

#include "recipe/mysql/backup.h"
#include "recipe/recipe.h"

namespace lifeboat {

std::unique_ptr<Recipe> make_mysql_recipe();

// The members of a backup, one after another.
class MysqlPlan final : public ServicePlan {
 public:
  explicit MysqlPlan(MysqlBackup backup) : backup_(std::move(backup)) {}
  const Facts& facts() const override { return backup_.facts; }
  uint64_t size_estimate() const override { return backup_.bytes; }
  std::optional<Member> next() override;
  std::vector<std::string> warnings() const override { return backup_.warnings; }

 private:
  MysqlBackup backup_;
};

// The steps that bring databases and accounts back, Markdown.
std::string mysql_restore_steps(const Service& service, const Facts& facts);

}  // namespace lifeboat
