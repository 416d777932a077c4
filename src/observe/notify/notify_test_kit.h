// A world for notifiers in which no time passes, and the notices of a good and a bad night.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "observe/notify/notifier.h"
#include "support/doubles.h"

namespace lifeboat::test {

struct NotifyTestWorld {
  ManualClock clock;
  SeededRandom random;
  NotifyWorld world{.clock = clock, .random = random};

  // Seconds of the tests' time since the start.
  double waited() const {
    return std::chrono::duration<double>(clock.steady_now().time_since_epoch()).count();
  }
};

inline SharedSecret secret(std::string_view value) { return std::make_shared<const Secret>(value); }

inline Notice good_night() {
  return {.kind = NoticeKind::success,
          .host = "vps-h1",
          .activity = "backup",
          .job = "nightly",
          .title = "backup 'nightly' of vps-h1 done",
          .resolved = {"backup/nightly"},
          .facts = {{"files", "25"},
                    {"stored", "1.2 GiB"},
                    {"raw", "4.8 GiB"},
                    {"duration", "3 min 20 s"},
                    {"n8n", "12 workflows, 8 credentials"},
                    {"snapshot", "vps-h1/2026-05-07"}},
          .time = parse_time("2026-05-07T02:03:20Z")};
}

inline Notice bad_night() {
  return {.kind = NoticeKind::failure,
          .host = "vps-h1",
          .activity = "backup",
          .job = "nightly",
          .title = "backup 'nightly' of vps-h1 failed",
          .problems = {{.id = "backup/nightly",
                        .title = "backup 'nightly' of vps-h1 failed",
                        .cause = "PUT s3://ecotrans-backups: access denied",
                        .hints = {"Does the key still exist?", "Run `lifeboat check`."}}},
          .time = parse_time("2026-05-07T02:00:07Z")};
}

// The Error that `tell` throws for `notice`; a failed ensure if it throws none.
inline Error failure_of(Notifier& notifier, const Notice& notice) {
  try {
    notifier.tell(notice);
  } catch (const Error& error) {
    return error;
  }
  throw Bug("it was delivered");
}

}  // namespace lifeboat::test
