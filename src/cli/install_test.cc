#include <gmock/gmock.h>

#include <filesystem>

#include "base/format.h"
#include "base/json.h"
#include "cli/app_test_fixture.h"

namespace lifeboat::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class InstallCommand : public AppFixture {
 protected:
  InstallCommand() {
    run({"keygen", "-o", path("key.txt")});
    fs::create_directories(folder_ / "root/usr/sbin");
    test::write_file(folder_ / "root/usr/sbin/cron", "");
    test::write_file(folder_ / "root/usr/sbin/logrotate", "");
    configure("");
  }
  void configure(const std::string& more) {
    test::write_file(
        folder_ / "lifeboat.yaml",
        format("host: h1\nstore: {{dir: {0}/store}}\nencryption: {{recipients: [{1}]}}\n"
               "services:\n  app: {{recipe: volume, path: {0}/app}}\n"
               "jobs:\n  nightly: {{schedule: \"02:00\", services: [app]}}\n"
               "  by-hand: {{schedule: manual, services: [app]}}\n{2}",
               folder_.path().native(), recipient(), more));
  }
  Outcome install(std::vector<std::string> more) {
    more.insert(more.begin(), {"install", "--root", path("root")});
    return with_config(more);
  }
  Outcome uninstall() { return run({"uninstall", "--root", path("root")}); }
  std::string crontab() { return test::slurp(folder_ / "root/etc/cron.d/lifeboat"); }
  std::string unit(const std::string& name) {
    return test::slurp(folder_ / ("root/etc/systemd/system/" + name));
  }
};

TEST_F(InstallCommand, ShowsThenDoesThenHasNothingToDo) {
  const Outcome dry = install({"--cron", "--dry-run"});
  EXPECT_EQ(dry.code, 0) << dry.talk;
  EXPECT_THAT(dry.out, HasSubstr("/etc/cron.d/lifeboat\n"));
  EXPECT_THAT(dry.out, HasSubstr("+ 0 2 * * * root "));
  EXPECT_THAT(dry.out, HasSubstr(format(" backup nightly --config {}", path("lifeboat.yaml"))));
  EXPECT_THAT(dry.out, Not(HasSubstr("by-hand")));
  EXPECT_FALSE(fs::exists(folder_ / "root/etc"));

  EXPECT_EQ(install({"--cron"}).out, dry.out);
  EXPECT_THAT(crontab(), HasSubstr("0 2 * * * root "));
  EXPECT_EQ(install({"--cron"}).out, "nothing to change\n");

  configure("drill: {identity: key.txt, schedule: \"0 5 * * 0\"}\n");
  const Outcome more = install({"--cron"});
  EXPECT_THAT(more.out, HasSubstr("change "));
  EXPECT_THAT(more.out, HasSubstr("\n+ 0 5 * * 0 root "));
  EXPECT_THAT(more.out, Not(HasSubstr("+ 0 2 * * *")));

  EXPECT_THAT(uninstall().out, HasSubstr("remove " + path("root/etc/cron.d/lifeboat")));
  EXPECT_FALSE(fs::exists(folder_ / "root/etc"));
  EXPECT_EQ(uninstall().out, "nothing to change\n");
}

TEST_F(InstallCommand, SpeaksJson) {
  const Outcome outcome = install({"--systemd", "--json"});
  const Json json = parse_json(outcome.out, "it");
  EXPECT_EQ(json.at("dry_run"), false);
  EXPECT_EQ(json.at("changed"), true);
  EXPECT_THAT(outcome.out, HasSubstr("OnCalendar=*-*-* 2:0:00"));
}

TEST_F(InstallCommand, WarnsOfAProgramThatMayGo) {
  EXPECT_THAT(install({"--cron"}).talk, HasSubstr("cli_test', which is not where programs stay"));
}

TEST_F(InstallCommand, WhatOnlyThisShellKnowsIsRefused) {
  configure("notify: {heartbeat: {url: \"${INSTALL_TEST_URL}\"}}\n");
  ::setenv("INSTALL_TEST_URL", "https://example.org/secret-ping", 1);
  const Outcome outcome = install({"--cron"});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.talk, HasSubstr("know nothing of this shell"));
  EXPECT_THAT(outcome.talk, HasSubstr("INSTALL_TEST_URL"));
  EXPECT_THAT(outcome.talk, HasSubstr("Put the variables into env_file"));
  EXPECT_FALSE(fs::exists(folder_ / "root/etc"));
  // A file of env_file is known to every run.
  test::write_file(folder_ / "env", "INSTALL_TEST_URL=https://example.org/secret-ping\n");
  fs::permissions(folder_ / "env", fs::perms(0600));
  configure("notify: {heartbeat: {url: \"${INSTALL_TEST_URL}\"}}\nenv_file: env\n");
  EXPECT_EQ(install({"--cron"}).code, 0);
  EXPECT_THAT(crontab(), Not(HasSubstr("secret-ping")));
  ::unsetenv("INSTALL_TEST_URL");
}

TEST_F(InstallCommand, UnitsMayWriteWhereRunsDo) {
  configure(
      format("state_dir: {0}/state\nmetrics: {{textfile: {0}/text}}\n", folder_.path().native()));
  EXPECT_EQ(install({"--systemd"}).code, 0);
  const std::string service = unit("lifeboat-backup-nightly.service");
  for (const char* name : {"state", "text", "store", "app"}) {
    EXPECT_THAT(service, HasSubstr(format("ReadWritePaths=-{}\n", path(name))));
  }
  EXPECT_THAT(service, Not(HasSubstr("PrivateTmp")));  // it lies below /tmp
  EXPECT_THAT(service, Not(HasSubstr("OnFailure")));   // nobody is told
  EXPECT_TRUE(fs::exists(folder_ / format("root/{}/state", folder_.path().native())));
}

TEST_F(InstallCommand, UnitsMayWriteBesideDatabases) {
  std::string text = test::slurp(folder_ / "lifeboat.yaml");
  text.insert(text.find("jobs:"),
              "  n8n: {recipe: n8n, volume: n8n_data}\n"
              "  lite: {recipe: sqlite, path: /srv/lite/a.db}\n"
              "  some: {recipe: files, paths: [/etc/hosts, /srv/some/b.db]}\n");
  test::write_file(folder_ / "lifeboat.yaml", text);
  install({"--systemd"});
  const std::string service = unit("lifeboat-backup-nightly.service");
  for (const char* folder : {"/var/lib/docker/volumes", "/srv/lite", "/srv/some"}) {
    EXPECT_THAT(service, HasSubstr(format("ReadWritePaths=-{}\n", folder)));
  }
  EXPECT_THAT(service, Not(HasSubstr("-/etc\n")));
}

TEST_F(InstallCommand, HooksNeedFreedom) {
  std::string text = test::slurp(folder_ / "lifeboat.yaml");
  text.replace(text.find("services: [app]}"), 16, "services: [app], hooks: {before: [[true]]}}");
  test::write_file(folder_ / "lifeboat.yaml", text);
  install({"--systemd"});
  EXPECT_THAT(unit("lifeboat-backup-nightly.service"), HasSubstr("# No sandbox"));
  EXPECT_THAT(unit("lifeboat-prune.service"), HasSubstr("ProtectSystem=strict"));
}

TEST_F(InstallCommand, OnlyOneOfTheTwo) {
  EXPECT_EQ(install({"--cron", "--systemd"}).code, 2);
  EXPECT_EQ(run({"install", "--root", path("nowhere")}).code, 2);
}

}  // namespace
}  // namespace lifeboat::cli
