// A job's past as a row of nights (or weeks), each with what became of it.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "observe/history.h"

namespace lifeboat::report {

enum class NightState {
  ok,
  partial,
  damaged,
  unfinished,
  missing,
  idle,  // none was due
};
// "whole", "partial" ...: as the report's legend has them.
std::string_view night_state_name(NightState state);

struct Night {
  Timestamp begin{};  // midnight
  NightState state = NightState::idle;
  // The best that was made in it: a whole one, else the last. Null: none. Borrowed.
  const PastSnapshot* snapshot = nullptr;
};

struct NightRange {
  Timestamp since{};
  Timestamp now{};
  // By the schedule; nothing: none is ever missing.
  std::optional<std::chrono::seconds> stale_after;
};

// From the first night that is known, `since` at the earliest, to `now`; weeks from Monday for a
// job that is kept by the week. `host` owns `job` and must outlive the result.
std::vector<Night> nights_of(const HostHistory& host, const JobHistory& job,
                             const NightRange& range);

}  // namespace lifeboat::report
