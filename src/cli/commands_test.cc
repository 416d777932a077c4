// The way of a snapshot through the commands: made, listed, read, restored, drilled, damaged.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "base/format.h"
#include "cli/app_test_fixture.h"

namespace lifeboat::cli {
namespace {

namespace fs = std::filesystem;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Commands : public AppFixture {
 protected:
  void SetUp() override {
    ASSERT_EQ(run({"keygen", "-o", path("key.txt")}).code, 0);
    fs::create_directories(folder_ / "live/deep");
    fs::create_directories(folder_ / "store");
    test::write_file(path("live/a.txt"), "hello\n");
    test::write_file(path("live/deep/blob"), random_text());
    write_config("");
  }

  std::string random_text() { return to_string(test::SeededRandom(7).bytes(50000)); }
  static std::string to_string(const Bytes& bytes) { return std::string(as_text(bytes)); }

  // `more` goes below services.
  void write_config(const std::string& more) {
    const std::string second = more.empty() ? "" : ", second";
    test::write_file(path("lifeboat.yaml"), format("host: vps-h1\n"
                                                   "store: {{dir: store}}\n"
                                                   "encryption: {{recipients: [{}]}}\n"
                                                   "services:\n"
                                                   "  files: {{recipe: volume, path: live}}\n"
                                                   "{}"
                                                   "jobs:\n"
                                                   "  nightly: {{schedule: manual, "
                                                   "services: [files{}]}}\n"
                                                   "drill: {{identity: key.txt, scratch: .}}\n"
                                                   "spool_dir: .\n"
                                                   "state_dir: state\n",
                                                   recipient(), more, second));
  }

