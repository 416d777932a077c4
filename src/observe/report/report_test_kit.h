// A small past for the tests of status and report.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/format.h"
#include "observe/history.h"

namespace lifeboat::test {

inline const Timestamp last_night = parse_time("2026-05-31T02:00:00Z");

inline PastSnapshot good_night(const std::string& host, Timestamp started, uint64_t bytes) {
  PastSnapshot made;
  made.name = format("{}/{}", host, print_date(date_of(started)));
  made.started = started;
  made.finished = started + std::chrono::minutes(1);
  made.archive_bytes = bytes;
  made.raw_bytes = bytes * 3;
  made.members = 25;
  made.services = {{"n8n", true, ""}, {"waha", true, ""}};
  made.expires = std::chrono::ceil<std::chrono::days>(started) + std::chrono::days(30);
  return made;
}

// One host with one job, `count` good nights up to `last_night`, growing by 1000 bytes each, and a
// drill two days ago.
inline History past_nights(int count, const std::string& host = "h1") {
  History history;
  history.since = last_night - std::chrono::days(90);
  history.hosts.emplace_back().name = host;
  JobHistory& job = history.hosts[0].jobs.emplace_back();
  job.name = "nightly";
  for (int night = 0; night < count; ++night) {
    const auto ago = std::chrono::days(count - 1 - night);
    job.snapshots.push_back(
        good_night(host, last_night - ago, 1'000'000 + static_cast<uint64_t>(night) * 1000));
  }
  PastDrill drill;
  drill.snapshot = host + "/2026-05-30";
  drill.drilled = last_night - std::chrono::days(1) + std::chrono::hours(1);
  drill.verdict = FindingLevel::ok;
  drill.result = "RESTORE OK — 12 workflows";
  drill.restore_duration = std::chrono::seconds(17);
  drill.duration = std::chrono::seconds(42);
  job.drills.push_back(drill);
  return history;
}

}  // namespace lifeboat::test
