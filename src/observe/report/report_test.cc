#include "observe/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <regex>

#include "base/log.h"
#include "crypto/base64.h"
#include "crypto/hash.h"
#include "observe/report/html.h"
#include "observe/report/report_test_kit.h"
#include "support/shell.h"

namespace lifeboat::test {
namespace {

using std::chrono::days;
using std::chrono::hours;
using testing::HasSubstr;
using testing::Not;

std::string report_of(const History& history, Timestamp now = last_night + hours(6)) {
  StatusInput input;
  input.history = &history;
  input.now = now;
  return render_report({history, assess(input), "dir:/srv/backups", now});
}

// A past with one of everything.
History full_past() {
  History history = past_nights(12);
  HostHistory& host = history.hosts[0];
  JobHistory& job = host.jobs[0];
  job.snapshots[3].services[1] = {"waha", false, "connect: refused"};
  job.snapshots.erase(job.snapshots.begin() + 6);
  job.monthlies.push_back(good_night("h1", last_night - days(30), 990'000));
  job.monthlies[0].name = "h1/monthly/2026-05";
  job.monthlies[0].expires += days(335);
  PastDrill failed = job.drills[0];
  failed.drilled -= days(7);
  failed.verdict = FindingLevel::error;
  failed.result = "RESTORE FAILED — n8n: every credential decrypts (expected 8, found 0)";
  job.drills.insert(job.drills.begin(), failed);
  host.damaged.push_back({.name = "h1/2026-05-26",
                          .started = last_night - days(5),
                          .error = "parse manifest: it ends early"});
  return history;
}

// Every tag closed in order.
void expect_well_formed(const std::string& page) {
  std::vector<std::string> open;
  const std::regex tag("<(/?)([a-z0-9]+)((?:[^<>\"]|\"[^\"<>]*\")*?)(/?)>");
  const std::string body = page.substr(page.find("</style>"));
  open.push_back("style");
  size_t angles = 0;
  for (std::sregex_iterator it(body.begin(), body.end(), tag), end; it != end; ++it) {
    ++angles;
    const std::string name = (*it)[2];
    if ((*it)[4].length() > 0) continue;
    if ((*it)[1].length() == 0) {
      open.push_back(name);
      continue;
    }
    if (name == "html" || name == "head") continue;  // opened before the style
    ASSERT_FALSE(open.empty());
    ASSERT_EQ(open.back(), name) << (*it).prefix().str().substr(0, 200);
    open.pop_back();
  }
  EXPECT_TRUE(open.empty()) << open.back();
  EXPECT_EQ(angles, static_cast<size_t>(std::count(body.begin(), body.end(), '<')));
}

TEST(Report, LooksAsItDid) {
  const std::filesystem::path golden =
      std::filesystem::path(LIFEBOAT_SOURCE_DIR) / "tests/golden/report.html";
  const std::string page = report_of(full_past());
  if (std::getenv("LIFEBOAT_UPDATE_GOLDEN") != nullptr) {
    write_file(golden, page);
    GTEST_SKIP() << "wrote " << golden;
  }
  EXPECT_TRUE(page == slurp(golden)) << "set LIFEBOAT_UPDATE_GOLDEN=1 once it was looked at";
  EXPECT_EQ(page, report_of(full_past()));
}

TEST(Report, IsWellFormed) {
  expect_well_formed(report_of(full_past()));
  expect_well_formed(report_of(History()));
  History empty;
  empty.hosts.push_back({"h1", {{.name = "nightly"}}, {}, {}, {}});
  expect_well_formed(report_of(empty));
}

TEST(Report, ReachesForNothing) {
  const std::string page = report_of(full_past());
  for (const char* reach : {"http:", "https:", "//", "url(", " src=", "href", "@import", "<script",
                            "<link", "<img", "style=\"", "javascript:"}) {
    EXPECT_THAT(page, Not(HasSubstr(reach)));
  }
  const size_t begin = page.find("<style>") + 7;
  const std::string style = page.substr(begin, page.find("</style>") - begin);
  EXPECT_THAT(page, HasSubstr("style-src 'sha256-" +
                              base64_encode_standard(sha256(as_bytes(style))) + "'"));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

TEST(Report, HostileTextStaysText) {
  const std::string evil = "</title></style><script>alert(\"1\")</script>' onload='x\x1b[31m\n&";
  log_redact("hunter2-secret");
  History history = full_past();
  HostHistory& host = history.hosts[0];
  JobHistory& job = host.jobs[0];
  host.name = job.name = evil;
  for (PastSnapshot& one : job.snapshots) {
    one.name = evil;
    one.services.push_back({evil, false, evil + "hunter2-secret"});
  }
  job.monthlies[0].name = job.monthlies[0].error = evil;
  for (PastDrill& drill : job.drills) drill.result = drill.snapshot = evil;
  host.damaged[0].name = host.damaged[0].error = evil;
  host.unfinished.push_back({evil, last_night, last_night, 1});
  host.stray_drills.push_back({.key = evil, .error = evil});
  StatusInput input;
  input.history = &history;
  input.now = last_night + hours(6);
  const std::string page = render_report({history, assess(input), evil, input.now});
  expect_well_formed(page);
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("' onload")));
  EXPECT_THAT(page, Not(HasSubstr("\x1b")));
  EXPECT_THAT(page, Not(HasSubstr("hunter2")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(&quot;1&quot;)"));
}

TEST(Report, SaysInOneLineHowThingsStand) {
  EXPECT_THAT(report_of(past_nights(10)), HasSubstr("<h1>All backups are in order</h1>"));
  EXPECT_THAT(report_of(past_nights(10), last_night + days(3)),
              HasSubstr("<h1>One problem with the backups</h1>"));
  History partial = past_nights(10);
  partial.hosts[0].jobs[0].snapshots.back().services[0].ok = false;
  EXPECT_THAT(report_of(partial, last_night + hours(1)),
              HasSubstr("<h1>Backups stand, one thing needs a look</h1>"));
  EXPECT_THAT(report_of(History()), HasSubstr("<h1>Backups stand, one thing needs a look</h1>"));
}

TEST(Report, TenHostsAreNoBurden) {
  History history;
  for (int host = 0; host < 10; ++host) {
    history.hosts.push_back(past_nights(90, "host-" + std::to_string(host)).hosts[0]);
  }
  EXPECT_LT(report_of(history).size(), 1024U * 1024U);
}

TEST(ReportHtml, NumbersAreShort) {
  EXPECT_EQ(report::number(0), "0");
  EXPECT_EQ(report::number(12.5), "12.5");
  EXPECT_EQ(report::number(100.0 / 3), "33.33");
  EXPECT_EQ(report::number(-0.001), "0");
}

}  // namespace
}  // namespace lifeboat::test
