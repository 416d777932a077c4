// A run as a whole, with real files and real commands; the store is in memory.
#include "engine/backup.h"

#include <gmock/gmock.h>

#include "engine/engine_test_kit.h"
#include "snapshot/catalog.h"
#include "store/faulty_store.h"

namespace lifeboat::test {
namespace {

namespace fs = std::filesystem;

TEST(Backup, RoundTripsThroughStockTools) {
  EngineKit kit;
  const BackupResult result = kit.backup();
  EXPECT_FALSE(result.manifest.is_partial());
  EXPECT_EQ(result.id.text(), "vps-h1/2026-05-07");
  write_file(kit.folder / "a.age", kit.object(result.id.archive_key()));
  const Secret key = kit.identities.front().text();
  write_file(kit.folder / "key", key.reveal());
  const std::string at = kit.folder.path().native();
  shell_ok(format("cd {} && mkdir out && age -d -i key a.age | zstd -dq | tar -xp -C out", at));
  EXPECT_EQ(shell_ok(format("diff -r {0}/files {0}/out/files", at)), "");
  EXPECT_EQ(slurp(kit.folder / "out/dump/dump.txt"), "row 1\ndone\n");
  EXPECT_EQ(slurp(kit.folder / "out/lifeboat.yaml"), "host: vps-h1\n");
  const std::string first =
      shell_ok(format("cd {} && age -d -i key a.age | zstd -dq | tar -t | head -n 2", at));
  EXPECT_EQ(first, "RESTORE.md\nfacts.json\n");
  EXPECT_NE(slurp(kit.folder / "out/RESTORE.md").find("## files"), std::string::npos);
}

TEST(Backup, TellsWhatARecipeHasToSayEachTime) {
  EngineKit kit;
  const fs::path site = kit.folder / "caddy/certificates/ca/example.org";
  fs::create_directories(site);
  shell_ok(
      format("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 "
             "-subj /CN=x -keyout {0}/example.org.key -out {0}/example.org.crt 2>&1",
             site.native()));
  BackupService caddy;
  caddy.service = {"caddy", "caddy", {}};
  caddy.service.settings.set("path", (kit.folder / "caddy").native());
  const BackupResult result = kit.backup(kit.request({caddy, kit.files()}));
  EXPECT_THAT(kit.progress.notes,
              testing::Contains(testing::HasSubstr("; 1 certificate, the first ends 20")));
  const DrillResult drilled = kit.drill(result.id);
  EXPECT_EQ(drilled.verdict, DrillVerdict::ok);
  std::string told;
  for (const ProbeResult& probe : drilled.services.at(0).probes) told += probe.found + "\n";
  EXPECT_THAT(told, testing::HasSubstr("1 certificate, the first ends 20"));
}

TEST(Backup, AFailingServiceLeavesTheOthersSafe) {
  EngineKit kit;
  const auto request = kit.request(
      {kit.command("broken", "echo half a dump; echo no space >&2; exit 3"), kit.files()});
  const BackupResult result = kit.backup(request);
  ASSERT_TRUE(result.manifest.is_partial());
  const ManifestService& broken = result.manifest.services.at(0);
  EXPECT_FALSE(broken.ok);
  EXPECT_EQ(broken.members, 0u) << "a dump that failed never enters the archive";
  EXPECT_NE(broken.error.find("no space"), std::string::npos) << broken.error;
  EXPECT_TRUE(result.manifest.services.at(1).ok);
  EXPECT_NE(kit.cat(result.id, "FAILED.md").find("## broken"), std::string::npos);
  EXPECT_EQ(kit.cat(result.id, "files/notes/a.txt"), "first\n");
  EXPECT_EQ(kit.drill(result.id).verdict, DrillVerdict::partial);
  const RestoreResult restored = kit.restore(result.id, "back");
  ASSERT_EQ(restored.warnings.size(), 1u);
  EXPECT_NE(restored.warnings[0].find("broken"), std::string::npos);
}

TEST(Backup, AServiceThatFailsAfterAMemberIsMarkedAndNotRestored) {
  EngineKit kit;
  BackupService torn = kit.files();
  torn.service.name = "torn";
  // The file is there when the tree is listed and unreadable when its turn comes.
  write_file(kit.folder / "files/notes/z.bin", kit.random.bytes(3 << 20));
  bool broken = false;
  kit.progress.on_advance = [&] {
    if (broken) return;
    broken = true;
    fs::remove(kit.folder / "files/notes/z.bin");
    fs::create_directory_symlink("/nonexistent", kit.folder / "files/notes/z.bin");
  };
  const BackupResult result = kit.backup(kit.request({torn, kit.command("dump", "echo ok")}));
  // Whatever the recipe makes of it, what the manifest calls good must restore.
  for (const ManifestService& service : result.manifest.services) {
    if (service.ok) kit.restore(result.id, "back-" + service.name, {service.name});
  }
  EXPECT_NE(kit.drill(result.id).verdict, DrillVerdict::failed);
}

TEST(Backup, NoServiceSafeMeansNoSnapshot) {
  EngineKit kit;
  const std::string text =
      error_text([&] { kit.backup(kit.request({kit.command("a", "exit 1")})); });
  EXPECT_NE(text.find("back up service 'a'"), std::string::npos) << text;
  EXPECT_TRUE(kit.memory.list("").empty());
}

TEST(Backup, ASecondRunOnOneDayHasItsOwnKeys) {
  EngineKit kit;
  const BackupResult first = kit.backup();
  const Bytes before = kit.object(first.id.archive_key());
  kit.clock.advance(std::chrono::minutes(5));
  const BackupResult second = kit.backup();
  EXPECT_EQ(second.id.archive_key(), "vps-h1/2026-05-07/backup-020500.tar.zst.age");
  EXPECT_EQ(kit.object(first.id.archive_key()), before);
  EXPECT_EQ(resolve_snapshot(kit.store(), "latest", "").text(), second.id.text());
}

// Time stands still but for the waits.
TEST(Backup, ALimitOfTheProcessorMakesItWait) {
  EngineKit kit;
  write_file(kit.folder / "files/big", kit.random.bytes(8 << 20));
  EXPECT_EQ(kit.backup().duration, std::chrono::nanoseconds(0));
  BackupRequest request = kit.request();
  request.cpu_limit_percent = 1;
  EXPECT_GT(kit.backup(request).duration, std::chrono::milliseconds(1));
}

TEST(Backup, MakesASpoolFolderThatIsMissing) {
  EngineKit kit;
  fs::remove_all(kit.folder / "spool");
  kit.backup();
  EXPECT_EQ(fs::status(kit.folder / "spool").permissions(), fs::perms::owner_all);
}

TEST(Backup, AStopLeavesNoSnapshot) {
  EngineKit kit;
  write_file(kit.folder / "files/big", kit.random.bytes(4 << 20));
  kit.progress.on_advance = [&] { kit.stop.request_stop(); };
  EXPECT_THROW(kit.backup(), Interrupted);
  EXPECT_TRUE(kit.memory.list("").empty());
  EXPECT_TRUE(fs::is_empty(kit.folder / "spool"));
}

TEST(Backup, TwoRunsDoNotOverlap) {
  EngineKit kit;
  std::string second;
  kit.progress.on_advance = [&] {
    kit.progress.on_advance = {};
    second = error_text([&] { kit.backup(); });
  };
  kit.backup();
  EXPECT_NE(second.find(std::to_string(::getpid())), std::string::npos) << second;
}

// Hooks that write words into a file: the order in which they ran.
class HookLog {
 public:
  explicit HookLog(EngineKit& kit) : path_(kit.folder / "log") { write_file(path_, ""); }
  std::vector<std::string> word(const std::string& word) const {
    return {"bash", "-c", format("echo -n '{} ' >> {}", word, path_.native())};
  }
  Hooks words(const std::string& of) const {
    return {{word(of + "-before")}, {word(of + "-after")}, {word(of + "-error")}};
  }
  std::string text() const { return slurp(path_); }

