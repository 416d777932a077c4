// A state with everything in it, for tests.
#pragma once

#include "observe/host_state.h"

namespace lifeboat::test {

inline HostState full_state() {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  HostState state;
  state.host = "vps-h1";
  JobState& nightly = state.job("nightly");
  nightly.last_run = parse_time("2026-05-07T02:00:00Z");
  nightly.last_success = parse_time("2026-05-06T02:04:00Z");
  nightly.status = 8;
  nightly.error = "service 'waha': the volume is gone";
  nightly.snapshot = "vps-h1/2026-05-07";
  nightly.duration = milliseconds(240'500);
  nightly.archive_bytes = 123'456'789'012;
  nightly.raw_bytes = 345'678'901'234;
  nightly.members = 25;
  nightly.stale_after = seconds(93'600);
  nightly.services = {{.name = "n8n",
                       .ok = true,
                       .last_success = parse_time("2026-05-07T02:04:00Z"),
                       .source_bytes = 1'000'000,
                       .items = {{"workflows", 12}, {"credentials", 7}}},
                      {.name = "waha",
                       .ok = false,
                       .last_success = parse_time("2026-05-06T02:04:00Z"),
                       .source_bytes = 5000,
                       .items = {{"sessions", 2}}}};
  JobState& by_hand = state.job("by_hand");
  by_hand.last_run = parse_time("2026-05-01T12:00:00Z");
  by_hand.status = 5;
  by_hand.error = "the bucket does not answer";
  DrillState& drill = state.drill("vps-h1", "nightly");
  drill.last_run = parse_time("2026-05-05T04:00:00Z");
  drill.last_success = parse_time("2026-05-05T04:02:00Z");
  drill.result = "RESTORE OK — 12 workflows, 7 credentials";
  drill.restore_duration = milliseconds(30'250);
  drill.duration = milliseconds(95'000);
  ActivityState& prune = state.activity("prune");
  prune.last_run = parse_time("2026-05-07T03:00:00Z");
  prune.status = 5;
  prune.error = "list 'vps-h1': no answer";
  NotifierState& discord = state.notifier("discord");
  discord.target_id = "0123456789abcdef";
  discord.last_success = parse_time("2026-05-07T02:04:01Z");
  NotifierState& github = state.notifier("github");
  github.target_id = "fedcba9876543210";
  github.dead = true;
  github.failing = true;
  github.last_failure = parse_time("2026-05-07T02:04:02Z");
  github.failures_total = 3;
  github.error = "POST https://api.github.com: 401";
  state.shelf = Shelf{.dailies = 30,
                      .oldest_expires = parse_time("2026-05-08T02:00:00Z"),
                      .newest_expires = parse_time("2026-06-06T02:00:00Z")};
  return state;
}

}  // namespace lifeboat::test
