#include "observe/metrics.h"

#include "base/schedule_grace.h"
#include "observe/metric_samples.h"

namespace lifeboat {
namespace {

constexpr std::string_view of_job = "host, job";
constexpr std::string_view of_service = "host, job, service";
constexpr std::string_view gauge = "gauge";

}  // namespace

const std::vector<MetricInfo>& metric_table() {
  static const std::vector<MetricInfo> table{
      {"backup_last_success_timestamp",
       "End of the last backup with all services, the same as "
       "lifeboat_last_success_timestamp_seconds.",
       of_job, gauge},
      {"lifeboat_last_success_timestamp_seconds", "End of the last backup with all services.",
       of_job, gauge},
      {"lifeboat_last_run_timestamp_seconds", "Start of the last backup, whatever became of it.",
       of_job, gauge},
      {"lifeboat_run_status", "Exit status of the last backup: 0 is good, 8 is partial.", of_job,
       gauge},
      {"lifeboat_job_stale_after_seconds",
       "Without a success for longer, the job is stale; +Inf if it is run by hand.", of_job, gauge},
      {"lifeboat_duration_seconds", "Duration of the last backup that made a snapshot.", of_job,
       gauge},
      {"lifeboat_archive_bytes", "Size in the store of the last snapshot's archive.", of_job,
       gauge},
      {"lifeboat_raw_bytes", "Size of the last snapshot before compression.", of_job, gauge},
      {"lifeboat_members", "Files in the last snapshot's archive.", of_job, gauge},
      {"lifeboat_service_status", "The last backup of the service: 0 is good, 1 failed.",
       of_service, gauge},
      {"lifeboat_service_last_success_timestamp_seconds",
       "End of the last backup that holds the service.", of_service, gauge},
      {"lifeboat_service_source_bytes", "Size of the service's data in its last good backup.",
       of_service, gauge},
      {"lifeboat_service_items", "What the service's last good backup holds, counted.",
       "host, job, service, item", gauge},
      {"lifeboat_drill_last_success_timestamp_seconds",
       "End of the last drill that restored the job's snapshot and proved it.", of_job, gauge},
      {"lifeboat_drill_last_run_timestamp_seconds",
       "Start of the last drill, whatever became of it.", of_job, gauge},
      {"lifeboat_drill_status", "Exit status of the last drill: 0 is good.", of_job, gauge},
      {"lifeboat_drill_duration_seconds",
       "Duration of the last good drill with all its proofs: the measured recovery time.", of_job,
       gauge},
      {"lifeboat_drill_restore_duration_seconds",
       "Duration of the last good drill until all data lay on disk.", of_job, gauge},
      {"lifeboat_dailies", "Nightly snapshots in the store.", "host", gauge},
      {"lifeboat_oldest_daily_expires_timestamp_seconds",
       "When the oldest nightly snapshot will be removed.", "host", gauge},
      {"lifeboat_newest_daily_expires_timestamp_seconds",
       "When the newest nightly snapshot will be removed: then none is left, if no backup comes.",
       "host", gauge},
      {"lifeboat_activity_status", "Exit status of the last prune, verify or such: 0 is good.",
       "host, activity", gauge},
      {"lifeboat_activity_last_run_timestamp_seconds",
       "Start of the last prune, verify or such, whatever became of it.", "host, activity", gauge},
      {"lifeboat_notifier_up", "1 if the notifier's last message was taken, else 0.",
       "host, notifier", gauge},
      {"lifeboat_notifier_failures_total", "Messages that the notifier could not deliver.",
       "host, notifier", "counter"},
      {"lifeboat_notifier_last_success_timestamp_seconds",
       "When the notifier's last message was taken.", "host, notifier", gauge},
      {"lifeboat_build_info", "Version of Lifeboat; always 1.", "host, version", gauge},
  };
  return table;
}

HostState as_known_at(HostState state, Timestamp now) {
  const Timestamp last = now + clock_skew_max;
  const auto forget_run = [&](Timestamp& run) {
    if (run > last) run = {};
  };
  const auto forget_success = [&](std::optional<Timestamp>& success) {
    if (success && *success > last) success.reset();
  };
  for (JobState& job : state.jobs) {
    forget_run(job.last_run);
    forget_success(job.last_success);
    for (ServiceState& service : job.services) forget_success(service.last_success);
  }
  for (DrillState& drill : state.drills) {
    forget_run(drill.last_run);
    forget_success(drill.last_success);
  }
  for (ActivityState& activity : state.activities) forget_run(activity.last_run);
  for (NotifierState& notifier : state.notifiers) forget_success(notifier.last_success);
  return state;
}

std::string print_metrics(const HostState& state) {
  MetricSamples samples;
  for (const JobState& job : state.jobs) samples.add_job(state.host, job);
  for (const DrillState& drill : state.drills) samples.add_drill(drill);
  samples.add_host(state);
  return samples.print();
}

}  // namespace lifeboat
