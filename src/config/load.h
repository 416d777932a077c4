// The loader, for those who can do something with half a configuration.
#pragma once

#include <filesystem>
#include <string>

#include "config/config.h"
#include "config/findings.h"
#include "config/small_file.h"

namespace lifeboat {

struct ConfigText {
  std::string name;              // in messages
  std::filesystem::path folder;  // relative paths begin here
  const SmallFile& file;
};

// As much of the configuration as can be read; what is wrong with it is added to `faults`. A
// section with a fault lacks what the fault is about, even if it is required.
Config read_config(const ConfigText& source, const LoadOptions& options, FaultList& faults);

}  // namespace lifeboat
