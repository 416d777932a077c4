#include <gtest/gtest.h>

#include <filesystem>

#include "base/format.h"
#include "scheduler/scheduler.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

class FindStarts : public testing::Test {
 protected:
  void put(const std::string& name, std::string_view text) {
    fs::create_directories((root_ / name).parent_path());
    test::write_file(root_ / name, text);
  }
  void link(const std::string& name, const std::string& target) {
    fs::create_directories((root_ / name).parent_path());
    fs::create_symlink(target, root_ / name);
  }
  // One line each.
  std::string found() {
    std::string text;
    for (const FoundStart& start : find_starts(root_.path())) {
      text += format("{}:{} [{}] {} {}", fs::relative(start.file, root_.path()).native(),
                     start.line, start.schedule, start.user, start.program);
      for (const std::string& argument : start.arguments) text += " " + argument;
      text += start.enabled ? "\n" : " (off)\n";
    }
    return text;
  }

  test::TempFolder root_;
};

TEST_F(FindStarts, NothingIsFoundWhereNothingIs) { EXPECT_EQ(found(), ""); }

TEST_F(FindStarts, ReadsCrontabs) {
  put("etc/crontab",
      "SHELL=/bin/sh\n# 0 1 * * * root lifeboat backup\n"
      "17 *\t* * *\troot cd / && run-parts --report /etc/cron.hourly\n"
      "0 2 * * * root /usr/local/bin/lifeboat backup >> /var/log/l.log 2>&1\n");
  put("etc/cron.d/mine",
      "PATH = \"/usr/local/bin:/bin\"\n@weekly ops lifeboat drill\n"
      "@reboot root lifeboat check\n");
  put("etc/cron.d/old.bak", "0 2 * * * root lifeboat backup\n");
  put("etc/cron.d/broken", "0 2 * * root lifeboat backup\n61 2 * * * root lifeboat backup\n");
  put("var/spool/cron/crontabs/alice", "30 2 * * * lifeboat backup -- a\\%b%input lifeboat\n");
  put("etc/passwd", "root:x:0:0::/root:/bin/sh\nalice:x:1:1::/home/alice:/bin/sh\n");
  EXPECT_EQ(found(),
            "etc/crontab:4 [0 2 * * *] root /usr/local/bin/lifeboat backup\n"
            "etc/cron.d/mine:2 [0 0 * * 0] ops lifeboat drill\n"
            "etc/cron.d/mine:3 [@reboot] root lifeboat check\n"
            "var/spool/cron/crontabs/alice:1 [30 2 * * *] alice lifeboat backup -- a%b\n");
  const std::vector<FoundStart> starts = find_starts(root_.path());
  EXPECT_EQ(starts[0].environment.at("PATH"), "/usr/bin:/bin");
  EXPECT_EQ(starts[0].environment.at("HOME"), "/root");
  EXPECT_EQ(starts[1].environment.at("PATH"), "/usr/local/bin:/bin");
  EXPECT_EQ(starts[3].environment.at("HOME"), "/home/alice");
  EXPECT_EQ(starts[3].environment.at("LOGNAME"), "alice");
}

TEST_F(FindStarts, LooksIntoScripts) {
  put("root/scripts/backup-h1.sh", "#!/bin/bash\nexec lifeboat backup nightly \"$@\"\n");
  put("etc/cron.d/fleet", "0 2 * * * root /root/scripts/backup-h1.sh\n");
  EXPECT_EQ(found(), "etc/cron.d/fleet:1 [0 2 * * *] root lifeboat backup nightly\n");
}

TEST_F(FindStarts, ReadsTimersAndTheirServices) {
  put("etc/systemd/system/lifeboat-a.timer",
      "[Timer]\nOnCalendar=daily\nOnCalendar=\nOnCalendar=*-*-* 2:0:00\nOnCalendar=Mon 3:0\n");
  put("etc/systemd/system/lifeboat-a.service",
      "[Service]\nUser=ops\nEnvironment=\"PATH=/a b\" X=1\n"
      "ExecStart=-/usr/bin/lifeboat --config \\\n  /x.yaml backup a\n");
  link("etc/systemd/system/timers.target.wants/lifeboat-a.timer", "../lifeboat-a.timer");
  put("usr/lib/systemd/system/off.timer", "[Timer]\nOnCalendar=weekly\nUnit=x.service\n");
  put("lib/systemd/system/x.service", "[Service]\nExecStart=lifeboat drill\n");
  put("etc/systemd/system/off.timer.d/local.conf", "[Timer]\nOnCalendar=\nOnCalendar=hourly\n");
  put("etc/systemd/system/backup@.timer", "[Timer]\nOnCalendar=02:00\n");
  put("etc/systemd/system/backup@.service", "[Service]\nExecStart=lifeboat backup %i\n");
  link("etc/systemd/system/timers.target.wants/backup@n.timer", "../backup@.timer");
  put("usr/lib/systemd/system/masked.timer", "[Timer]\nOnCalendar=daily\nUnit=x.service\n");
  link("etc/systemd/system/masked.timer", "/dev/null");
  put("etc/systemd/system/other.timer", "[Timer]\nOnCalendar=daily\n");
  EXPECT_EQ(found(),
            "etc/systemd/system/backup@.timer:2 [02:00] root lifeboat backup n\n"
            "etc/systemd/system/lifeboat-a.timer:4 [*-*-* 2:0:00] ops /usr/bin/lifeboat --config "
            "/x.yaml backup a\n"
            "etc/systemd/system/lifeboat-a.timer:5 [Mon 3:0] ops /usr/bin/lifeboat --config "
            "/x.yaml backup a\n"
            "usr/lib/systemd/system/off.timer:0 [hourly] root lifeboat drill (off)\n");
  EXPECT_EQ(find_starts(root_.path())[1].environment.at("PATH"), "/a b");
}

}  // namespace
}  // namespace lifeboat
