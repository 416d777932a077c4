// Who is to be told, when the configuration itself is what is broken.
//
// Whoever is named in the broken file is asked first. What it does not say any more comes from the
// last configuration that was good, of which a copy without secrets is kept: its variables are read
// from today's environment, so a secret that was written out in the file itself is lost with it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace lifeboat {

// What concerns telling. Each notifier in it is complete.
struct Reporting {
  std::string host;                 // empty: not known
  std::filesystem::path state_dir;  // empty: not known
  std::vector<std::string> jobs;
  MetricsConfig metrics;
  NotifyConfig notify;

  // Those that are configured, as their sections are called.
  std::vector<std::string> notifiers() const;
  bool tells_anybody() const { return !notifiers().empty(); }
};

// Of a configuration without faults.
Reporting reporting_of(const Config& config);

// What can be read of a file with faults: nothing of one that is missing or no YAML.
Reporting salvage_reporting(const std::filesystem::path& path, const LoadOptions& options);

// The text to keep of a good configuration, which salvage_kept reads back.
std::string keep_text(const std::filesystem::path& path, const Config& config);
// The same from what was kept of the configuration `path`; nothing if it is of another one, or
// others could have written it.
Reporting salvage_kept(const std::filesystem::path& kept, const std::filesystem::path& path,
                       const LoadOptions& options);

}  // namespace lifeboat
