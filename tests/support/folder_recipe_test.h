// What the tests of recipes that protect a folder share: a folder "live", the recipe driven over
// it, and its probes.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/format.h"
#include "support/doubles.h"
#include "support/recipe_drive.h"
#include "support/shell.h"

namespace lifeboat::test {

template <typename ClockKind>
class FolderRecipeTest : public testing::Test {
 protected:
  FolderRecipeTest(std::unique_ptr<Recipe> recipe, const std::string& service)
      : recipe_(std::move(recipe)), service_{service, recipe_->info().name, {}} {
    service_.settings.set("path", (folder_ / "live").native());
  }

  RestoredService backup() {
    const std::filesystem::path target = folder_ / format("restored-{}", ++count_);
    std::filesystem::create_directory(target);
    made_ = drive_backup(*recipe_, service_, context_, target);
    return {service_.name, target, made_.facts};
  }
  std::vector<std::string> failed(const RestoredService& restored) {
    return failed_probes(recipe_->probe(restored, context_));
  }

  const std::unique_ptr<Recipe> recipe_;
  ClockKind clock_;
  SeededRandom random_;
  TempFolder folder_;
  // With an engine's socket where there is none, whatever the machine has.
  RecipeContext context_{clock_,         random_,           {},
                         folder_.path(), folder_ / "state", folder_ / "no-engine.sock"};
  Service service_;
  DrivenBackup made_;

 private:
  int count_ = 0;
};

}  // namespace lifeboat::test
