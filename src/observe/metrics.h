// The numbers that Prometheus reads: every name and HELP text in one table, so that the files of
// several hosts never differ in them (node_exporter refuses that).
// https://github.com/prometheus/node_exporter#textfile-collector
// https://github.com/prometheus/pushgateway#api
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/stop.h"
#include "observe/host_state.h"

namespace lifeboat {

// In the order in which they are printed. docs/METRICS.md is held against it.
struct MetricInfo {
  std::string_view name;
  std::string_view help;
  std::string_view labels;  // "host, job"
  std::string_view type;    // "gauge", "counter"
};
const std::vector<MetricInfo>& metric_table();

// The text exposition format, without timestamps (node_exporter drops files with any). A value that
// is not known has no sample: a job that never succeeded has no time of its last success.
std::string print_metrics(const HostState& state);

// Without what is dated an hour or more after `now`: a clock was ahead then, and until its time has
// come such a success would say that all is well. To be printed, not to be kept.
HostState as_known_at(HostState state, Timestamp now);

// `<directory>/lifeboat-<host>.prom`, mode 0644, by rename from a name that does not end in
// ".prom". Called within StateFile::update, it cannot put an older state over that of a run which
// ends at the same moment. Throws Error(config), with a hint if the folder is missing.
void write_textfile(const std::filesystem::path& directory, const HostState& state, Random& random);

struct PushRequest {
  std::string url;  // of the gateway; a user and password in it are sent and never told
  StopToken stop = {};
  std::chrono::milliseconds timeout{10'000};  // of each request
};
// One PUT a group, which replaces all that the group held: /metrics/job/JOB/host/HOST for backups,
// the same and /activity/drill for drills, which may run on another machine and must not replace
// those; the host's own (shelf, notifiers, build) under the job "lifeboat". A request is tried
// twice. Throws Error(service) for the first group that fails.
void push_metrics(const PushRequest& request, const HostState& state);
// DELETE of the groups of these jobs, for those that are no more; "lifeboat" names the host's own.
// One that is not there is fine. Throws Error(service).
void delete_pushed(const PushRequest& request, std::string_view host,
                   const std::vector<std::string>& jobs);

}  // namespace lifeboat
