#include "observe/monitoring/pack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <map>

#include "base/error.h"
#include "base/random.h"
#include "base/text.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string text_of(const std::vector<PackFile>& files, std::string_view path) {
  for (const PackFile& file : files) {
    if (file.path == path) return file.text;
  }
  ADD_FAILURE() << "no " << path;
  return {};
}

// What deploy/monitoring is made with, as its README says.
PackOptions of_the_example() {
  PackOptions options;
  options.expected = {{"vps-h1", "nightly", std::chrono::hours(26)},
                      {"vps-i1", "nightly", std::chrono::hours(26)},
                      {"vps-i1", "supabase-weekly", std::chrono::hours(170)}};
  return options;
}

class Pack : public testing::Test {
 protected:
  std::map<std::string, PackChange> write(const PackOptions& options, bool force = false) {
    const std::vector<PackFile> files = monitoring_pack(options);
    const std::vector<PackChange> changes =
        write_pack(folder_ / "pack", files, random_, {.force = force});
    std::map<std::string, PackChange> result;
    for (size_t i = 0; i < files.size(); ++i) result[files[i].path] = changes.at(i);
    return result;
  }
  std::filesystem::path at(const std::string& path) { return folder_ / ("pack/" + path); }

  test::TempFolder folder_;
  SystemRandom random_;
};

TEST_F(Pack, IsWhatLiesInTheTree) {
  const std::filesystem::path tree = LIFEBOAT_SOURCE_DIR;
  for (const PackFile& file : monitoring_pack(of_the_example())) {
    const auto kept = file.path == "runbook.md" ? tree / "docs/runbook.md"
                                                : tree / "deploy/monitoring" / file.path;
    EXPECT_EQ(file.text, test::slurp(kept)) << file.path;
  }
}

// What follows each line of `text` that begins with `prefix`, in order.
std::vector<std::string> behind(std::string_view prefix, const std::string& text) {
  std::vector<std::string> found;
  for (const std::string& line : split(text, '\n')) {
    if (line.starts_with(prefix)) found.push_back(line.substr(prefix.size()));
  }
  return found;
}

TEST_F(Pack, EachAlertSaysWhatItIsAndHasItsSectionInTheRunbook) {
  const std::vector<PackFile> files = monitoring_pack({});
  const std::string rules = text_of(files, "prometheus/rules/backups.yml");
  const std::vector<std::string> alerts = behind("      - alert: ", rules);
  EXPECT_GE(alerts.size(), 12u);
  EXPECT_THAT(behind("## Alert: ", text_of(files, "runbook.md")),
              testing::UnorderedElementsAreArray(alerts));
  for (const std::string& alert : alerts) {
    const size_t begin = rules.find("      - alert: " + alert + "\n");
    const std::string text = rules.substr(begin, rules.find("      - alert: ", begin + 1) - begin);
    EXPECT_THAT(text, testing::ContainsRegex("severity: (critical|warning) ")) << alert;
    EXPECT_THAT(text, HasSubstr("\n          summary: \"{{ ")) << alert;
    EXPECT_THAT(text, HasSubstr("\n          description: ")) << alert;
    EXPECT_THAT(text, HasSubstr("runbook_url: runbook.md#alert-" + ascii_lower(alert) + "\n"));
  }
}

TEST_F(Pack, SettingsHoldEachExpectedJobOnceAndTheLimitForAll) {
  PackOptions options;
  options.expected = {{"h1", "nightly", {}}, {"h1", "nightly", std::chrono::hours(1)}};
  options.stale_after = std::chrono::seconds(20);
  const std::string text =
      text_of(monitoring_pack(options), "prometheus/rules/backups_settings.yml");
  EXPECT_THAT(text, HasSubstr("    rules:\n"
                              "      - record: backup:expected\n"
                              "        expr: vector(1)\n"
                              "        labels: { host: \"h1\", backup_job: \"nightly\" }\n"
                              "      - record: backup:for_all:stale_after_seconds\n"
                              "        expr: vector(20)\n"));
  EXPECT_THAT(text_of(monitoring_pack({}), "prometheus/rules/backups_settings.yml"),
              HasSubstr("    rules: []\n"));
}

TEST_F(Pack, LinksLeadToTheRunbookThatWasNamed) {
  PackOptions options;
  options.runbook_url = "https://git.example.org/runbook.md";
  const std::vector<PackFile> files = monitoring_pack(options);
  for (const char* path : {"prometheus/rules/backups.yml", "prometheus/tests/backups_test.yml"}) {
    const std::string text = text_of(files, path);
    EXPECT_THAT(text,
                HasSubstr("runbook_url: https://git.example.org/runbook.md#alert-backupstale"));
    EXPECT_THAT(text, Not(HasSubstr("runbook_url: runbook.md")));
  }
}

TEST_F(Pack, IsWrittenForAllToReadAndTwiceChangesNothing) {
  const mode_t before = ::umask(077);
  for (const auto& [path, change] : write({})) EXPECT_EQ(change, PackChange::created) << path;
  ::umask(before);
  struct stat status {};
  ASSERT_EQ(::stat(at("prometheus/rules/backups.yml").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0644u);
  for (const char* folder : {"", "prometheus", "prometheus/rules"}) {
    ASSERT_EQ(::stat(at(folder).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777u, 0755u) << folder;
  }
  test::shell_ok("cd " + at("").native() + " && sha256sum -c .lifeboat-sha256");
  for (const auto& [path, change] : write({})) EXPECT_EQ(change, PackChange::unchanged) << path;
}

TEST_F(Pack, AFileThatAPersonChangedIsKept) {
  write({});
  const std::string changed = "alertmanager/backups.yml";
  test::write_file(at(changed), std::string_view("webhook_url: mine\n"));
  auto changes = write(of_the_example());
  EXPECT_EQ(changes.at(changed), PackChange::kept);
  EXPECT_EQ(changes.at("prometheus/rules/backups_settings.yml"), PackChange::updated);
  EXPECT_EQ(changes.at("prometheus/rules/backups.yml"), PackChange::unchanged);
  EXPECT_EQ(test::slurp(at(changed)), "webhook_url: mine\n");
  EXPECT_EQ(write(of_the_example()).at(changed), PackChange::kept) << "the second time too";

  EXPECT_EQ(write({}, true).at(changed), PackChange::updated);
  EXPECT_THAT(test::slurp(at(changed)), HasSubstr("discord_configs"));
}

TEST_F(Pack, WhatWasThereBeforeTheFirstCallIsAPersonsToo) {
  test::shell_ok("mkdir -p " + at("grafana").native());
  test::write_file(at("grafana/backups.json"), std::string_view("{}\n"));
  EXPECT_EQ(write({}).at("grafana/backups.json"), PackChange::kept);
}

TEST_F(Pack, AFolderThatCannotBeMadeIsTold) {
  test::write_file(folder_ / "pack", std::string_view("a file\n"));
  EXPECT_THROW(write({}), Error);
}

}  // namespace
}  // namespace lifeboat
