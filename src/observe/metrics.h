// The numbers that Prometheus reads: every name and HELP text in one table, so that the files of
// several hosts never differ in them (node_exporter refuses that).
// https://github.com/prometheus/node_exporter#textfile-collector
// https://github.com/prometheus/pushgateway#api
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/stop.h"
#include "observe/host_state.h"

namespace lifeboat {

// Names, types and HELP texts, for docs/MONITORING.md and its test.
struct MetricInfo {
  std::string_view name;
  std::string_view help;
  std::string_view labels;  // "host, job"
};
const std::vector<MetricInfo>& metric_table();

// The text exposition format, without timestamps (node_exporter drops files with any).
std::string print_metrics(const HostState& state);

// `<directory>/lifeboat-<host>.prom`, mode 0644, by rename from a name that does not end in
// ".prom". Throws Error(config), with a hint if the folder is missing.
void write_textfile(const std::filesystem::path& directory, const HostState& state, Random& random);

struct PushRequest {
  std::string url;  // of the gateway; a user and password in it are sent and never told
  StopToken stop = {};
};
// PUT of one group a job, /metrics/job/JOB/host/HOST, each with what concerns that job; the host's
// own (shelf, notifiers, build) under the job "lifeboat". Throws Error(service).
void push_metrics(const PushRequest& request, const HostState& state);
// DELETE of those groups: for a host or job that is no more.
void delete_pushed(const PushRequest& request, std::string_view host,
                   const std::vector<std::string>& jobs);

}  // namespace lifeboat
