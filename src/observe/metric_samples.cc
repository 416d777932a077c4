#include "observe/metric_samples.h"

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "observe/metrics.h"

namespace lifeboat {
namespace {

// Valid in the format whatever `value` is: printable UTF-8 on one line, with `\` and `"` escaped.
std::string label_value(std::string_view value) {
  std::string escaped;
  for (const char letter : printable(value)) {
    if (letter == '\\' || letter == '"') escaped += '\\';
    escaped += letter;
  }
  return escaped;
}

bool has_run(Timestamp last_run) { return last_run > Timestamp{}; }

}  // namespace

void MetricSamples::add(std::string_view name, Labels labels, uint64_t value) {
  put(name, labels, format("{}", value));
}

void MetricSamples::add_status(std::string_view name, Labels labels, int status) {
  put(name, labels, format("{}", status));
}

void MetricSamples::add_duration(std::string_view name, Labels labels,
                                 std::chrono::nanoseconds duration) {
  put(name, labels, format("{}", std::chrono::duration<double>(duration).count()));
}

void MetricSamples::add_time(std::string_view name, Labels labels,
                             const std::optional<Timestamp>& time) {
  if (!time) return;
  put(name, labels,
      format("{}", std::chrono::floor<std::chrono::seconds>(time->time_since_epoch()).count()));
}

void MetricSamples::put(std::string_view name, Labels labels, std::string value) {
  const auto& table = metric_table();
  ensure(std::any_of(table.begin(), table.end(),
                     [name](const MetricInfo& metric) { return metric.name == name; }),
         "a metric is in the table");
  std::string text;
  for (const auto& [label, of_label] : labels) {
    text += format("{}{}=\"{}\"", text.empty() ? "" : ",", label, label_value(of_label));
  }
  families_[name].insert_or_assign(std::move(text), std::move(value));
}

void MetricSamples::add_service(std::string_view host, std::string_view job,
                                const ServiceState& service) {
  const Labels labels{{"host", host}, {"job", job}, {"service", service.name}};
  add_status("lifeboat_service_status", labels, service.ok ? 0 : 1);
  add_time("lifeboat_service_last_success_timestamp_seconds", labels, service.last_success);
  if (!service.last_success) return;
  add("lifeboat_service_source_bytes", labels, service.source_bytes);
  for (const ItemCount& count : service.items) {
    add("lifeboat_service_items",
        {{"host", host}, {"job", job}, {"service", service.name}, {"item", count.item}},
        count.count);
  }
}

void MetricSamples::add_job(std::string_view host, const JobState& job) {
  const Labels labels{{"host", host}, {"job", job.name}};
  put("lifeboat_job_stale_after_seconds", labels,
      job.stale_after ? format("{}", job.stale_after->count()) : "+Inf");
  if (!has_run(job.last_run)) return;
  add_time("backup_last_success_timestamp", labels, job.last_success);
  add_time("lifeboat_last_success_timestamp_seconds", labels, job.last_success);
  add_time("lifeboat_last_run_timestamp_seconds", labels, job.last_run);
  add_status("lifeboat_run_status", labels, job.status);
  if (!job.snapshot.empty()) {
    add_duration("lifeboat_duration_seconds", labels, job.duration);
    add("lifeboat_archive_bytes", labels, job.archive_bytes);
    add("lifeboat_raw_bytes", labels, job.raw_bytes);
    add("lifeboat_members", labels, job.members);
  }
  for (const ServiceState& service : job.services) add_service(host, job.name, service);
}

void MetricSamples::add_drill(const DrillState& drill) {
  if (!has_run(drill.last_run)) return;
  const Labels labels{{"host", drill.host}, {"job", drill.job}};
  add_time("lifeboat_drill_last_success_timestamp_seconds", labels, drill.last_success);
  add_time("lifeboat_drill_last_run_timestamp_seconds", labels, drill.last_run);
  add_status("lifeboat_drill_status", labels, drill.status);
  if (!drill.last_success) return;
  add_duration("lifeboat_drill_duration_seconds", labels, drill.duration);
  add_duration("lifeboat_drill_restore_duration_seconds", labels, drill.restore_duration);
}

void MetricSamples::add_host(const HostState& state) {
  const std::string_view host = state.host;
  if (state.shelf) {
    add("lifeboat_dailies", {{"host", host}}, state.shelf->dailies);
    add_time("lifeboat_oldest_daily_expires_timestamp_seconds", {{"host", host}},
             state.shelf->oldest_expires);
    add_time("lifeboat_newest_daily_expires_timestamp_seconds", {{"host", host}},
             state.shelf->newest_expires);
  }
  for (const ActivityState& activity : state.activities) {
    if (!has_run(activity.last_run)) continue;
    const Labels labels{{"host", host}, {"activity", activity.name}};
    add_status("lifeboat_activity_status", labels, activity.status);
    add_time("lifeboat_activity_last_run_timestamp_seconds", labels, activity.last_run);
  }
  for (const NotifierState& notifier : state.notifiers) {
    const Labels labels{{"host", host}, {"notifier", notifier.name}};
    add("lifeboat_notifier_up", labels, notifier.failing || notifier.dead ? 0 : 1);
    add("lifeboat_notifier_failures_total", labels, notifier.failures_total);
    add_time("lifeboat_notifier_last_success_timestamp_seconds", labels, notifier.last_success);
  }
  add("lifeboat_build_info", {{"host", host}, {"version", LIFEBOAT_VERSION}}, 1);
}

std::string MetricSamples::print() const {
  std::string text;
  for (const MetricInfo& metric : metric_table()) {
    const auto family = families_.find(metric.name);
    if (family == families_.end()) continue;
    text +=
        format("# HELP {} {}\n# TYPE {} {}\n", metric.name, metric.help, metric.name, metric.type);
    for (const auto& [labels, value] : family->second) {
      text += format("{}{{{}}} {}\n", metric.name, labels, value);
    }
  }
  return text;
}

}  // namespace lifeboat
