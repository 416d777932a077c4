// A run of which nothing stays untold: how it ended, that one before it was killed, that none was
// begun for too long, that the configuration is broken. The exit code and the exception are always
// the run's own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/context.h"
#include "cli/notices.h"
#include "cli/progress_bar.h"
#include "cli/telling.h"
#include "observe/run_mark.h"

namespace lifeboat::cli {

struct WatchOptions {
  std::string activity;       // "backup", "drill", "prune", "verify"
  std::string job = {};       // as typed; empty: the only one, or not known yet
  bool is_watched = true;     // false: the body runs as if this did not exist
  bool silent = false;        // nobody is told
  bool tells_success = true;  // else only failures, and that they are over
};

// What the body of a run says about itself.
class WatchedRun {
 public:
  WatchedRun(CommandContext& context, const WatchOptions& options);
  ~WatchedRun();

  // Shown to a person, and the phase in which the run is found if it is killed.
  Progress& progress();
  const RunFrame& frame() const { return frame_; }
  // Of a drill: whose snapshot it is, maybe another host's; `job` is empty if that is not known.
  void set_snapshot(const std::string& host, const std::string& job) {
    frame_.name.host = host;
    frame_.name.job = job;
  }
  // What came of it, as soon as that is known: an exception after it changes nothing any more.
  void account(Account account);

 private:
  friend int run_watched(CommandContext& context, const WatchOptions& options,
                         const std::function<int(WatchedRun&)>& body);
  class Phases;

  void begin();
  void tell_killed();
  void look_for_missed();
  void tell_start();
  void end(int code, const std::exception_ptr& failure);
  void conclude(Account account, int code);
  void remember(const Account& account, bool good);
  void tell(Notice notice, int code, bool had_problem);
  void refuse_config(const std::exception_ptr& failure);

  CommandContext& context_;
  const WatchOptions options_;
  RunFrame frame_;
  std::unique_ptr<Telling> telling_;  // null: not watched
  std::unique_ptr<RunMark> mark_;
  std::unique_ptr<Phases> progress_;
  std::optional<Account> account_;
  std::vector<std::string> warnings_;
};

// Runs `body`, which returns the exit code or throws.
int run_watched(CommandContext& context, const WatchOptions& options,
                const std::function<int(WatchedRun&)>& body);

// Tells of the killed runs among `runs` and forgets those that somebody was told of; all of them if
// nobody is configured. Returns how many there were.
size_t tell_killed_runs(Telling& telling, CommandContext& context);

}  // namespace lifeboat::cli