  // As on a bare machine.
  Outcome bare(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(),
                     {"--store", "dir:" + path("store"), "--identity", path("key.txt")});
    return run(arguments);
  }
  void backup() {
    const Outcome made = with_config({"backup"});
    ASSERT_EQ(made.code, 0) << made.talk;
  }
};

TEST_F(Commands, BackupThenReadWithoutAConfiguration) {
  const Outcome made = with_config({"backup", "nightly"});
  ASSERT_EQ(made.code, 0) << made.talk;
  EXPECT_THAT(made.out, StartsWith("snapshot  vps-h1/2026-05-07\n"));
  EXPECT_THAT(made.talk, HasSubstr("files: "));

  clock_.advance(std::chrono::hours(3));
  EXPECT_THAT(bare({"list"}).out, HasSubstr("vps-h1/2026-05-07       3 h  "));
  EXPECT_THAT(bare({"ls"}).out, HasSubstr(" files/deep/blob\n"));
  const std::string below = bare({"ls", "latest", "files/deep/"}).out;
  EXPECT_THAT(below, HasSubstr(" files/deep/blob\n"));
  EXPECT_THAT(below, Not(HasSubstr("a.txt")));
  EXPECT_EQ(bare({"ls", "latest", "files/dee"}).code, 2);
  EXPECT_EQ(bare({"cat", "vps-h1/latest", "files/a.txt"}).out, "hello\n");
  EXPECT_EQ(bare({"cat", "2026-05-07", "files/deep/blob", "-o", path("blob")}).code, 0);
  EXPECT_EQ(test::slurp(path("blob")), random_text());
  EXPECT_EQ(bare({"cat", "latest", "files/nothing", "-o", path("none")}).code, 2);
  EXPECT_FALSE(fs::exists(path("none")));
  EXPECT_THAT(bare({"verify"}).out, HasSubstr("every hash matches"));
  EXPECT_THAT(run({"verify", "--store", "dir:" + path("store")}).out, HasSubstr("not decrypted"));
}

TEST_F(Commands, JsonOfEachIsOneDocument) {
  EXPECT_EQ(Json::parse(with_config({"backup", "--json"}).out)["snapshot"], "vps-h1/2026-05-07");
  EXPECT_EQ(Json::parse(bare({"list", "--json"}).out)[0]["host"], "vps-h1");
  const Json members = Json::parse(bare({"ls", "--json"}).out);
  EXPECT_EQ(members[0]["path"], "RESTORE.md");
  EXPECT_EQ(Json::parse(bare({"verify", "--json"}).out)["decrypted"], true);
  EXPECT_EQ(Json::parse(bare({"verify", "--all", "--json"}).out).size(), 2U) << "its monthly too";
  EXPECT_EQ(Json::parse(bare({"drill", "--scratch", path(""), "--json"}).out)["verdict"], "ok");
  EXPECT_EQ(Json::parse(bare({"restore", "latest", "--to", path("out"), "--json"}).out)["members"],
            members.size());
  const Json findings = Json::parse(with_config({"check", "--json"}).out);
  EXPECT_EQ(findings[0]["level"], "ok");
  // A listing that fails on its way is still a document, and says so.
  const Json failed = Json::parse(bare({"ls", "latest", "nothing", "--json"}).out);
  EXPECT_EQ(failed[0]["error"]["code"], 2);
}

TEST_F(Commands, RestoreIntoANewFolderOnly) {
  backup();
  const Outcome restored = bare({"extract", "latest", "--to", path("out")});
  ASSERT_EQ(restored.code, 0) << restored.talk;
  EXPECT_THAT(restored.talk, HasSubstr("RESTORE.md"));
  EXPECT_EQ(test::shell_ok(format("diff -r {} {}", path("live"), path("out/files"))), "");
  EXPECT_EQ(bare({"restore", "latest", "--to", path("out")}).code, 2);
  ASSERT_EQ(bare({"restore", "latest", "files", "--to", path("part")}).code, 0);
  EXPECT_FALSE(fs::exists(path("part/RESTORE.md")));
  EXPECT_THAT(bare({"restore", "latest", "fils", "--to", path("none")}).talk, HasSubstr("files"));
}

TEST_F(Commands, DrillChoosesItsSnapshotAndItsEngine) {
  backup();
  const Outcome drilled = with_config({"drill", "--which", "random", "--engine", "host"});
  EXPECT_EQ(drilled.code, 0) << drilled.talk;
  EXPECT_THAT(drilled.out, HasSubstr("! the service itself was not started: the recipe"));
  EXPECT_EQ(with_config({"drill", "--which", "oldest-monthly"}).code, 0);
  EXPECT_EQ(with_config({"drill", "latest", "--which", "random"}).code, 2);
  EXPECT_EQ(with_config({"drill", "--which", "newest"}).code, 2);
  EXPECT_EQ(with_config({"drill", "--engine", "moon"}).code, 2);
  EXPECT_EQ(with_config({"drill", "--engine", "host", "--sabotage"}).code, 2);
}

TEST_F(Commands, DrillEndsWithItsLine) {
  backup();
  const Outcome drilled = with_config({"drill"});
  EXPECT_EQ(drilled.code, 0) << drilled.talk;
  EXPECT_THAT(drilled.out, HasSubstr("evidence: vps-h1/drills/2026-05-07.json\n"));
  EXPECT_THAT(drilled.out, HasSubstr("\nRESTORE OK — "));
  const Outcome sabotaged = with_config({"drill", "--sabotage", "-q"});
  EXPECT_EQ(sabotaged.code, 0) << sabotaged.out;
  EXPECT_THAT(sabotaged.out, HasSubstr("\nSABOTAGE CAUGHT — "));
}

TEST_F(Commands, ABackupAndWhatItStartsAreInTheBackground) {
  const auto priority_in_hook = [&](const std::string& setting) {
    write_config("");
    const std::string seen = path("seen");
    std::string config = test::slurp(path("lifeboat.yaml"));
    const std::string services = "services: [files]";
    config.replace(config.find(services), services.size(),
                   format("{}, hooks: {{before: [[sh, -c, 'nice > {}; ionice >> {}']]}}", services,
                          seen, seen));
    test::write_file(path("lifeboat.yaml"), config + setting);
    // In a thread of its own: a test that has become nice stays so.
    std::thread([&] { backup(); }).join();
    return test::slurp(seen);
  };
  const std::string before = test::shell_ok("nice; ionice");  // as tests before this one left it
  EXPECT_EQ(priority_in_hook("priority: normal\n"), before);
  EXPECT_EQ(priority_in_hook(""), "10\nidle\n");
}

TEST_F(Commands, AFailedServiceMakesEight) {
  write_config("  second: {recipe: volume, path: missing}\n");
  const Outcome made = with_config({"backup"});
  EXPECT_EQ(made.code, 8);
  EXPECT_THAT(made.talk, HasSubstr("lifeboat: service 'second' is not in the snapshot: "));
  EXPECT_THAT(bare({"list"}).out, HasSubstr("1 of 2  partial: second failed"));
  const Outcome drilled = with_config({"drill"});
  EXPECT_EQ(drilled.code, 8);
  EXPECT_THAT(drilled.out, EndsWith("; not in the snapshot: second\n"));
  const Outcome checked = with_config({"check"});
  EXPECT_EQ(checked.code, 4);
  EXPECT_THAT(checked.out, HasSubstr("✗ service second: "));
}

TEST_F(Commands, DamageIsShownAndHidesNothing) {
  backup();
  clock_.advance(std::chrono::hours(24));
  backup();
  std::string manifest = test::slurp(path("store/vps-h1/2026-05-07/manifest.json"));
  manifest.replace(manifest.find("nightly"), 7, "nightlx");
  test::write_file(path("store/vps-h1/2026-05-07/manifest.json"), manifest);
  const Outcome listed = bare({"list"});
  EXPECT_EQ(listed.code, 7);
  EXPECT_THAT(listed.out, HasSubstr("damaged: "));
  EXPECT_THAT(listed.out, HasSubstr("vps-h1/2026-05-08        now"));
  const Outcome verified = bare({"verify", "--all", "--json"});
  EXPECT_EQ(verified.code, 7);
  const Json results = Json::parse(verified.out);
  EXPECT_EQ(results[0]["ok"], false);
  EXPECT_EQ(results[1]["ok"], true);
  EXPECT_EQ(bare({"list", "--limit", "1"}).code, 0);
}

TEST_F(Commands, CheckFindsEverythingAtOnce) {
  fs::permissions(folder_ / "key.txt", fs::perms(0644));
  fs::remove_all(folder_ / "store");
  test::write_file(path("store"), "a file where the store should be");
  const Outcome checked = with_config({"check"});
  EXPECT_EQ(checked.code, 5);
  EXPECT_THAT(checked.out, HasSubstr("can be read by others (mode 0644)"));
  EXPECT_THAT(checked.out, HasSubstr("✗ store: "));
  EXPECT_THAT(checked.out, HasSubstr("there is only one recipient"));
  EXPECT_THAT(checked.out, HasSubstr("\n2 errors, "));

  test::write_file(path("lifeboat.yaml"), "host: vps-h1\nstroe: {dir: x}\njobs: 7\n");
  const Outcome faulty = with_config({"check"});
  EXPECT_EQ(faulty.code, 3);
  EXPECT_THAT(faulty.out, HasSubstr("lifeboat.yaml:2:1: "));
  EXPECT_THAT(faulty.out, HasSubstr("lifeboat.yaml:3:7: "));
  EXPECT_EQ(with_config({"backup"}).code, 3);
}

}  // namespace
}  // namespace lifeboat::cli
