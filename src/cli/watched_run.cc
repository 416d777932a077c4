#include "cli/watched_run.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/background.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/app.h"
#include "cli/invocations.h"
#include "cli/job_request.h"
#include "cli/last_good.h"
#include "cli/shelf.h"
#include "config/config.h"
#include "config/schedule.h"
#include "io/files.h"
#include "observe/metrics.h"
#include "snapshot/catalog.h"

namespace lifeboat::cli {

// Also writes each phase into the mark. A member's bytes are too many to note.
class WatchedRun::Phases final : public Progress {
 public:
  Phases(CommandContext& context, const std::unique_ptr<RunMark>& mark)
      : bar_(context.talk(), context.clock()), mark_(mark) {}
  void begin(std::string_view what, uint64_t bytes_expected) override {
    phase(what);
    bar_.begin(what, bytes_expected);
  }
  void advance(uint64_t bytes) override { bar_.advance(bytes); }
  void committed(const SnapshotId& id) override { snapshot_ = id; }
  void note(std::string_view line) override { bar_.note(line); }
  void phase(std::string_view what) {
    if (mark_) mark_->phase(snapshot_ ? phase_after_commit(*snapshot_, what) : std::string(what));
  }

 private:
  ProgressBar bar_;
  const std::unique_ptr<RunMark>& mark_;
  std::optional<SnapshotId> snapshot_;
};

namespace {

std::string_view problem_of_unit = "unit/";

// Jobs that are no more leave the host's memory, and the gateway.
void forget_old_jobs(Telling& telling, const Config& config) {
  std::vector<std::string> gone;
  const auto is_known = [&](const std::string& name) {
    return std::any_of(config.jobs.begin(), config.jobs.end(),
                       [&](const JobConfig& job) { return job.name == name; });
  };
  for (const JobState& job : telling.state().jobs) {
    if (!is_known(job.name)) gone.push_back(job.name);
  }
  if (gone.empty()) return;
  telling.remember([&](HostState& state) {
    std::erase_if(state.jobs, [&](const JobState& job) { return !is_known(job.name); });
  });
  if (config.metrics.pushgateway.empty()) return;
  try {
    delete_pushed({config.metrics.pushgateway}, config.host, gone);
  } catch (const Error& error) {
    telling.trouble(format("the gateway still has job '{}': {}", gone.front(), error.what()));
  }
}

void forget_old_notifiers(HostState& state, const Reporting& reporting) {
  const std::vector<std::string> known = reporting.notifiers();
  std::erase_if(state.notifiers, [&](const NotifierState& one) {
    return std::find(known.begin(), known.end(), one.name) == known.end();
  });
}

// So that OnFailure= tells it no second time.
void note_invocation(Telling& telling, CommandContext& context) {
  const std::string id = own_invocation();
  if (id.empty()) return;
  try {
    note_told(telling.reporting().state_dir, id, context.random());
  } catch (const Error& error) {
    log_warning("{}", error.what());
  }
}

// A snapshot is known by when its run began.
std::optional<SnapshotId> snapshot_of(const KilledRun& run, Store& store, const Trust& trust) {
  std::vector<SnapshotId> ids = list_snapshots(store, run.name.host);
  std::reverse(ids.begin(), ids.end());
  for (const Tier tier : {Tier::daily, Tier::weekly}) {
    for (const SnapshotId& id : ids) {
      if (id.tier != tier) continue;
      const auto manifest = find_manifest(store, id, trust);
      if (!manifest) continue;
      if (manifest->started == run.started && manifest->job == run.name.job) return id;
      if (manifest->started < run.started) break;
    }
  }
  return std::nullopt;
}

// A run can die between its manifest and the word of it in its mark, and of the mark's last words
// none need survive when the power fails.
void look_for_snapshot(KilledRun& run, const HostState& state, CommandContext& context) {
  if (run.name.activity != "backup" || is_complete(run)) return;
  try {
    const auto id = snapshot_of(run, context.store(), context.trust());
    // Of a run that ended well, in the same second.
    const bool is_anothers =
        id && std::any_of(state.jobs.begin(), state.jobs.end(), [&](const JobState& job) {
          return job.name == run.name.job && job.snapshot == id->text();
        });
    if (id && !is_anothers) run.phase = phase_after_commit(*id, run.phase);
  } catch (const Error& error) {
    run.unsure = error.what();
  }
}

}  // namespace

size_t tell_killed_runs(Telling& telling, CommandContext& context) {
  const Reporting& reporting = telling.reporting();
  std::vector<KilledRun> runs = killed_runs(reporting.state_dir, reporting.host);
  std::map<std::pair<std::string, std::string>, std::vector<KilledRun>> groups;
  for (KilledRun& run : runs) {
    run.name.host = reporting.host;
    look_for_snapshot(run, telling.state(), context);
    groups[{run.name.activity, run.name.job}].push_back(run);
  }
  if (!runs.empty()) {
    telling.remember([&](HostState& state) {
      for (const KilledRun& run : runs) remember_killed(state, run);
    });
  }
  for (const auto& [key, group] : groups) {
    const Notice notice = killed_notice(group);
    context.talk().warn(format("{}: {}", notice.title, notice.problems.front().cause));
    const bool told = telling.tell(notice);
    if (!told && (telling.is_silent() || reporting.tells_anybody())) continue;
    for (const KilledRun& run : group) forget_killed(run);
  }
  return runs.size();
}

WatchedRun::WatchedRun(CommandContext& context, const WatchOptions& options)
    : context_(context), options_(options), progress_(std::make_unique<Phases>(context, mark_)) {
  frame_.name = {"", options.activity, options.job};
  frame_.started = std::chrono::floor<std::chrono::seconds>(context.clock().now());
}

WatchedRun::~WatchedRun() = default;

Progress& WatchedRun::progress() { return *progress_; }

void WatchedRun::account(Account account) { account_ = std::move(account); }

void WatchedRun::refuse_config(const std::exception_ptr& failure) {
  Telling telling(context_, salvage(context_), options_.silent);
  const Reporting& reporting = telling.reporting();
  frame_.name.host = reporting.host;
  const bool is_only = options_.activity == "backup" && options_.job.empty();
  if (is_only && reporting.jobs.size() == 1) frame_.name.job = reporting.jobs.front();
  Account account = failure_account(frame_, failure);
  telling.remember([&](HostState& state) {
    ActivityState& config = state.activity("config");
    config.last_run = frame_.started;
    config.status = exit_code(ErrorKind::config);
    config.error = account.notice.problems.front().cause;
    const auto& jobs = reporting.jobs;
    const bool is_job = std::find(jobs.begin(), jobs.end(), frame_.name.job) != jobs.end();
    if (options_.activity != "backup" || is_job) account.remember(state);
  });
  if (telling.tell(std::move(account.notice))) note_invocation(telling, context_);
  telling.publish();
}

void WatchedRun::begin() {
  const Config& config = context_.config();
  frame_.name.host = config.host;
  if (options_.activity == "backup" && options_.job.empty() && config.jobs.size() == 1) {
    frame_.name.job = config.jobs.front().name;
  }
  telling_ = std::make_unique<Telling>(context_, reporting_of(config), options_.silent);
  try {
    keep_last_good(context_);
  } catch (const Error& error) {
    telling_->trouble(format("no copy of the configuration is kept: {}", error.what()));
  }
  forget_old_jobs(*telling_, config);
  tell_killed();
  look_for_missed();
  try {
    mark_ =
        std::make_unique<RunMark>(config.state_dir, frame_.name, frame_.started, context_.random());
  } catch (const Error& error) {
    telling_->trouble(format("should this run be killed, nobody will know: {}", error.what()));
  }
  tell_start();
}

void WatchedRun::tell_killed() {
  try {
    tell_killed_runs(*telling_, context_);
  } catch (const Error& error) {
    telling_->trouble(format("look for runs that were killed: {}", error.what()));
  }
}

// After killed runs are remembered: those were begun, and are told as what they are.
void WatchedRun::look_for_missed() {
  if (options_.activity != "backup") return;
  for (const JobState& job : telling_->state().jobs) {
    if (job.name != frame_.name.job) continue;
    JobState last = job;
    last.stale_after = stale_after(context_.config().job(job.name).schedule);
    const std::string missed = missed_runs(last, frame_.started);
    if (missed.empty()) continue;
    context_.talk().warn(missed);
    warnings_.push_back(missed);
  }
}

void WatchedRun::tell_start() {
  progress_->phase("tell that it begins");
  Notice notice;
  notice.kind = NoticeKind::started;
  notice.activity = frame_.name.activity;
  notice.job = frame_.name.job;
  notice.title = format("{} has begun", run_title(frame_.name));
  telling_->tell(std::move(notice));
  progress_->phase("begin");
}

void WatchedRun::end(int code, const std::exception_ptr& failure) {
  if (!telling_) return;  // said aloud by now
  if (account_) return conclude(std::move(*account_), code);
  if (!failure)
    return conclude(plain_account(frame_, {.code = code, .cause = "", .hints = {}}), code);
  try {
    std::rethrow_exception(failure);
  } catch (const OutputClosed&) {
    return;  // whoever read the output ended this
  } catch (const Interrupted&) {
    code = exit_interrupted;
  } catch (...) {
    code = describe_failure(failure).code;
  }
  conclude(failure_account(frame_, failure), code);
}

void WatchedRun::conclude(Account account, int code) {
  const bool good =
      account.notice.kind == NoticeKind::success || account.notice.kind == NoticeKind::warning;
  const bool before = had_problem(telling_->state(), frame_.name);
  progress_->phase("remember how it ended");
  remember(account, good);
  tell(std::move(account.notice), code, before);
  progress_->phase("write the metrics");
  telling_->publish();
  mark_.reset();
}

void WatchedRun::remember(const Account& account, bool good) {
  const Config& config = context_.config();
  std::optional<Shelf> shelf;
  if (good && (options_.activity == "backup" || options_.activity == "prune")) {
    try {
      shelf = look_at_shelf(context_.store(), config.host, retention_of(config.retention),
                            context_.clock().now());
    } catch (const Error& error) {
      log_warning("{}", error.what());  // what was seen last time stays
    } catch (const Interrupted&) {
    }
  }
  telling_->remember([&](HostState& state) {
    account.remember(state);
    std::erase_if(state.activities, [&](const ActivityState& one) {
      const bool had_no_job = one.name == frame_.name.activity && !frame_.name.job.empty();
      return one.name == "config" || (good && had_no_job);
    });
    for (const JobConfig& job : config.jobs) {
      for (JobState& known : state.jobs) {
        if (known.name == job.name) known.stale_after = stale_after(job.schedule);
      }
    }
    if (shelf) state.shelf = shelf;
    forget_old_notifiers(state, telling_->reporting());
  });
}

void WatchedRun::tell(Notice notice, int code, bool had_problem) {
  const bool good = notice.kind != NoticeKind::failure;
  notice.resolved.emplace_back("config");
  if (const std::string unit = own_unit(); good && !unit.empty()) {
    notice.resolved.push_back(format("{}{}", problem_of_unit, unit));
  }
  notice.is_recovery = had_problem && notice.problems.empty();
  if (!warnings_.empty() && notice.kind == NoticeKind::success) notice.kind = NoticeKind::warning;
  notice.warnings.insert(notice.warnings.begin(), warnings_.begin(), warnings_.end());
  const bool is_quiet = !options_.tells_success && notice.problems.empty() && !notice.is_recovery;
  const TerminalTraits& terminal = context_.terminal();
  const bool is_seen = terminal.in_is_terminal && terminal.talk_is_terminal;
  if (is_quiet || (code == exit_interrupted && is_seen)) return;
  progress_->phase("tell how it ended");
  const bool told = telling_->tell(std::move(notice));
  if (code != exit_ok && told) note_invocation(*telling_, context_);
}

int run_watched(CommandContext& context, const WatchOptions& options,
                const std::function<int(WatchedRun&)>& body) {
  WatchedRun run(context, options);
  if (!options.is_watched) return body(run);
  // Whatever hinders the telling must not hide what there is to tell, nor change how the run ends.
  const auto aside = [&](const auto& step) {
    try {
      step();
    } catch (const std::exception& error) {
      context.talk().warn(format("tell how it went: {}", printable(error.what())));
    }
  };
  try {
    context.config();
  } catch (const Interrupted&) {
    throw;
  } catch (...) {
    const std::exception_ptr failure = std::current_exception();
    aside([&] { run.refuse_config(failure); });
    throw;
  }
  if (context.config().priority == "idle") {
    for (const std::string& refused : enter_background()) context.talk().warn(refused);
  }
  aside([&] { run.begin(); });
  int code = exit_ok;
  std::exception_ptr failure;
  try {
    code = body(run);
  } catch (...) {
    failure = std::current_exception();
  }
  context.talk().status("");
  aside([&] { run.end(code, failure); });
  if (failure) std::rethrow_exception(failure);
  return code;
}

}  // namespace lifeboat::cli
