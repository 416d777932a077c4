// What systemd itself says to the units; its manager need not run for that.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>

#include "base/format.h"
#include "scheduler/install_record.h"
#include "scheduler/wanted_files.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// Of 10, the less the better: what `systemd-analyze security` calls OK ends at 4.
constexpr double exposure_max = 3.5;

class SystemdFiles : public testing::Test {
 protected:
  SystemdFiles() {
    request_.program = "/usr/bin/true";  // verify wants one that is there
    request_.config = "/srv/my \"50%\" $HOME\\x.yaml";
    request_.host = "vps-h1";
    request_.runs = {{"backup-nightly", "02:00", {"backup", "nightly"}},
                     {"backup-odd", "*/20 1-3 1,15 * fri", {"backup", "odd"}, true},
                     {"drill", "weekly", {"drill"}}};
    request_.writable = {"/srv/backups", "/srv/with space"};
    request_.state_dir = "/var/lib/lifeboat";
    request_.tells_failures = true;
    request_.is_background = true;
  }
  // Writes all units below the folder, and gives the text of one.
  std::string unit(const std::string& name) {
    for (const WantedFile& file : systemd_files(request_)) {
      const fs::path path = below(root_.path(), file.path);
      fs::create_directories(path.parent_path());
      if (file.kind == FileChange::Kind::file) test::write_file(path, file.text);
    }
    return test::slurp(units() / name);
  }
  fs::path units() { return root_ / "etc/systemd/system"; }

  test::TempFolder root_;
  InstallRequest request_;
};

TEST_F(SystemdFiles, SystemdVerifiesThem) {
  if (test::shell("systemd-analyze --version").status != 0) GTEST_SKIP() << "no systemd-analyze";
  unit("lifeboat-drill.timer");
  const test::ShellResult verified = test::shell(format(
      "cd '{}' && systemd-analyze verify --man=no --recursive-errors=no ./*.service ./*.timer",
      units().native()));
  EXPECT_EQ(verified.status, 0) << verified.output;
  // Warnings, such as of an unknown key, do not change the status.
  EXPECT_THAT(verified.output, Not(HasSubstr("lifeboat")));
}

TEST_F(SystemdFiles, TheSandboxIsTight) {
  if (test::shell("systemd-analyze --version").status != 0) GTEST_SKIP() << "no systemd-analyze";
  for (const char* name : {"lifeboat-backup-nightly.service", "lifeboat-drill.service"}) {
    unit(name);
    const std::string said = test::shell(format("systemd-analyze security --no-pager "
                                                "--offline=true '{}'",
                                                (units() / name).native()))
                                 .output;
    std::smatch exposure;
    ASSERT_TRUE(std::regex_search(said, exposure, std::regex("exposure level.*: ([0-9.]+)")))
        << said;
    EXPECT_LE(std::stod(exposure[1]), exposure_max) << said;
  }
}

TEST_F(SystemdFiles, PathsAreQuoted) {
  EXPECT_THAT(unit("lifeboat-backup-nightly.service"),
              HasSubstr("ExecStart=/usr/bin/true backup nightly --config "
                        "\"/srv/my \\\"50%%\\\" $$HOME\\\\x.yaml\"\n"));
  EXPECT_THAT(unit("lifeboat-backup-nightly.service"),
              HasSubstr("ReadWritePaths=-/srv/backups\nReadWritePaths=\"-/srv/with space\"\n"));
  EXPECT_THAT(unit("lifeboat-failure@.service"), HasSubstr("x.yaml\" --unit %i\n"));
}

TEST_F(SystemdFiles, ARunInTheBackgroundIsLightAmongUnitsToo) {
  EXPECT_THAT(unit("lifeboat-backup-odd.service"), HasSubstr("\nCPUWeight=10\n"));
  EXPECT_THAT(unit("lifeboat-drill.service"), HasSubstr("\nLimitNICE=+10\n"));
  request_.is_background = false;
  EXPECT_THAT(unit("lifeboat-drill.service"), Not(HasSubstr("Weight=")));
}

TEST_F(SystemdFiles, WhatMayNeedAnyRightHasNoSandbox) {
  EXPECT_THAT(unit("lifeboat-backup-odd.service"), Not(HasSubstr("ProtectSystem")));
  EXPECT_THAT(unit("lifeboat-backup-odd.service"), HasSubstr("# No sandbox"));
  request_.writes_anywhere = true;
  EXPECT_THAT(unit("lifeboat-drill.service"), HasSubstr("ProtectSystem=full"));
  EXPECT_THAT(unit("lifeboat-drill.service"), Not(HasSubstr("ReadWritePaths")));
}

TEST_F(SystemdFiles, WhatLiesInATemporaryFolderIsSeen) {
  EXPECT_THAT(unit("lifeboat-drill.service"), HasSubstr("PrivateTmp=yes"));
  request_.writable.push_back("/tmp/app");
  EXPECT_THAT(unit("lifeboat-drill.service"), Not(HasSubstr("PrivateTmp=yes")));
}

TEST_F(SystemdFiles, SetuidBitsAreForDrills) {
  EXPECT_THAT(unit("lifeboat-backup-nightly.service"), HasSubstr("RestrictSUIDSGID=yes"));
  EXPECT_THAT(unit("lifeboat-drill.service"), Not(HasSubstr("RestrictSUIDSGID")));
}

TEST_F(SystemdFiles, TimersKnowEveryStart) {
  const std::string timer = unit("lifeboat-backup-odd.timer");
  EXPECT_THAT(timer, HasSubstr("OnCalendar=*-*-1,15 1..3:0,20,40:00\n"
                               "OnCalendar=Fri *-*-* 1..3:0,20,40:00\n"));
  EXPECT_THAT(timer, HasSubstr("Persistent=true"));
  EXPECT_THAT(timer, Not(HasSubstr("RandomizedDelaySec")));
  EXPECT_THAT(unit("lifeboat-backup-nightly.timer"),
              HasSubstr("RandomizedDelaySec=10min\nFixedRandomDelay=true\n"));
}

TEST_F(SystemdFiles, CredentialsArePassedOn) {
  test::write_file(root_ / "credentials/GITHUB_TOKEN", "x");
  test::write_file(root_ / "credentials/AGE_PUBKEY.cred", "x");
  request_.credentials = root_ / "credentials";
  EXPECT_THAT(unit("lifeboat-drill.service"),
              HasSubstr(format("LoadCredentialEncrypted=AGE_PUBKEY:{0}/AGE_PUBKEY.cred\n"
                               "LoadCredential=GITHUB_TOKEN:{0}/GITHUB_TOKEN\n",
                               request_.credentials.native())));
}

TEST_F(SystemdFiles, NobodyIsCalledWhoIsNotThere) {
  request_.tells_failures = false;
  EXPECT_THAT(unit("lifeboat-drill.service"), Not(HasSubstr("OnFailure")));
  EXPECT_FALSE(fs::exists(units() / "lifeboat-failure@.service"));
}

}  // namespace
}  // namespace lifeboat
