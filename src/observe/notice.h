// One thing to tell people, the same for every notifier. It holds facts and causes: never the
// content of a backup, never a secret, never a log.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace lifeboat {

enum class NoticeKind {
  started,  // for heartbeats alone
  success,
  warning,  // done, and something needs a look: a partial backup, a notifier that fails
  failure,
};
// "started", "success", "warning", "failure".
std::string_view notice_kind_name(NoticeKind kind);

// Something that is wrong now. `id` is the same for as long as it is, whatever its cause says on
// which night: "backup/nightly", "service/nightly/n8n", "drill/nightly", "killed/backup/nightly",
// "watch/nightly", "notifier/discord". One open GitHub issue a host and id.
struct Problem {
  std::string id = {};
  std::string title = {};  // one line: "backup 'nightly' of vps-h1 failed"
  std::string cause = {};
  std::vector<std::string> hints = {};
};

// A line of a summary: {"files", "25"}.
struct NoticeFact {
  std::string name = {};
  std::string value = {};
};

struct Notice {
  NoticeKind kind = NoticeKind::success;
  std::string host = {};
  std::string activity = {};  // "backup", "drill", "prune", "verify", "watch", "notifier", "test"
  std::string job = {};       // empty: none
  std::string title = {};     // one line
  std::vector<Problem> problems = {};
  // Ids that this shows to be over; one that ends in '/' stands for all below it. What is in
  // `problems` is not over.
  std::vector<std::string> resolved = {};
  // There was a problem of this activity before: people want to read that it is over.
  bool is_recovery = false;
  std::vector<NoticeFact> facts = {};
  std::vector<std::string> warnings = {};  // sentences
  Timestamp time{};
};

// Whether `id` is among the ids that `notice` shows to be over.
bool resolves(const Notice& notice, std::string_view id);

}  // namespace lifeboat
