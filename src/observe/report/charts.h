// The report's drawings, each a <figure> that says in words what it shows.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "observe/history.h"
#include "observe/report/nights.h"

namespace lifeboat::report {

// "7 May 2026" and "7 May".
std::string print_day(Timestamp time);
std::string print_short_day(Timestamp time);

std::string draw_nights(const std::vector<Night>& nights, Pace pace);
std::string draw_sizes(const std::vector<Night>& nights);
std::string draw_durations(const std::vector<Night>& nights);
std::string draw_drills(const JobHistory& job);
// How many backups are left day by day if none comes after.
std::string draw_shelf(const JobHistory& job, Timestamp now);

}  // namespace lifeboat::report
