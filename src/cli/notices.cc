#include "cli/notices.h"

#include <algorithm>

#include "base/error.h"
#include "base/exit_code.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/app.h"

namespace lifeboat::cli {
namespace {

constexpr std::string_view config_problem = "config";
constexpr std::string_view complete = "snapshot ";
constexpr std::string_view then = " is complete; ";
constexpr int killed_status = 128 + 9;  // as a shell shows SIGKILL
constexpr size_t faults_told = 3;

// One for all runs of this kind, whatever goes wrong with them.
std::string problem_id(const RunName& name) {
  return name.job.empty() ? name.activity : format("{}/{}", name.activity, name.job);
}

Notice begin_notice(const RunFrame& run, NoticeKind kind, std::string_view how) {
  Notice notice;
  notice.kind = kind;
  notice.host = run.name.host;
  notice.activity = run.name.activity;
  notice.job = run.name.job;
  notice.title = format("{} {}", run_title(run.name), how);
  return notice;
}

// What a run that did its work shows to be over.
std::vector<std::string> over(const RunName& name) {
  std::vector<std::string> ids{problem_id(name), "killed/" + problem_id(name), "killed/run"};
  // Of runs that ended before they knew their job.
  if (!name.job.empty()) ids.insert(ids.end(), {name.activity, "killed/" + name.activity});
  return ids;
}

std::string print_items(const ManifestService& service) {
  std::vector<std::string> items;
  for (const ManifestItem& item : service.items) {
    std::string noun = item.key;
    std::replace(noun.begin(), noun.end(), '_', ' ');
    items.push_back(format("{} {}", item.count, noun));
  }
  if (items.empty()) {
    items.push_back(print_count(service.members, "file", "files"));
    items.push_back(print_bytes(service.raw_bytes));
  }
  return format("{}", join(items, ", "));
}

void remember_services(JobState& job, const Manifest& manifest) {
  std::vector<ServiceState> services;
  for (const ManifestService& service : manifest.services) {
    ServiceState state;
    state.name = service.name;
    for (const ServiceState& before : job.services) {
      if (before.name == service.name) state = before;
    }
    state.ok = service.ok;
    if (service.ok) {
      state.last_success = manifest.finished;
      state.source_bytes = service.raw_bytes;
      state.items.clear();
      for (const ManifestItem& item : service.items) {
        state.items.push_back({item.key, item.count});
      }
    }
    services.push_back(std::move(state));
  }
  job.services = std::move(services);
}

void remember_backup(JobState& job, Timestamp started, const BackupResult& result) {
  const Manifest& manifest = result.manifest;
  job.last_run = started;
  job.status = manifest.is_partial() ? exit_code(ErrorKind::partial) : exit_ok;
  job.error.clear();
  for (const ManifestService& service : manifest.services) {
    if (!service.ok && job.error.empty()) job.error = service.error;
  }
  if (!manifest.is_partial()) job.last_success = manifest.finished;
  job.snapshot = result.id.text();
  job.duration = result.duration;
  job.archive_bytes = manifest.archive.bytes;
  job.raw_bytes = manifest.raw.bytes;
  job.members = manifest.members;
  remember_services(job, manifest);
}

PlainOutcome describe(const std::exception_ptr& failure) {
  const Failure told = describe_failure(failure);
  PlainOutcome outcome{told.code, told.message, told.hints};
  try {
    std::rethrow_exception(failure);
  } catch (const ConfigErrors& errors) {
    // The message has all of them and their hints; a note has room for the first.
    std::vector<std::string> lines;
    outcome.hints.clear();
    for (const ConfigFinding& fault : errors.faults()) {
      if (lines.size() == faults_told) break;
      lines.push_back(format("{}: {}", fault.location.text(), fault.message));
      if (!fault.hint.empty()) outcome.hints.push_back(fault.hint);
    }
    if (const size_t more = errors.faults().size() - lines.size(); more > 0) {
      lines.push_back(format("and {}", print_count(more, "more fault", "more faults")));
      outcome.hints.emplace_back("'lifeboat check' shows all of them.");
    }
    outcome.cause = format("{}", join(lines, "\n"));
  } catch (...) {
    // Told as describe_failure has it.
  }
  return outcome;
}

void remember_failure(HostState& state, const RunFrame& run, const PlainOutcome& outcome) {
  const auto fill = [&](auto& entry) {
    entry.last_run = run.started;
    entry.status = outcome.code;
    entry.error = outcome.cause;
  };
  const RunName& name = run.name;
  if (name.activity == "backup" && !name.job.empty()) return fill(state.job(name.job));
  if (name.activity == "drill" && !name.job.empty()) {
    return fill(state.drill(name.host, name.job));
  }
  fill(state.activity(name.activity));
}

std::string_view how_it_ended(int code) {
  if (code == exit_interrupted) return "was stopped";
  if (code == exit_code(ErrorKind::locked)) return "did not run";
  if (code == exit_code(ErrorKind::config)) return "could not run: configuration";
  return "failed";
}

std::string told_fate(const KilledRun& run) {
  const std::string began = format("the run that began at {} was killed", print_time(run.started));
  std::string_view phase = run.phase;
  if (const size_t at = phase.find(then); phase.starts_with(complete) && at != phase.npos) {
    const std::string_view snapshot = phase.substr(complete.size(), at - complete.size());
    return format("{} after its snapshot {} was complete, at: {}", began, printable(snapshot),
                  printable(phase.substr(at + then.size())));
  }
  const std::string where = phase.empty() ? "" : format(", at: {}", printable(phase));
  if (run.name.activity != "backup") return began + where;
  return format("{}{}; {}", began, where,
                run.unsure.empty()
                    ? "no snapshot of it exists"
                    : "whether there is a snapshot of it is not known: " + printable(run.unsure));
}

}  // namespace

std::string run_title(const RunName& name) {
  if (name.job.empty()) return format("{} of {}", name.activity, name.host);
  return format("{} '{}' of {}", name.activity, name.job, name.host);
}

Account backup_account(const RunFrame& run, const BackupResult& result) {
  const Manifest& manifest = result.manifest;
  const bool partial = manifest.is_partial();
  const bool is_clean = !partial && result.warnings.empty();
  Notice notice = begin_notice(run, is_clean ? NoticeKind::success : NoticeKind::warning,
                               partial ? "is partial" : "is done");
  const auto fact = [&](std::string name, std::string value) {
    notice.facts.push_back({std::move(name), std::move(value)});
  };
  fact("snapshot", result.id.text());
  fact("files", format("{}", manifest.members));
  fact("data", print_bytes(manifest.raw.bytes));
  fact("stored", print_bytes(manifest.archive.bytes));
  fact("duration", print_duration(result.duration));
  if (result.monthly) fact("monthly copy", result.monthly->text());
  notice.warnings = result.warnings;
  for (const ManifestService& service : manifest.services) {
    if (service.ok) {
      fact(service.name, print_items(service));
    } else {
      fact(service.name, "FAILED");
      notice.problems.push_back(
          {format("service/{}/{}", run.name.job, service.name),
           format("service '{}' is not in the snapshot of {}", service.name, run_title(run.name)),
           service.error, service.hints});
    }
    for (const std::string& warning : service.warnings) {
      notice.warnings.push_back(format("{}: {}", service.name, warning));
    }
  }
  notice.resolved = over(run.name);
  notice.resolved.push_back(format("service/{}/", run.name.job));
  return {std::move(notice), [run, result](HostState& state) {
            remember_backup(state.job(run.name.job), run.started, result);
          }};
}

Account drill_account(const RunFrame& run, const DrillResult& result) {
  const bool good = result.verdict == DrillVerdict::ok;
  const bool failed = result.verdict == DrillVerdict::failed;
  const NoticeKind kind =
      failed ? NoticeKind::failure
             : (good && result.warnings.empty() ? NoticeKind::success : NoticeKind::warning);
  Notice notice = begin_notice(run, kind, good ? "passed" : failed ? "failed" : "is partial");
  const std::string line = printable(drill_line(result));
  notice.facts = {{"snapshot", result.id.text()},
                  {"result", line},
                  {"restored in", print_duration(result.restore_duration)},
                  {"with all proofs", print_duration(result.duration)}};
  if (!good) {
    notice.problems.push_back(
        {problem_id(run.name),
         notice.title,
         line,
         {format("Run 'lifeboat drill {}' to see each question.", result.id.text())}});
  }
  notice.warnings = result.warnings;
  notice.resolved = over(run.name);
  const int code = good     ? exit_ok
                   : failed ? exit_code(ErrorKind::verification)
                            : exit_code(ErrorKind::partial);
  return {std::move(notice),
          [run, line, code, finished = run.started + result.duration,
           restored = result.restore_duration, whole = result.duration](HostState& state) {
            DrillState& drill = state.drill(run.name.host, run.name.job);
            drill.last_run = run.started;
            drill.status = code;
            drill.result = line;
            drill.error = code == exit_ok ? "" : line;
            if (code != exit_ok) return;
            drill.last_success = finished;
            drill.restore_duration = restored;
            drill.duration = whole;
          }};
}

Account plain_account(const RunFrame& run, const PlainOutcome& outcome) {
  const bool good = outcome.code == exit_ok;
  Notice notice = begin_notice(run, good ? NoticeKind::success : NoticeKind::failure,
                               good ? "is done" : how_it_ended(outcome.code));
  if (good) {
    notice.resolved = over(run.name);
  } else {
    notice.problems.push_back({problem_id(run.name), notice.title, outcome.cause, outcome.hints});
  }
  return {std::move(notice),
          [run, outcome](HostState& state) { remember_failure(state, run, outcome); }};
}

Account sabotage_account(const RunFrame& run, const std::vector<SabotageOutcome>& outcomes) {
  PlainOutcome outcome;
  std::vector<std::string> missed;
  for (const SabotageOutcome& one : outcomes) {
    if (one.caught) continue;
    missed.push_back(format("{}: {}", one.service.empty() ? "archive" : one.service, one.name));
  }
  if (!missed.empty() || outcomes.empty()) {
    outcome.code = exit_code(ErrorKind::verification);
    outcome.cause = missed.empty()
                        ? "there was nothing to damage"
                        : format("damage that no drill would notice: {}", join(missed, "; "));
  }
  RunFrame sabotage = run;
  sabotage.name.activity = "sabotage";
  Account account = plain_account(sabotage, outcome);
  account.notice.activity = "drill";
  return account;
}

Account failure_account(const RunFrame& run, const std::exception_ptr& failure) {
  const PlainOutcome outcome = describe(failure);
  Account account = plain_account(run, outcome);
  const bool is_config = outcome.code == exit_code(ErrorKind::config);
  if (is_config && run.name.job.empty()) account.notice.problems.front().id = config_problem;
  return account;
}

bool had_problem(const HostState& state, const RunName& name) {
  const auto failed = [](const auto& list, auto is_it) {
    return std::any_of(list.begin(), list.end(),
                       [&](const auto& one) { return one.status != 0 && is_it(one); });
  };
  if (failed(state.activities, [&](const ActivityState& one) {
        return one.name == config_problem || one.name == name.activity;
      })) {
    return true;
  }
  if (name.activity == "backup") {
    return failed(state.jobs, [&](const JobState& one) { return one.name == name.job; });
  }
  return name.activity == "drill" && failed(state.drills, [&](const DrillState& one) {
           return one.host == name.host && one.job == name.job;
         });
}

Notice killed_notice(const std::vector<KilledRun>& runs) {
  RunFrame run{runs.back().name, runs.back().started};
  if (run.name.activity.empty()) run.name.activity = "run";
  Notice notice = begin_notice(run, NoticeKind::failure, "was killed");
  std::vector<std::string> fates;
  for (const KilledRun& one : runs) fates.push_back(told_fate(one));
  notice.problems.push_back(
      {"killed/" + problem_id(run.name),
       notice.title,
       format("{}", join(fates, "\n")),
       {"Look into the system's journal of that time: it may have run out of memory, or the host "
        "was shut down."}});
  return notice;
}

void remember_killed(HostState& state, const KilledRun& run) {
  const std::string& job = run.name.job;
  if (run.name.activity != "backup" || job.empty()) return;
  JobState& entry = state.job(job);
  if (entry.last_run > run.started) return;
  entry.last_run = run.started;
  if (is_complete(run)) return;  // the snapshot stands
  entry.status = killed_status;
  entry.error = told_fate(run);
}

bool is_complete(const KilledRun& run) { return run.phase.starts_with(complete); }

std::string phase_after_commit(const SnapshotId& id, std::string_view phase) {
  return format("{}{}{}{}", complete, id.text(), then, phase);
}

std::string missed_runs(const JobState& job, Timestamp now) {
  if (job.last_run == Timestamp{} || !job.stale_after) return "";
  if (now - job.last_run <= *job.stale_after) return "";
  return format("no run of '{}' began between {} and {}: the host was off, or its schedule is gone",
                job.name, print_time(job.last_run), print_time(now));
}

}  // namespace lifeboat::cli
