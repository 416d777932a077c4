// The dead man's switch: a look at the store from elsewhere, with a key that may do nothing but
// list.

#include <charconv>
#include <memory>
#include <set>

#include "base/error.h"
#include "base/exit_code.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/environment_variable.h"
#include "cli/expectations.h"
#include "cli/job_request.h"
#include "cli/render_watch.h"
#include "cli/telling.h"
#include "cli/watch_telling.h"
#include "config/config.h"
#include "config/schedule.h"
#include "engine/watch.h"

namespace lifeboat::cli {
namespace {

struct Options {
  std::vector<std::string> expected;
  std::optional<uint64_t> retention_days;
  std::optional<uint64_t> retention_months;
  uint64_t nights = 14;
  std::string stale_after;
  std::string state_dir;
  WatchTellingOptions telling;
};

// "26h", "90m", "2d"
std::chrono::seconds parse_span(const std::string& text) {
  uint32_t count = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, count);
  const std::string_view unit(parsed.ptr, static_cast<size_t>(end - parsed.ptr));
  if (parsed.ec == std::errc() && count > 0) {
    if (unit == "m") return std::chrono::minutes(count);
    if (unit == "h") return std::chrono::hours(count);
    if (unit == "d") return std::chrono::days(count);
  }
  throw Error(ErrorKind::usage, format("--stale-after {}: that is no time", printable(text)))
      .hint("Write a number with m, h or d: 26h.");
}

// The configuration tells of its own store, and what to do if it was asked for by name.
bool uses_config(const CommandContext& context) {
  return context.options.store.empty() || !context.options.config_path.empty();
}

std::vector<Expectation> expectations(const Options& options, CommandContext& context) {
  std::vector<Expectation> known;
  if (context.options.store.empty()) {
    if (!context.has_config() && !options.expected.empty()) {
      throw Error(ErrorKind::usage, "watch: there is no configuration that names the store")
          .hint("Name it: --store 's3://BUCKET?endpoint=URL'.");
    }
    known = configured_expectations(context.config());
  }
  known = parse_expectations(options.expected, std::move(known));
  if (!known.empty()) return known;
  throw Error(ErrorKind::usage, "watch: nothing is expected, so nothing could be missing")
      .hint("Name each host that should back up: --expect vps-h1.");
}

WatchRequest request_of(const Options& options, const std::vector<Expectation>& expected,
                        CommandContext& context) {
  WatchRequest request;
  const bool has_span = !options.stale_after.empty();
  for (const Expectation& one : expected) {
    const bool takes_span = has_span && one.tier == Tier::daily && !one.has_own_schedule;
    request.expected.push_back(
        {one.host, one.job, one.tier, longest_gap(one.schedule).value(),
         takes_span ? parse_span(options.stale_after) : stale_after(one.schedule).value()});
  }
  if (uses_config(context)) request.retention = retention_of(context.config().retention);
  if (options.retention_days) request.retention.daily_days = *options.retention_days;
  if (options.retention_months) request.retention.monthly_months = *options.retention_months;
  request.nights = options.nights;
  request.now = context.clock().now();
  return request;
}

WatchAudience audience_of(const Options& options, CommandContext& context) {
  WatchAudience audience;
  if (uses_config(context)) {
    audience.targets = notify_targets_of(context.config().notify);
    audience.state_dir = context.config().state_dir;
  } else if (const std::string home = environment_variable("XDG_STATE_HOME");
             home.starts_with('/')) {
    audience.state_dir = std::filesystem::path(home) / "lifeboat";
  }
  if (!options.state_dir.empty()) audience.state_dir = options.state_dir;
  add_watch_targets(options.telling, audience.targets);
  return audience;
}

int watch(const Options& options, CommandContext& context) {
  const std::vector<Expectation> expected = expectations(options, context);
  const WatchRequest request = request_of(options, expected, context);
  const WatchAudience audience = audience_of(options, context);
  WatchReport report;
  try {
    report = watch_store(context.store(), request);
  } catch (const Error& error) {
    std::set<std::string> hosts;
    for (const Expectation& one : expected) hosts.insert(one.host);
    tell_watch({store_notice(*hosts.begin(), error, request.now)}, audience, context);
    throw;
  }
  std::vector<Notice> notices;
  for (const WatchedHost& host : report.hosts) notices.push_back(watch_notice(host, request.now));
  if (!context.options.json) {
    context.out().text(render_watch(report, request.now, context.style()));
    for (const std::string& note : report.notes) context.talk().say(note);
    context.out().flush();
  }
  const std::vector<Delivery> told = tell_watch(notices, audience, context);
  if (context.options.json) {
    Json result = watch_to_json(report, request.now);
    result["told"] = deliveries_to_json(told);
    context.out().json(result);
  }
  return report.is_good() ? exit_ok : exit_differs;
}

}  // namespace

void add_watch(CLI::App& app, CommandContext& context) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = add_command(
      app, context,
      {"watch",
       "from elsewhere: is every host's newest backup there, by the store's listing alone?",
       group_setup,
       {"lifeboat watch --store 's3://backups?endpoint=https://s3.eu-central-1.wasabisys.com' "
        "--expect vps-h1",
        "lifeboat watch --store s3://backups --expect vps-i1/nightly=02:30 --expect "
        "vps-i1/supabase-weekly=weekly",
        "lifeboat watch --store s3://backups --expect vps-h1 --github-repo owner/name --discord",
        "lifeboat watch --json"}});
  add_list_option(command, "--expect", options->expected, expectation_help)
      ->option_text("HOST[/JOB]");
  command
      .add_option("--stale-after", options->stale_after,
                  "age of a nightly that is too old: 26h, 90m, 2d; for what has no schedule of its "
                  "own")
      ->option_text("AGE");
  command.add_option("--nights", options->nights, "how far back missed nights are told (14)")
      ->check(CLI::Range(1, 366))
      ->option_text("N");
  command
      .add_option("--retention-days", options->retention_days,
                  "how long the store keeps nightlies (30)")
      ->check(CLI::Range(1, 36500))
      ->option_text("N");
  command
      .add_option("--retention-months", options->retention_months,
                  "how long it keeps monthly copies (12; 0: none are made)")
      ->check(CLI::Range(0, 1200))
      ->option_text("N");
  command
      .add_option("--github-repo", options->telling.github_repo,
                  "open an issue a problem there, close it when it is over (GITHUB_TOKEN)")
      ->option_text("OWNER/NAME");
  command.add_flag("--discord", options->telling.discord,
                   "tell Discord (LIFEBOAT_DISCORD_WEBHOOK)");
  command.add_flag("--heartbeat", options->telling.heartbeat,
                   "ping when it was looked, so that a dead watch is missed "
                   "(LIFEBOAT_HEARTBEAT_URL)");
  command
      .add_option("--state-dir", options->state_dir,
                  "remember what was told: the same news once a day, recoveries once")
      ->option_text("DIR");
  add_store_only_options(command, context);
  set_action(command, context, [options, &context] { return watch(*options, context); });
}

}  // namespace lifeboat::cli
