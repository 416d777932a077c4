#include "observe/metrics.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "observe/full_state_test_kit.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat::test {
namespace {

using testing::HasSubstr;
using testing::Not;

// The lines of `text` that begin with `beginning`.
std::vector<std::string> lines_with(const std::string& text, std::string_view beginning) {
  std::vector<std::string> found;
  for (const std::string& line : split(text, '\n')) {
    if (line.starts_with(beginning)) found.push_back(line);
  }
  return found;
}

TEST(Metrics, ASuccessToComeIsNotKnownYet) {
  const HostState state = full_state();
  const std::string all = print_metrics(state);
  EXPECT_EQ(print_metrics(as_known_at(state, parse_time("2026-05-07T10:00:00Z"))), all);
  const std::string text = print_metrics(as_known_at(state, parse_time("2026-05-01T00:00:00Z")));
  size_t times = 0;
  for (const MetricInfo& metric : metric_table()) {
    const std::string sample = std::string(metric.name) + "{";
    const bool is_time = sample.find("_timestamp") != std::string::npos &&
                         sample.find("expires") == std::string::npos;
    if (!is_time || lines_with(all, sample).empty()) continue;
    EXPECT_EQ(lines_with(text, sample), std::vector<std::string>{}) << metric.name;
    ++times;
  }
  EXPECT_EQ(times, 8U);
}

TEST(Metrics, SayWhatTheStateHolds) {
  const std::string text = print_metrics(full_state());
  for (const char* line : {
           "backup_last_success_timestamp{host=\"vps-h1\",job=\"nightly\"} 1778033040",
           "lifeboat_last_success_timestamp_seconds{host=\"vps-h1\",job=\"nightly\"} 1778033040",
           "lifeboat_last_run_timestamp_seconds{host=\"vps-h1\",job=\"nightly\"} 1778119200",
           "lifeboat_run_status{host=\"vps-h1\",job=\"nightly\"} 8",
           "lifeboat_job_stale_after_seconds{host=\"vps-h1\",job=\"nightly\"} 93600",
           "lifeboat_job_stale_after_seconds{host=\"vps-h1\",job=\"by_hand\"} +Inf",
           "lifeboat_duration_seconds{host=\"vps-h1\",job=\"nightly\"} 240.5",
           "lifeboat_archive_bytes{host=\"vps-h1\",job=\"nightly\"} 123456789012",
           "lifeboat_raw_bytes{host=\"vps-h1\",job=\"nightly\"} 345678901234",
           "lifeboat_members{host=\"vps-h1\",job=\"nightly\"} 25",
           "lifeboat_service_status{host=\"vps-h1\",job=\"nightly\",service=\"n8n\"} 0",
           "lifeboat_service_status{host=\"vps-h1\",job=\"nightly\",service=\"waha\"} 1",
           "lifeboat_service_last_success_timestamp_seconds{host=\"vps-h1\",job=\"nightly\","
           "service=\"waha\"} 1778033040",
           "lifeboat_service_source_bytes{host=\"vps-h1\",job=\"nightly\",service=\"n8n\"} 1000000",
           "lifeboat_service_items{host=\"vps-h1\",job=\"nightly\",service=\"n8n\","
           "item=\"workflows\"} 12",
           "lifeboat_drill_last_success_timestamp_seconds{host=\"vps-h1\",job=\"nightly\"} "
           "1777953720",
           "lifeboat_drill_last_run_timestamp_seconds{host=\"vps-h1\",job=\"nightly\"} 1777953600",
           "lifeboat_drill_status{host=\"vps-h1\",job=\"nightly\"} 0",
           "lifeboat_drill_duration_seconds{host=\"vps-h1\",job=\"nightly\"} 95",
           "lifeboat_drill_restore_duration_seconds{host=\"vps-h1\",job=\"nightly\"} 30.25",
           "lifeboat_dailies{host=\"vps-h1\"} 30",
           "lifeboat_oldest_daily_expires_timestamp_seconds{host=\"vps-h1\"} 1778205600",
           "lifeboat_newest_daily_expires_timestamp_seconds{host=\"vps-h1\"} 1780711200",
           "lifeboat_activity_status{host=\"vps-h1\",activity=\"prune\"} 5",
           "lifeboat_activity_last_run_timestamp_seconds{host=\"vps-h1\",activity=\"prune\"} "
           "1778122800",
           "lifeboat_notifier_up{host=\"vps-h1\",notifier=\"discord\"} 1",
           "lifeboat_notifier_up{host=\"vps-h1\",notifier=\"github\"} 0",
           "lifeboat_notifier_failures_total{host=\"vps-h1\",notifier=\"github\"} 3",
           "lifeboat_notifier_last_success_timestamp_seconds{host=\"vps-h1\","
           "notifier=\"discord\"} 1778119441",
           "lifeboat_build_info{host=\"vps-h1\",version=\"" LIFEBOAT_VERSION "\"} 1",
       }) {
    EXPECT_THAT(text, HasSubstr(format("\n{}\n", line)));
  }
  EXPECT_TRUE(text.starts_with("# HELP backup_last_success_timestamp "));
  EXPECT_TRUE(text.ends_with("\n"));
}

TEST(Metrics, EveryFamilyOfTheTableIsPrintedInItsOrder) {
  std::vector<std::string> expected;
  for (const MetricInfo& metric : metric_table()) expected.push_back(std::string(metric.name));
  std::vector<std::string> found;
  for (const std::string& line : lines_with(print_metrics(full_state()), "# HELP ")) {
    found.push_back(split(line, ' ').at(2));
  }
  EXPECT_EQ(found, expected);
}

TEST(Metrics, SamplesHaveTheLabelsOfTheTable) {
  const std::string text = print_metrics(full_state());
  for (const MetricInfo& metric : metric_table()) {
    const auto samples = lines_with(text, format("{}{{", metric.name));
    ASSERT_FALSE(samples.empty()) << metric.name;
    std::string pattern;  // name="...",name="..."
    for (const std::string& label : split(metric.labels, ',')) {
      pattern += format("{}{}=\"[^\"]*\"", pattern.empty() ? "" : ",", trim(label));
    }
    for (const std::string& sample : samples) {
      EXPECT_THAT(sample, testing::MatchesRegex(format("{}.{}. .*", metric.name, pattern)));
    }
    const bool is_total = metric.name.ends_with("_total");
    EXPECT_EQ(metric.type, is_total ? "counter" : "gauge") << metric.name;
  }
}

TEST(Metrics, TheManualHasExactlyThisTable) {
  const std::string manual = slurp(std::filesystem::path(LIFEBOAT_SOURCE_DIR) / "docs/METRICS.md");
  std::vector<std::string> expected;
  for (const MetricInfo& metric : metric_table()) {
    expected.push_back(
        format("| `{}` | {} | {} | {} |", metric.name, metric.type, metric.labels, metric.help));
  }
  EXPECT_EQ(lines_with(manual, "| `"), expected);
}

TEST(Metrics, ThereAreNoZerosForWhatNeverHappened) {
  HostState state;
  state.host = "vps-h1";
  state.job("new");  // of the configuration; never run
  JobState& failed = state.job("failed");
  failed.last_run = parse_time("2026-05-07T02:00:00Z");
  failed.status = 5;
  failed.services = {{.name = "n8n", .ok = false, .last_success = {}, .items = {}}};
  DrillState& drill = state.drill("vps-h1", "failed");
  drill.last_run = parse_time("2026-05-07T04:00:00Z");
  drill.status = 7;
  state.notifier("discord").failures_total = 0;
  state.activity("verify");
  state.shelf = Shelf{};
  const std::string text = print_metrics(state);
  EXPECT_EQ(lines_with(text, "lifeboat_run_status{").size(), 1u);
  EXPECT_EQ(lines_with(text, "lifeboat_last_run_timestamp_seconds{").size(), 1u);
  EXPECT_EQ(lines_with(text, "lifeboat_job_stale_after_seconds{").size(), 2u);
  EXPECT_EQ(lines_with(text, "lifeboat_service_status{").size(), 1u);
  EXPECT_EQ(lines_with(text, "lifeboat_drill_status{").size(), 1u);
  EXPECT_THAT(text, HasSubstr("lifeboat_dailies{host=\"vps-h1\"} 0\n"));
  for (const char* unknown :
       {"success_timestamp", "_bytes", "duration", "members", "items", "expires", "activity"}) {
    EXPECT_THAT(text, Not(HasSubstr(unknown)));
  }
}

TEST(Metrics, HelpAndOrderDoNotDependOnTheState) {
  HostState turned = full_state();
  std::reverse(turned.jobs.begin(), turned.jobs.end());
  std::reverse(turned.notifiers.begin(), turned.notifiers.end());
  for (JobState& job : turned.jobs) std::reverse(job.services.begin(), job.services.end());
  EXPECT_EQ(print_metrics(turned), print_metrics(full_state()));

  HostState bare;
  bare.host = "vps-h2";
  const auto all = lines_with(print_metrics(full_state()), "# ");
  for (const std::string& line : lines_with(print_metrics(bare), "# ")) {
    EXPECT_THAT(all, testing::Contains(line));
  }
}

TEST(Metrics, NamesCannotBreakTheFormat) {
  HostState state;
  state.host = "vps-h1";
  JobState& job = state.job("a\\b\"c\nd\xff{}");
  job.last_run = parse_time("2026-05-07T02:00:00Z");
  state.jobs.push_back(job);  // twice: one sample all the same
  EXPECT_THAT(
      lines_with(print_metrics(state), "lifeboat_run_status{"),
      testing::ElementsAre(R"(lifeboat_run_status{host="vps-h1",job="a\\b\"c\\x0ad\\xff{}"} 0)"));
}

class TextfileTest : public testing::Test {
 protected:
  void write(const HostState& state) { write_textfile(folder_.path(), state, random_); }
  size_t files() const {
    return static_cast<size_t>(
        std::distance(std::filesystem::directory_iterator(folder_.path()), {}));
  }

