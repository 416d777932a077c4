#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/error.h"
#include "base/format.h"
#include "base/random.h"
#include "scheduler/scheduler.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* crontab = "etc/cron.d/lifeboat";

class Install : public testing::Test {
 protected:
  Install() {
    // What a Debian has.
    for (const char* folder : {"etc/cron.d", "etc/logrotate.d", "etc/systemd/system", "var/log",
                               "var/lib", "usr/sbin"}) {
      fs::create_directories(root_ / folder);
    }
    put("usr/sbin/cron", "");
    put("usr/sbin/logrotate", "");
    request_.kind = SchedulerKind::cron;
    request_.program = "/usr/local/bin/lifeboat";
    request_.host = "vps-h1";
    request_.runs = {{"backup-nightly", "02:00", {"backup", "nightly"}},
                     {"backup-other", "02:30", {"backup", "other"}},
                     {"drill", "0 5 * * 0", {"drill"}}};
    request_.state_dir = "/var/lib/lifeboat";
    request_.tells_failures = true;
    request_.root = root_.path();
  }

  void put(const std::string& name, std::string_view text, uint32_t mode = 0644) {
    fs::create_directories((root_ / name).parent_path());
    test::write_file(root_ / name, text);
    ::chmod((root_ / name).c_str(), mode);
  }
  std::string text(const std::string& name) { return test::slurp(root_ / name); }
  bool exists(const std::string& name) { return fs::exists(fs::symlink_status(root_ / name)); }

  InstallPlan install() { return apply(plan_install(request_)); }
  InstallPlan uninstall() { return apply(plan_uninstall(root_.path())); }
  InstallPlan apply(InstallPlan plan) {
    apply_install(plan, random_, clock_);
    return plan;
  }

  // Everything below the root: types, modes, owners, links, content.
  std::string tree() {
    return test::shell_ok(
        format("cd '{}' && find . -printf '%p %y %m %U:%G %l\\n' | sort && "
               "find . -type f -exec sha256sum {{}} + | sort -k 2",
               root_.path().native()));
  }

  test::TempFolder root_;
  InstallRequest request_;
  SystemRandom random_;
  test::ManualClock clock_;
};

TEST_F(Install, CronLinesAreThoseThatPeopleWrite) {
  const InstallPlan plan = install();
  EXPECT_THAT(plan.warnings, IsEmpty());
  EXPECT_THAT(plan.commands, IsEmpty());
  EXPECT_THAT(text(crontab),
              HasSubstr("SHELL=/bin/sh\n"
                        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
                        "HOME=/root\n\n"
                        "0 2 * * * root /usr/local/bin/lifeboat backup nightly >> "
                        "/var/log/lifeboat/backup-nightly.log 2>&1\n"
                        "30 2 * * * root /usr/local/bin/lifeboat backup other >> "
                        "/var/log/lifeboat/backup-other.log 2>&1\n"
                        "0 5 * * 0 root /usr/local/bin/lifeboat drill >> "
                        "/var/log/lifeboat/drill.log 2>&1\n"));
  struct stat status {};
  ASSERT_EQ(::stat((root_ / crontab).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0644u);  // cron refuses what others may write
}

TEST_F(Install, WhatCronWouldMisreadIsQuotedOrRefused) {
  request_.config = "/srv/50% off/it's.yaml";
  install();
  EXPECT_THAT(text(crontab), HasSubstr("--config '/srv/50'\\%' off/it'\\''s.yaml' >>"));
  const std::vector<FoundStart> starts = find_starts(root_.path());
  ASSERT_EQ(starts.size(), 3u);
  EXPECT_THAT(starts[0].arguments,
              ElementsAre("backup", "nightly", "--config", "/srv/50% off/it's.yaml"));
  request_.config = "/srv/a\nb";
  EXPECT_THROW(plan_install(request_), Error);
  request_.config = "/" + std::string(1000, 'x');
  EXPECT_THROW(plan_install(request_), Error);
}

TEST_F(Install, NothingToStartIsAnError) {
  request_.runs.clear();
  EXPECT_THROW(plan_install(request_), Error);
}

TEST_F(Install, TheSecondTimeChangesNothing) {
  for (const SchedulerKind kind : {SchedulerKind::cron, SchedulerKind::systemd}) {
    request_.kind = kind;
    EXPECT_TRUE(install().changes_anything());
    const std::string once = tree();
    EXPECT_FALSE(install().changes_anything());
    EXPECT_EQ(tree(), once);
  }
}

TEST_F(Install, UninstallIsTheExactWayBack) {
  put(crontab, "# mine\n0 1 * * * root true\n", 0640);
  fs::create_symlink("/dev/null", root_ / "etc/systemd/system/lifeboat-failure@.service");
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown((root_ / crontab).c_str(), 12, 34), 0);
  }
  const std::string before = tree();
  using Kinds = std::vector<SchedulerKind>;
  constexpr auto cron = SchedulerKind::cron;
  constexpr auto systemd = SchedulerKind::systemd;
  for (const Kinds& kinds : {Kinds{cron}, Kinds{systemd}, Kinds{cron, cron}, Kinds{cron, systemd},
                             Kinds{systemd, cron, systemd}}) {
    for (const SchedulerKind kind : kinds) {
      request_.kind = kind;
      install();
      EXPECT_NE(tree(), before);
    }
    EXPECT_THAT(uninstall().warnings, IsEmpty());
    EXPECT_EQ(tree(), before);
  }
  EXPECT_FALSE(uninstall().changes_anything());
}

