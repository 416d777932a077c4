#include "engine/drill.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <set>

#include "base/json.h"
#include "engine/engine_test_kit.h"
#include "engine/scratch.h"
#include "engine/store_test_double.h"
#include "snapshot/catalog.h"
#include "support/n8n_sample.h"

namespace lifeboat::test {
namespace {

namespace fs = std::filesystem;

TEST(Drill, ProvesASnapshotAndKeepsTheEvidence) {
  EngineKit kit;
  const BackupResult backup = kit.backup();
  kit.clock.advance(std::chrono::hours(3));
  const DrillResult result = kit.drill(backup.id, true);
  EXPECT_EQ(result.verdict, DrillVerdict::ok);
  EXPECT_TRUE(drill_line(result).starts_with("RESTORE OK — ")) << drill_line(result);
  EXPECT_EQ(result.age, std::chrono::hours(3));
  for (const DrilledService& service : result.services) EXPECT_FALSE(service.probes.empty());
  EXPECT_EQ(result.evidence_key, "vps-h1/drills/2026-05-07.json");
  const Json evidence = parse_json(as_text(kit.object(result.evidence_key)), "evidence");
  EXPECT_EQ(evidence.at("archive_sha256"), backup.manifest.archive.sha256);
  EXPECT_EQ(evidence.at("result"), drill_line(result));
  EXPECT_TRUE(fs::is_empty(kit.folder / "scratch"));
  EXPECT_NE(kit.drill(backup.id, true).evidence_key, result.evidence_key);
}

TEST(Drill, TellsWhoseKeyOpenedTheSnapshot) {
  EngineKit kit;
  kit.identities.push_back(age::Identity::generate(kit.random));  // it opens nothing
  const std::string opener = kit.identities.front().recipient().text();
  const BackupResult backup = kit.backup();
  const DrillEvidence evidence =
      load_drill_evidence(kit.store(), kit.drill(backup.id, true).evidence_key);
  EXPECT_EQ(evidence.opened_by, std::vector{opener});
  kit.identities.pop_back();
  EXPECT_EQ(kit.drill(backup.id).opened_by, std::vector{opener});
}

TEST(Drill, EverySabotageIsCaughtAndTheStoreIsUntouched) {
  EngineKit kit;
  const BackupResult backup = kit.backup();
  const auto before = kit.object(backup.id.archive_key());
  Environment world = kit.environment();
  const auto outcomes = run_sabotage(kit.drill_request(backup.id), world);
  for (const SabotageOutcome& outcome : outcomes) {
    EXPECT_TRUE(outcome.caught) << outcome.service << ": " << outcome.name;
  }
  const auto has = [&](const std::string& name) {
    return std::any_of(outcomes.begin(), outcomes.end(),
                       [&](const SabotageOutcome& one) { return one.name == name; });
  };
  EXPECT_TRUE(has("flipped byte") && has("missing member") && has("wrong age key"));
  EXPECT_EQ(kit.object(backup.id.archive_key()), before);
  EXPECT_TRUE(fs::is_empty(kit.folder / "scratch"));
}

// Through the whole engine: what a recipe's own tests drive by hand is wired here as in a real run.
TEST(Drill, EverySabotageOfAnN8nIsCaughtByItsOwnProbes) {
  EngineKit kit;
  make_n8n_sample(kit.folder / "n8n", {.workflows = 3, .credentials = 2}, kit.random);
  BackupService n8n;
  n8n.service.name = "n8n";
  n8n.service.recipe = "n8n";
  n8n.service.settings.set("path", (kit.folder / "n8n").native());
  const BackupResult backup = kit.backup(kit.request({n8n}));
  const DrillResult drilled = kit.drill(backup.id);
  EXPECT_EQ(drill_line(drilled), "RESTORE OK — 3 workflows, 2 credentials");

  Environment world = kit.environment();
  size_t of_n8n = 0;
  for (const auto& outcome : run_sabotage(kit.drill_request(backup.id), world)) {
    EXPECT_TRUE(outcome.caught) << outcome.name;
    if (outcome.service != "n8n") continue;
    ++of_n8n;
    EXPECT_EQ(outcome.caught_by.find("on disk as the index says"), std::string::npos)
        << outcome.name << " was left to the index: " << outcome.caught_by;
  }
  EXPECT_GE(of_n8n, 4u);
}

TEST(Drill, ScratchGoesAlsoWhenTheDrillThrows) {
  EngineKit kit;
  const BackupResult backup = kit.backup();
  kit.store().remove(backup.id.index_key());
  EXPECT_THROW(kit.drill(backup.id), Error);
  EXPECT_TRUE(fs::is_empty(kit.folder / "scratch"));
}

TEST(Drill, SweepsWhatAKilledDrillLeftButNotALivingOne) {
  EngineKit kit;
  const fs::path dead = kit.folder / "scratch/lifeboat-drill-0011aabb";
  write_file(dead / "n8n/config", "plaintext");
  const Scratch living(kit.folder / "other", "lifeboat-drill-", kit.random);
  EXPECT_EQ(sweep_scratch(kit.folder / "other", "lifeboat-drill-"), 0u);
  EXPECT_TRUE(fs::exists(living.path()));
  kit.drill(kit.backup().id);
  EXPECT_FALSE(fs::exists(dead));
}

// Once the evidence is kept, this process can open nothing more.
class LastDescriptors final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  std::unique_ptr<Sink> create(const std::string& key, uint64_t size_estimate) override {
    rlimit descriptors{};
    ::getrlimit(RLIMIT_NOFILE, &descriptors);
    descriptors.rlim_cur = 0;
    ::setrlimit(RLIMIT_NOFILE, &descriptors);
    return ForwardingStore::create(key, size_estimate);
  }
};

TEST(Drill, SaysThatItsScratchIsLeft) {
  EngineKit kit;
  const BackupResult backup = kit.backup();
  LastDescriptors store(kit.memory);
  kit.use(store);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const DrillResult result = kit.drill(backup.id, true);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(result.verdict, DrillVerdict::ok);
  ASSERT_EQ(result.warnings.size(), 1u);
  EXPECT_THAT(result.warnings[0], testing::HasSubstr("restored data is left in scratch"));
  EXPECT_FALSE(fs::is_empty(kit.folder / "scratch"));
  EXPECT_TRUE(kit.drill(backup.id).warnings.empty()) << "without evidence";
  EXPECT_TRUE(fs::is_empty(kit.folder / "scratch"));
}

TEST(Drill, MeasuresTheRestoreApartFromTheQuestions) {
  EngineKit kit;
  const BackupResult backup = kit.backup();
  kit.progress.on_advance = [&] { kit.clock.advance(std::chrono::seconds(7)); };
  const DrillResult result = kit.drill(backup.id, true);
  EXPECT_GE(result.restore_duration, std::chrono::seconds(7));
  EXPECT_GE(result.duration, result.restore_duration);
  const Json evidence = parse_json(as_text(kit.object(result.evidence_key)), "evidence");
  EXPECT_EQ(evidence.at("restore_duration_seconds"),
            std::chrono::duration<double>(result.restore_duration).count());
}

TEST(Drill, TellsWhichServicesItDidNotStart) {
  EngineKit kit;
  const BackupResult backup = kit.backup();
  DrillRequest request = kit.drill_request(backup.id);
  EXPECT_EQ(kit.drill(backup.id).services.at(0).not_started, "");
  request.keep_evidence = true;
  request.engine = DrillEngine::host;
  Environment world = kit.environment();
  const DrillResult result = run_drill(request, world);
  EXPECT_EQ(result.verdict, DrillVerdict::ok);
  EXPECT_EQ(result.services.at(0).not_started, "the recipe 'volume' has no such proof");
  const Json evidence = parse_json(as_text(kit.object(result.evidence_key)), "evidence");
  EXPECT_EQ(evidence.at("engine"), "host");
  EXPECT_EQ(evidence.at("services").at(0).at("not_started"), result.services.at(0).not_started);
  EXPECT_TRUE(fs::is_empty(kit.folder / "scratch"));
}

TEST(Drill, WithContainersNeedsAnEngineAndSaysSoBeforeItRestores) {
  EngineKit kit;
  const BackupResult backup = kit.backup();
  DrillRequest request = kit.drill_request(backup.id);
  request.engine = DrillEngine::docker;
  Environment world = kit.environment();
  EXPECT_NE(error_text([&] { run_drill(request, world); }).find("none.sock"), std::string::npos);
}

// Of whole snapshots, dailies and monthlies, each is drawn at some time and a partial one never.
TEST(Drill, ARandomSnapshotIsAnyWholeOne) {
  EngineKit kit;
  BackupRequest request = kit.request();
  request.monthly_months = 12;
  std::set<std::string> whole{kit.backup(request).id.text(), "vps-h1/monthly/2026-05"};
  kit.clock.advance(std::chrono::hours(24));
  EXPECT_TRUE(kit.backup(kit.request({kit.files(), EngineKit::command("bad", "exit 1")}))
                  .manifest.is_partial());
  kit.clock.advance(std::chrono::hours(24 * 30));
  whole.insert(kit.backup(request).id.text());
  whole.insert("vps-h1/monthly/2026-06");
  std::set<std::string> drawn;
  for (int draw = 0; draw < 100; ++draw) {
    drawn.insert(random_snapshot(kit.store(), "", kit.trust, kit.random).text());
  }
  EXPECT_EQ(drawn, whole);
  EXPECT_EQ(oldest_monthly(kit.store(), "vps-h1").text(), "vps-h1/monthly/2026-05");
}

TEST(Drill, APartialSnapshotIsDrawnOnlyWhereThereIsNoOther) {
  EngineKit kit;
  const BackupResult partial =
      kit.backup(kit.request({kit.files(), EngineKit::command("bad", "exit 1")}));
  EXPECT_EQ(random_snapshot(kit.store(), "", kit.trust, kit.random), partial.id);
  EXPECT_NE(error_text([&] { oldest_monthly(kit.store(), ""); }).find("there is none"),
            std::string::npos);
}

TEST(Drill, HasALimitOnDisk) {
  EngineKit kit;
  const BackupResult backup = kit.backup();
  Environment world = kit.environment();
  DrillRequest request = kit.drill_request(backup.id);
  request.scratch_bytes_max = 1000;
  try {
    run_drill(request, world);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::limit) << error.what();
  }
  EXPECT_TRUE(fs::is_empty(kit.folder / "scratch"));
}

}  // namespace
}  // namespace lifeboat::test
