// What the tests of recipes that dump PostgreSQL share: a real server each, the recipe driven over
// it, and its probes.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/format.h"
#include "recipe/postgres/postgres_test_kit.h"
#include "support/doubles.h"
#include "support/recipe_drive.h"
#include "support/shell.h"

namespace lifeboat::test {

// Skips by name where there can be no server.
class PostgresTest : public testing::Test {
 protected:
  PostgresTest(std::unique_ptr<Recipe> recipe, const std::string& service, std::string hba = "")
      : recipe_(std::move(recipe)),
        service_{service, recipe_->info().name, {}},
        hba_(std::move(hba)) {}

  void SetUp() override {
    if (const std::string reason = PostgresServer::why_not(); !reason.empty()) {
      GTEST_SKIP() << "skipped: " << reason;
    }
    server_ = std::make_unique<PostgresServer>("postgres", hba_);
    service_.settings.set("socket", server_->socket().native());
    service_.settings.set("user", std::string("postgres"));
    fill();
  }
  // Makes what the server of each test holds.
  virtual void fill() {}

  RestoredService backup(const std::filesystem::path& folder) {
    backup_ = drive_backup(*recipe_, service_, context_, folder);
    return {service_.name, folder, backup_.facts};
  }
  std::vector<std::string> failed(const RestoredService& restored) {
    return failed_probes(recipe_->probe(restored, context_));
  }
  // A copy that may be damaged.
  RestoredService copied(RestoredService restored) {
    const std::filesystem::path copy = folder_ / format("damaged-{}", ++copies_);
    std::filesystem::copy(restored.directory, copy, std::filesystem::copy_options::recursive);
    restored.directory = copy;
    return restored;
  }
  // Without a container, in a folder of its own.
  std::vector<ProbeResult> prove(const RestoredService& restored) {
    why_not_.clear();
    const TempFolder ground_folder;
    ProvingGround ground{nullptr, ground_folder.path()};
    return recipe_->prove(restored, ground, context_, why_not_);
  }
  uint64_t count(std::string_view item) const {
    const Item* found = backup_.facts.find(item);
    return found == nullptr ? 0 : found->count;
  }

  const std::unique_ptr<Recipe> recipe_;
  SystemClock clock_;
  SeededRandom random_;
  RecipeContext context_{clock_, random_, {}, "/tmp"};
  Service service_;
  TempFolder folder_;
  std::unique_ptr<PostgresServer> server_;
  DrivenBackup backup_;
  std::string why_not_;  // of prove()

 private:
  std::string hba_;
  int copies_ = 0;
};

}  // namespace lifeboat::test