TEST_F(Install, OneSchedulerTakesTheOthersPlace) {
  install();
  request_.kind = SchedulerKind::systemd;
  EXPECT_THAT(install().warnings, IsEmpty());
  EXPECT_FALSE(exists(crontab));
  EXPECT_EQ(find_starts(root_.path()).size(), 3u);
  for (const FoundStart& start : find_starts(root_.path())) EXPECT_TRUE(start.enabled);
  request_.runs.pop_back();  // out of the configuration
  install();
  EXPECT_EQ(find_starts(root_.path()).size(), 2u);
  EXPECT_FALSE(exists("etc/systemd/system/lifeboat-drill.service"));
  EXPECT_FALSE(exists("etc/systemd/system/timers.target.wants/lifeboat-drill.timer"));
}

TEST_F(Install, WhatAPersonChangedStays) {
  const std::string before = tree();
  install();
  put(crontab, text(crontab) + "# and mine\n");
  const std::string mine = text(crontab);
  request_.runs.pop_back();
  EXPECT_THAT(install().warnings, ElementsAre(HasSubstr("was changed by hand")));
  EXPECT_EQ(text(crontab), mine);
  EXPECT_THAT(uninstall().warnings,
              testing::Contains(HasSubstr("was changed by hand since the last install and stays")));
  EXPECT_EQ(text(crontab), mine);
  fs::remove(root_ / crontab);
  EXPECT_EQ(tree(), before);
}

TEST_F(Install, WhatWasThereBeforeIsNotLostToAChangeByHand) {
  put(crontab, "# old\n");
  install();
  put(crontab, "# new\n");
  uninstall();
  EXPECT_EQ(text(crontab), "# new\n");
  // Once the change is undone, so is the install.
  request_.runs.push_back({"prune", "daily", {"prune"}});
  fs::remove(root_ / crontab);
  install();
  uninstall();
  EXPECT_EQ(text(crontab), "# old\n");
}

TEST_F(Install, LogsAreNotThrownAway) {
  install();
  put("var/log/lifeboat/drill.log", "RESTORE OK\n");
  EXPECT_THAT(uninstall().warnings,
              ElementsAre(AllOf(HasSubstr("/var/log/lifeboat stays"), HasSubstr("files in it"))));
  EXPECT_TRUE(exists("var/log/lifeboat/drill.log"));
}

TEST_F(Install, NothingIsStartedTwice) {
  put("var/spool/cron/crontabs/root", "0 4 * * * /opt/lifeboat backup nightly\n");
  EXPECT_THAT(
      install().warnings,
      ElementsAre(HasSubstr("crontabs/root:1 starts 'backup nightly' already (0 4 * * *)")));
  EXPECT_THAT(text(crontab), Not(HasSubstr("backup nightly")));
  EXPECT_THAT(text(crontab), HasSubstr("backup other"));
  EXPECT_FALSE(install().changes_anything());
  fs::remove(root_ / "var/spool/cron/crontabs/root");
  install();
  EXPECT_THAT(text(crontab), HasSubstr("backup nightly"));
  EXPECT_THAT(uninstall().warnings, IsEmpty());
}

TEST_F(Install, AStartWithAnotherConfigurationIsAnotherOnes) {
  request_.default_config = "/etc/lifeboat/lifeboat.yaml";
  put("etc/cron.d/other", "0 4 * * * root lifeboat --config=/srv/b.yaml backup nightly\n");
  EXPECT_THAT(install().warnings, IsEmpty());
  EXPECT_THAT(text(crontab), HasSubstr("backup nightly"));
  for (const char* own : {"--config /etc/lifeboat/./lifeboat.yaml backup nightly",
                          "--config \"$CONFIG\" backup nightly"}) {
    put("etc/cron.d/other", std::string("0 4 * * * root lifeboat ") + own + "\n");
    install();
    EXPECT_THAT(text(crontab), Not(HasSubstr("backup nightly"))) << own;
  }
}

TEST_F(Install, UninstallNamesWhatItDidNotWrite) {
  put("etc/cron.d/mine", "0 4 * * * root lifeboat backup\n");
  EXPECT_THAT(plan_uninstall(root_.path()).warnings,
              ElementsAre(HasSubstr("etc/cron.d/mine:1 still starts 'backup'")));
}

TEST_F(Install, MissingProgramsAreNamed) {
  fs::remove(root_ / "usr/sbin/cron");
  EXPECT_THAT(install().warnings, ElementsAre("cron is not installed: apt-get install cron"));
}

TEST_F(Install, AllOrNothing) {
  const std::string before = tree();
  InstallPlan plan = plan_install(request_);
  plan.files.push_back(
      {FileChange::Action::create, FileChange::Kind::file, root_ / "no/such/folder", "", "x"});
  EXPECT_THROW(apply_install(plan, random_, clock_), Error);
  EXPECT_EQ(tree(), before);
}

TEST_F(Install, WhatSystemdNotedOfItsTimersGoesToo) {
  fs::create_directories(root_ / "var/lib/systemd/timers");
  const std::string before = tree();
  request_.kind = SchedulerKind::systemd;
  install();
  put("var/lib/systemd/timers/stamp-lifeboat-drill.timer", "");
  uninstall();
  EXPECT_EQ(tree(), before);
}

TEST_F(Install, ABrokenRecordIsTold) {
  put("var/lib/lifeboat/install.json", "{\"version\": 1, \"files\": [{\"path\": 3}]}");
  EXPECT_THROW(plan_uninstall(root_.path()), Error);
  put("var/lib/lifeboat/install.json", "{");
  EXPECT_THROW(plan_install(request_), Error);
}

}  // namespace
}  // namespace lifeboat