 private:
  fs::path path_;
};

TEST(Backup, HooksRunAroundServicesAndTheirFailuresAreTold) {
  EngineKit kit;
  const HookLog log(kit);
  BackupRequest request = kit.request();
  request.hooks = log.words("job");
  request.services[0].hooks = {{log.word("before")}, {{"false"}}, {log.word("error")}};
  request.services[1].hooks = {{{"false"}}, {log.word("never")}, {log.word("error2")}};
  const BackupResult result = kit.backup(request);
  EXPECT_EQ(log.text(), "job-before before error2 job-after ");
  EXPECT_TRUE(result.manifest.services[0].ok);
  EXPECT_EQ(result.manifest.services[0].warnings.size(), 1u);
  EXPECT_FALSE(result.manifest.services[1].ok);
}

TEST(Backup, AFailingHookOfTheJobIsInItsResultOrItsError) {
  EngineKit kit;
  BackupRequest request = kit.request();
  request.hooks = {{}, {{"false"}}, {{"false"}}};
  const BackupResult result = kit.backup(request);
  ASSERT_EQ(result.warnings.size(), 1u);
  EXPECT_THAT(result.warnings[0], testing::HasSubstr("job 'nightly': run hook 'after'"));
  request.services = {kit.command("broken", "exit 1")};
  try {
    kit.backup(request);
    ADD_FAILURE() << "it passed";
  } catch (const Error& error) {
    EXPECT_THAT(error.hints(), testing::Contains(testing::HasSubstr("run hook 'on_error'")));
  }
}

TEST(Backup, WhatABeforeHookStoppedIsStartedAgainAfterAFailure) {
  EngineKit kit;
  const HookLog log(kit);
  BackupRequest request = kit.request({kit.files(), kit.command("broken", "exit 1")});
  request.services[1].hooks = log.words("broken");
  EXPECT_TRUE(kit.backup(request).manifest.is_partial());
  EXPECT_EQ(log.text(), "broken-before broken-after broken-error ");
}

TEST(Backup, WhatABeforeHookStoppedIsStartedAgainAfterAStop) {
  EngineKit kit;
  const HookLog log(kit);
  BackupRequest request = kit.request();
  request.hooks = log.words("job");
  request.services[0].hooks = log.words("files");
  kit.progress.on_advance = [&] { kit.stop.request_stop(); };
  EXPECT_THROW(kit.backup(request), Interrupted);
  EXPECT_EQ(log.text(), "job-before files-before files-after job-after ");
}

// Lets every operation of the store fail, one after another, until none is left: each time there is
// no snapshot, or one that restores. Only sweeping leftovers may fail without failing the run.
// Returns the number of failed runs.
size_t sweep_store_faults(bool after_effect) {
  size_t faults = 0;
  for (size_t fail_at = 1; fail_at < 500; ++fail_at) {
    EngineKit kit;
    FaultyStore faulty(kit.memory, {.operation = fail_at, .after_effect = after_effect});
    kit.use(faulty);
    bool passed = true;
    try {
      kit.backup();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::store) << error.what();
      passed = false;
      ++faults;
    }
    kit.use(kit.memory);
    const auto snapshots = list_snapshots(kit.memory, "");
    for (const SnapshotId& id : snapshots) {
      EXPECT_EQ(kit.drill(id).verdict, DrillVerdict::ok) << "fault " << fail_at;
    }
    if (passed || !after_effect) {
      EXPECT_EQ(snapshots.empty(), !passed) << "fault " << fail_at;
    }
    EXPECT_TRUE(fs::is_empty(kit.folder / "spool"));
    if (!faulty.has_failed()) return faults;
    if (passed) {
      EXPECT_THAT(kit.progress.notes, testing::Contains(testing::HasSubstr("was not removed")))
          << fail_at;
    }
  }
  ADD_FAILURE() << "the run never passed";
  return faults;
}

TEST(Backup, EveryStoreFaultLeavesNoSnapshot) {
  EXPECT_GE(sweep_store_faults(false), 6u) << "create, write, finish of archive, index, manifest";
}

TEST(Backup, EveryLostAnswerOfTheStoreLeavesNoSnapshotOrAGoodOne) {
  EXPECT_GE(sweep_store_faults(true), 6u);
}

}  // namespace
}  // namespace lifeboat::test
