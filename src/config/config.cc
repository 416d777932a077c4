#include "config/config.h"

#include <unistd.h>

#include <cstdlib>

#include "base/format.h"
#include "base/text.h"
#include "config/load.h"
#include "config/yaml_tree.h"

namespace lifeboat {

const ServiceConfig* Config::find_service(std::string_view name) const {
  for (const ServiceConfig& service : services) {
    if (service.name == name) return &service;
  }
  return nullptr;
}

const JobConfig& Config::job(std::string_view name) const {
  std::vector<std::string> names;
  for (const JobConfig& candidate : jobs) {
    if (candidate.name == name) return candidate;
    names.push_back(candidate.name);
  }
  if (name.empty() && jobs.size() == 1) return jobs.front();
  if (name.empty()) {
    throw Error(ErrorKind::usage, "choose a job: there are several")
        .hint(format("Name one of: {}.", join(names, ", ")));
  }
  throw Error(ErrorKind::config, format("there is no job {}", quote(name)))
      .hint(did_you_mean(name, names));
}

void use_process_environment(LoadOptions& options) {
  options.environment = [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
  options.environment_names.clear();
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    options.environment_names.emplace_back(text.substr(0, text.find('=')));
  }
}

Config load_config(const std::filesystem::path& path, const LoadOptions& options) {
  const std::string name = printable(path.native());
  SmallFile file;
  try {
    file = read_small_file(path, yaml_bytes_max);
  } catch (const Error& error) {
    throw ConfigErrors({{{name, 0, 0},
                         error.message(),
                         "Give another file with --config; README.md has one to begin with."}});
  }
  FaultList faults;
  const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
  Config config = read_config({name, folder, file}, options, faults);
  wipe_text(file.text);
  if (!faults.empty()) throw ConfigErrors(faults.take());
  return config;
}

}  // namespace lifeboat