  TempFolder folder_;
  SystemRandom random_;
  std::filesystem::path path_ = folder_ / "lifeboat-vps-h1.prom";
};

TEST_F(TextfileTest, IsReadableForAllWhateverTheUmask) {
  const mode_t before = ::umask(077);
  write(full_state());
  ::umask(before);
  EXPECT_EQ(slurp(path_), print_metrics(full_state()));
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777u, 0644u);
  EXPECT_EQ(files(), 1u);
}

TEST_F(TextfileTest, IsReplacedAndLeftoversGo) {
  write_file(path_, "old");
  const auto leftover = folder_ / ".lifeboat-vps-h1.prom.tmp-0123456789abcdef";
  write_file(leftover, "");
  std::filesystem::last_write_time(
      leftover, std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  write(full_state());
  EXPECT_EQ(slurp(path_), print_metrics(full_state()));
  EXPECT_EQ(files(), 1u);
}

TEST_F(TextfileTest, AMissingFolderIsNotMade) {
  const auto missing = folder_ / "missing";
  const std::string text = error_text([&] { write_textfile(missing, full_state(), random_); });
  EXPECT_THAT(text, HasSubstr("there is no such folder"));
  EXPECT_THAT(text, HasSubstr("hint: "));
  EXPECT_EQ(files(), 0u);
}

// Whenever its writer is killed, the file is one state's, whole.
TEST_F(TextfileTest, AKilledWriterLeavesAWholeFile) {
  HostState other = full_state();
  other.jobs.clear();
  const std::set<std::string> whole{print_metrics(full_state()), print_metrics(other)};
  write(other);
  for (int round = 0; round < 40; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      for (;;) {
        write(full_state());
        write(other);
      }
    }
    // Kills that are spread over a write by work of varying length, not by time.
    for (int i = 0; i < 20 * round; ++i) EXPECT_TRUE(whole.contains(slurp(path_)));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    EXPECT_TRUE(whole.contains(slurp(path_)));
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    EXPECT_TRUE(entry.path() == path_ || entry.path().extension() != ".prom") << entry.path();
  }
}

// A limit on the file's size stands for a full disk: the write fails the same way.
TEST_F(TextfileTest, WithoutRoomTheOldFileStays) {
  write_file(path_, "old");
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const struct rlimit room { 100, 100 };
    ::setrlimit(RLIMIT_FSIZE, &room);
    try {
      write(full_state());
    } catch (const Error& error) {
      ::_exit(error.kind() == ErrorKind::config ? 0 : 2);
    }
    ::_exit(1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(slurp(path_), "old");
  EXPECT_EQ(files(), 1u);
}

}  // namespace
}  // namespace lifeboat::test
