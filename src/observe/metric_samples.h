// What a state says as samples, in parts: a file takes all of them, a Pushgateway one group each.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "observe/host_state.h"

namespace lifeboat {

// Samples by family; the families are those of metric_table(). Of two samples with the same labels
// the later one stays: both would make the whole file invalid.
class MetricSamples {
 public:
  void add_job(std::string_view host, const JobState& job);
  void add_drill(const DrillState& drill);
  // What belongs to the host and to none of its jobs.
  void add_host(const HostState& state);
  // The text exposition format, families and samples in a fixed order.
  std::string print() const;

 private:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;
  void add_service(std::string_view host, std::string_view job, const ServiceState& service);
  void add(std::string_view name, Labels labels, uint64_t value);
  void add_status(std::string_view name, Labels labels, int status);
  void add_duration(std::string_view name, Labels labels, std::chrono::nanoseconds duration);
  // None for a time that is not known, rather than 0, which would read as 1970.
  void add_time(std::string_view name, Labels labels, const std::optional<Timestamp>& time);
  void put(std::string_view name, Labels labels, std::string value);

  std::map<std::string_view, std::map<std::string, std::string>> families_;
};

}  // namespace lifeboat
