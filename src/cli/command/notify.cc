// Tries the notifiers, and tells of a systemd unit that failed without a word.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/exit_code.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/environment_variable.h"
#include "cli/invocations.h"
#include "cli/last_good.h"
#include "cli/table.h"
#include "cli/telling.h"
#include "cli/watched_run.h"
#include "config/config.h"

namespace lifeboat::cli {
namespace {

constexpr const char* group_actions = "Actions";
constexpr std::string_view heartbeat = "heartbeat";
constexpr std::string_view not_tried = "not tried";  // a ping would count as a backup

Json deliveries_to_json(const std::vector<Delivery>& deliveries) {
  Json list = Json::array();
  for (const Delivery& one : deliveries) {
    Json entry = {{"notifier", one.notifier}, {"ok", one.delivered}};
    if (one.notifier == heartbeat) entry["ok"] = nullptr;
    if (!one.delivered) {
      entry["error"] = one.error;
      entry["hints"] = one.hints;
    }
    list.push_back(std::move(entry));
  }
  return list;
}

std::string render_deliveries(const std::vector<Delivery>& deliveries, const Style& style) {
  Table table({{"NOTIFIER"}, {"RESULT"}, {"CAUSE"}});
  std::string hints;
  for (const Delivery& one : deliveries) {
    std::string result = one.delivered ? style.good("ok") : style.bad("FAILED");
    if (one.notifier == heartbeat) result = not_tried;
    table.add_row({one.notifier, result, printable(one.error)});
    for (const std::string& hint : one.hints) {
      hints += format("hint: {}: {}\n", one.notifier, printable(hint));
    }
  }
  return table.print() + hints;
}

std::vector<Delivery> send_test(Telling& telling) {
  Notice notice;
  notice.activity = "test";
  notice.title = format("a test from {}: nothing is wrong", telling.reporting().host);
  std::vector<Delivery> deliveries = telling.tell_all(std::move(notice));
  if (telling.reporting().notify.heartbeat) {
    deliveries.push_back(
        {.notifier = std::string(heartbeat), .delivered = true, .error = "", .hints = {}});
  }
  return deliveries;
}

int test(CommandContext& context) {
  Telling telling(context, reporting_of(context.config()), false);
  if (!telling.reporting().tells_anybody()) {
    throw Error(ErrorKind::config, "test the notifiers: none is configured")
        .hint("Add a notify section to the configuration; docs/NOTIFY.md has examples.");
  }
  const std::vector<Delivery> deliveries = send_test(telling);
  if (context.options.json) {
    context.out().json(deliveries_to_json(deliveries));
  } else {
    context.out().text(render_deliveries(deliveries, context.style()));
  }
  for (const Delivery& one : deliveries) {
    if (!one.delivered) return exit_code(ErrorKind::service);
  }
  return exit_ok;
}

// What systemd says about the unit that failed, since version 251.
// https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#%24MONITOR_SERVICE_RESULT
struct FailedUnit {
  std::string name;
  std::string result;      // "exit-code", "signal", "oom-kill", "timeout", ...
  std::string code;        // "exited", "killed", "dumped"
  std::string status;      // "203", "KILL"
  std::string invocation;  // id of the run
};

FailedUnit failed_unit(const std::string& named) {
  FailedUnit unit{
      environment_variable("MONITOR_UNIT"), environment_variable("MONITOR_SERVICE_RESULT"),
      environment_variable("MONITOR_EXIT_CODE"), environment_variable("MONITOR_EXIT_STATUS"),
      environment_variable("MONITOR_INVOCATION_ID")};
  if (!named.empty()) unit.name = named;
  return unit;
}

Notice unit_notice(const FailedUnit& unit, const std::string& host) {
  const std::string name = unit.name.empty() ? "a unit" : unit.name;
  Notice notice;
  notice.kind = NoticeKind::failure;
  notice.activity = "unit";
  notice.title = format("{} of {} failed without a word", name, host);
  std::string cause = "systemd called for help";
  if (!unit.result.empty()) {
    cause = format("systemd says: {}, {} {}", unit.result, unit.code, unit.status);
  }
  notice.problems.push_back({format("unit/{}", name),
                             notice.title,
                             std::move(cause),
                             {format("See what it said: journalctl -u {} -n 50", unit.name)}});
  return notice;
}

Reporting who_is_told(CommandContext& context) {
  try {
    return reporting_of(context.config());
  } catch (const Error& error) {
    context.talk().warn(error.what());
    return salvage(context);
  }
}

int failure(const std::string& named, CommandContext& context) {
  const FailedUnit unit = failed_unit(named);
  Telling telling(context, who_is_told(context), false);
  const Reporting& reporting = telling.reporting();
  if (!reporting.tells_anybody()) {
    throw Error(ErrorKind::config, "tell of a failed unit: no notifier is configured")
        .hint("Add a notify section to the configuration; docs/NOTIFY.md has examples.");
  }
  size_t killed = 0;
  try {
    killed = tell_killed_runs(telling, context);
  } catch (const Error& error) {
    context.talk().warn(error.what());
  }
  const bool was_ended = unit.result != "exit-code";  // then its mark says more than systemd knows
  if (was_told(reporting.state_dir, unit.invocation)) {
    context.out().line("the run told by itself how it ended");
    return exit_ok;
  }
  if (killed > 0 && was_ended) {
    context.out().line(format("told of {}", print_count(killed, "killed run", "killed runs")));
    return exit_ok;
  }
  if (telling.tell(unit_notice(unit, reporting.host))) {
    context.out().line("told that the unit failed");
    return exit_ok;
  }
  throw Error(ErrorKind::service, "tell of a failed unit: no notifier took it")
      .hint("'lifeboat notify test' shows why.");
}

}  // namespace

void add_notify(CLI::App& app, CommandContext& context) {
  CLI::App& notify = add_command(app, context,
                                 {"notify",
                                  "try who is told, and tell of a systemd unit that failed",
                                  group_setup,
                                  {"lifeboat notify test", "lifeboat notify failure"}});
  notify.require_subcommand(1);
  CLI::App& trial = add_command(notify, context,
                                {"test",
                                 "send a test through every notifier",
                                 group_actions,
                                 {"lifeboat notify test", "lifeboat notify test --json"}});
  add_config_option(trial, context);
  set_action(trial, context, [&context] { return test(context); });

  const auto unit = std::make_shared<std::string>();
  CLI::App& told = add_command(
      notify, context,
      {"failure",
       "for OnFailure= of systemd: tell what the failed run could not tell by itself",
       group_actions,
       {"lifeboat notify failure", "lifeboat notify failure --unit lifeboat-nightly.service"}});
  told.add_option("--unit", *unit, "the unit that failed (default: what systemd says)")
      ->option_text("NAME");
  add_config_option(told, context);
  set_action(told, context, [unit, &context] { return failure(*unit, context); });
}

}  // namespace lifeboat::cli
