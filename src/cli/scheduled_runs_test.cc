#include "cli/scheduled_runs.h"

#include <gtest/gtest.h>

#include "base/format.h"

namespace lifeboat::cli {
namespace {

std::string names(const Config& config) {
  std::string text;
  for (const ScheduledRun& run : scheduled_runs(config)) {
    text += format("{} [{}] {}\n", run.name, run.schedule, join(run.arguments, " "));
  }
  return text;
}

TEST(ScheduledRuns, AreJobsTheDrillAndWhatAFolderNeeds) {
  Config config;
  config.store = S3StoreConfig{};
  config.jobs = {{.name = "nightly", .schedule = "02:00", .services = {}, .hooks = {}},
                 {.name = "by-hand", .schedule = "manual", .services = {}, .hooks = {}},
                 {.name = "db", .schedule = "0 3 * * 0", .services = {}, .hooks = {}}};
  config.drill = DrillConfig{};
  EXPECT_EQ(names(config),
            "backup-nightly [02:00] backup nightly\nbackup-db [0 3 * * 0] backup db\n");
  config.drill->identity = "/root/key";
  config.store = DirStoreConfig{"/srv/backups"};
  EXPECT_EQ(names(config),
            "backup-nightly [02:00] backup nightly\nbackup-db [0 3 * * 0] backup db\n"
            "drill [weekly] drill\nprune [daily] prune\n");
}

}  // namespace
}  // namespace lifeboat::cli
