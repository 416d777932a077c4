// The monitoring pack into a folder: what Prometheus, Alertmanager and Grafana need to notice what
// a host that is gone cannot tell.

#include "observe/monitoring/pack.h"

#include <algorithm>
#include <memory>

#include "base/error.h"
#include "base/exit_code.h"
#include "base/format.h"
#include "base/names.h"
#include "base/text.h"
#include "cli/command.h"
#include "config/config.h"
#include "config/schedule.h"

namespace lifeboat::cli {
namespace {

struct Options {
  std::string folder;
  std::vector<std::string> expected;
  uint64_t stale_after_seconds = 0;  // 0: each job's own
  std::string runbook_url;
  bool force = false;
};

// HOST/JOB or HOST/JOB=SCHEDULE
ExpectedJob parse_expected(const std::string& text) {
  const size_t slash = text.find('/');
  const size_t equals = text.find('=');
  ExpectedJob expected;
  if (slash != std::string::npos) {
    expected.host = text.substr(0, slash);
    expected.job =
        text.substr(slash + 1, equals == std::string::npos ? equals : equals - slash - 1);
  }
  if (!is_host_name(expected.host) || !is_service_name(expected.job)) {
    throw Error(
        ErrorKind::usage,
        format("read --expect '{}': it is no HOST/JOB or HOST/JOB=SCHEDULE", printable(text)))
        .hint(format("A host's name has {}; a job's name has {}.", host_name_rule,
                     service_name_rule));
  }
  if (equals == std::string::npos) return expected;
  const std::string schedule = text.substr(equals + 1);
  if (is_schedule(schedule)) expected.stale_after = stale_after(schedule);
  if (!expected.stale_after) {
    throw Error(ErrorKind::usage,
                format("read --expect '{}': '{}' is no schedule to expect runs by", printable(text),
                       printable(schedule)))
        .hint("A schedule is 02:00, hourly, daily, weekly, monthly, or five fields as in cron.");
  }
  return expected;
}

// What was typed, and the jobs of this host's configuration if it has one.
std::vector<ExpectedJob> expected_jobs(const Options& options, CommandContext& context) {
  std::vector<ExpectedJob> jobs;
  for (const std::string& text : options.expected) jobs.push_back(parse_expected(text));
  if (!context.has_config()) return jobs;
  const Config& config = context.config();
  for (const JobConfig& job : config.jobs) {
    const auto limit = stale_after(job.schedule);
    if (limit) jobs.push_back({config.host, job.name, limit});  // others are run by hand
  }
  return jobs;
}

int write_monitoring(const Options& options, CommandContext& context) {
  PackOptions pack;
  pack.expected = expected_jobs(options, context);
  if (options.stale_after_seconds > 0) {
    pack.stale_after = std::chrono::seconds(options.stale_after_seconds);
  }
  if (!options.runbook_url.empty()) pack.runbook_url = options.runbook_url;
  const std::vector<PackFile> files = monitoring_pack(pack);
  const std::vector<PackChange> changes =
      write_pack(options.folder, files, context.random(), {.force = options.force});
  Table table({{"CHANGE"}, {"FILE"}});
  Json listed = Json::array();
  for (size_t i = 0; i < files.size(); ++i) {
    const std::string change(pack_change_name(changes[i]));
    table.add_row({change, files[i].path});
    listed.push_back({{"file", files[i].path}, {"change", change}});
  }
  if (context.options.json) {
    context.out().json({{"folder", options.folder}, {"files", listed}});
  } else {
    context.out().text(table.print());
  }
  if (std::find(changes.begin(), changes.end(), PackChange::kept) != changes.end()) {
    context.talk().warn(
        "files that differ from what lifeboat wrote were kept; --force replaces them");
  }
  if (pack.expected.empty()) {
    context.talk().warn(
        "no job is expected: a host that never told anything will not be missed; add --expect "
        "HOST/JOB");
  }
  return exit_ok;
}

}  // namespace

void add_monitoring(CLI::App& app, CommandContext& context) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = add_command(
      app, context,
      {"monitoring",
       "write alert rules, Alertmanager's route, a Grafana dashboard and a runbook",
       group_setup,
       {"lifeboat monitoring --to monitoring --expect vps-h1/nightly --expect vps-i1/nightly",
        "lifeboat monitoring --to monitoring --expect vps-i1/supabase-weekly=weekly \\\n"
        "      --runbook-url https://github.com/me/infra/blob/main/docs/runbook.md",
        "lifeboat monitoring --to /etc/prometheus/backups     # the jobs of this host"}});
  command.add_option("--to", options->folder, "the folder to write to; made if need be")
      ->required()
      ->option_text("DIR");
  add_list_option(
      command, "--expect", options->expected,
      "a job that must be seen, with its schedule if it is not nightly; may be repeated")
      ->option_text("HOST/JOB[=SCHEDULE]");
  command
      .add_option("--stale-after", options->stale_after_seconds,
                  "one limit for all jobs instead of 26 h or what follows from their schedules")
      ->option_text("SECONDS")
      ->check(CLI::Range(uint64_t{1}, uint64_t{400} * 86400));
  command
      .add_option("--runbook-url", options->runbook_url,
                  "where the runbook can be read, for the links in alerts (default: runbook.md)")
      ->option_text("URL");
  command.add_flag("--force", options->force, "replace files that were changed by hand, too");
  add_config_option(command, context);
  set_action(command, context, [options, &context] { return write_monitoring(*options, context); });
}

}  // namespace lifeboat::cli
