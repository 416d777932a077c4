// The report: one HTML file that needs nothing else, for people who were not there.
//
// No script, no picture, no font and no address from elsewhere, and a policy in the page itself
// that forbids them: it can be mailed, printed, opened from a disk, and hostile names in it stay
// text. The same history at the same time gives the same bytes. Written by hand and not with a
// template engine, which would be one more language for one page.
// https://www.w3.org/TR/CSP3/
#pragma once

#include <string>

#include "base/clock.h"
#include "observe/history.h"
#include "observe/status.h"

namespace lifeboat {

struct ReportInput {
  const History& history;
  const Status& status;
  std::string store;  // its name
  Timestamp now{};
};

std::string render_report(const ReportInput& input);

}  // namespace lifeboat
