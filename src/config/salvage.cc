#include "config/salvage.h"

#include "base/format.h"
#include "base/text.h"
#include "config/load.h"
#include "config/yaml_tree.h"

namespace lifeboat {
namespace {

// A notifier that lacks what its table requires cannot tell anything.
void drop_incomplete(NotifyConfig& notify) {
  if (notify.discord && !notify.discord->webhook) notify.discord.reset();
  if (notify.github && (notify.github->repo.empty() || !notify.github->token)) {
    notify.github.reset();
  }
  if (notify.heartbeat && !notify.heartbeat->url) notify.heartbeat.reset();
  if (notify.webhook && !notify.webhook->url) notify.webhook.reset();
  const auto& smtp = notify.smtp;
  if (smtp && (smtp->url.empty() || smtp->from.empty() || smtp->to.empty() ||
               (!smtp->username.empty() && !smtp->password))) {
    notify.smtp.reset();
  }
}

Reporting salvage_file(SmallFile file, const std::filesystem::path& path,
                       const LoadOptions& options) {
  FaultList faults;
  const Config config = read_config({path.native(), path.parent_path(), file}, options, faults);
  wipe_text(file.text);
  return reporting_of(config);
}

std::string first_line_for(const std::filesystem::path& path) {
  return format("# the last good state of '{}', without secrets\n",
                printable(std::filesystem::absolute(path).native()));
}

}  // namespace

std::vector<std::string> Reporting::notifiers() const {
  std::vector<std::string> names;
  if (notify.discord) names.emplace_back("discord");
  if (notify.github) names.emplace_back("github");
  if (notify.heartbeat) names.emplace_back("heartbeat");
  if (notify.webhook) names.emplace_back("webhook");
  if (notify.smtp) names.emplace_back("smtp");
  return names;
}

Reporting reporting_of(const Config& config) {
  Reporting reporting{config.host, config.state_dir, {}, config.metrics, config.notify};
  for (const JobConfig& job : config.jobs) reporting.jobs.push_back(job.name);
  drop_incomplete(reporting.notify);
  return reporting;
}

Reporting salvage_reporting(const std::filesystem::path& path, const LoadOptions& options) {
  try {
    return salvage_file(read_small_file(path, yaml_bytes_max), std::filesystem::absolute(path),
                        options);
  } catch (const Error&) {
    return {};  // told as the fault that it is by load_config
  }
}

std::string keep_text(const std::filesystem::path& path, const Config& config) {
  return first_line_for(path) + config.text_without_secrets;
}

Reporting salvage_kept(const std::filesystem::path& kept, const std::filesystem::path& path,
                       const LoadOptions& options) {
  try {
    SmallFile file = read_small_file(kept, 2 * yaml_bytes_max);
    const std::string first = first_line_for(path);
    if (!secrecy_fault(file).empty() || !file.text.starts_with(first)) return {};
    file.text.erase(0, first.size());
    return salvage_file(std::move(file), std::filesystem::absolute(path), options);
  } catch (const Error&) {
    return {};  // there may never have been a good one
  }
}

}  // namespace lifeboat
