#include <algorithm>

#include "base/exit_code.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/render.h"

namespace lifeboat::cli {
namespace {

constexpr std::string_view passed_mark = "✓";
constexpr std::string_view failed_mark = "✗";

std::string mark(bool passed, const Style& style) {
  return passed ? style.good(passed_mark) : style.bad(failed_mark);
}

std::string render_probe(const ProbeResult& probe, const Style& style) {
  std::string text = format("  {} {}", mark(probe.passed, style), printable(probe.name));
  if (probe.passed) {
    if (!probe.found.empty()) text += style.faint(format(": {}", printable(probe.found)));
    return text + "\n";
  }
  text += format("\n      expected {}\n      found    {}\n", printable(probe.expected),
                 printable(probe.found));
  if (!probe.evidence.empty()) text += format("      {}\n", printable(probe.evidence));
  return text;
}

Json probes_to_json(const std::vector<ProbeResult>& probes) {
  Json list = Json::array();
  for (const ProbeResult& probe : probes) {
    list.push_back({{"name", probe.name},
                    {"passed", probe.passed},
                    {"expected", probe.expected},
                    {"found", probe.found},
                    {"evidence", probe.evidence}});
  }
  return list;
}

std::string_view verdict_name(DrillVerdict verdict) {
  switch (verdict) {
    case DrillVerdict::ok:
      return "ok";
    case DrillVerdict::partial:
      return "partial";
    case DrillVerdict::failed:
      return "failed";
  }
  throw Bug("unknown verdict");
}

}  // namespace

std::string_view level_name(FindingLevel level) {
  switch (level) {
    case Finding::Level::ok:
      return "ok";
    case Finding::Level::warning:
      return "warning";
    case Finding::Level::error:
      return "error";
  }
  throw Bug("unknown level");
}

std::string level_mark(FindingLevel level, const Style& style) {
  switch (level) {
    case Finding::Level::ok:
      return style.good(passed_mark);
    case Finding::Level::warning:
      return style.caution("!");
    case Finding::Level::error:
      return style.bad(failed_mark);
  }
  throw Bug("unknown level");
}

std::string render_drill(const DrillResult& result, const Style& style) {
  const bool is_fresh = result.age < std::chrono::minutes(1);
  std::string text =
      format("drill of {}, made {}, restored in {}, all proved in {}\n\n",
             style.strong(result.id.text()), is_fresh ? "just now" : print_age(result.age) + " ago",
             print_duration(result.restore_duration), print_duration(result.duration));
  text += style.strong("archive") + "\n";
  for (const ProbeResult& probe : result.archive_probes) text += render_probe(probe, style);
  for (const DrilledService& service : result.services) {
    text += format("{} ({})\n", style.strong(printable(service.name)), printable(service.recipe));
    if (!service.in_snapshot) {
      text += format("  {} not in the snapshot: it failed at backup time\n", style.caution("!"));
    }
    for (const ProbeResult& probe : service.probes) text += render_probe(probe, style);
    if (!service.not_started.empty()) {
      text += format("  {} the service itself was not started: {}\n", style.caution("!"),
                     printable(service.not_started));
    }
  }
  text += "\n";
  if (!result.evidence_key.empty()) text += format("evidence: {}\n", result.evidence_key);
  const std::string line = drill_line(result);
  switch (result.verdict) {
    case DrillVerdict::ok:
      return text + style.good(line) + "\n";
    case DrillVerdict::partial:
      return text + style.caution(line) + "\n";
    case DrillVerdict::failed:
      return text + style.bad(line) + "\n";
  }
  throw Bug("unknown verdict");
}

Json drill_to_json(const DrillResult& result) {
  Json services = Json::array();
  for (const DrilledService& service : result.services) {
    Json items = Json::object();
    for (const Item& item : service.items) items[item.key] = item.count;
    services.push_back({{"name", service.name},
                        {"recipe", service.recipe},
                        {"in_snapshot", service.in_snapshot},
                        {"passed", service.passed()},
                        {"items", items},
                        {"not_started", service.not_started},
                        {"probes", probes_to_json(service.probes)}});
  }
  return {
      {"snapshot", result.id.text()},
      {"verdict", verdict_name(result.verdict)},
      {"result", drill_line(result)},
      {"age_seconds", std::chrono::duration<double>(result.age).count()},
      {"engine", drill_engine_name(result.engine)},
      {"restore_duration_seconds", std::chrono::duration<double>(result.restore_duration).count()},
      {"duration_seconds", std::chrono::duration<double>(result.duration).count()},
      {"evidence", result.evidence_key},
      {"archive", probes_to_json(result.archive_probes)},
      {"services", services}};
}

std::string render_sabotage(const std::vector<SabotageOutcome>& outcomes, const Style& style) {
  std::string text;
  size_t caught = 0;
  for (const SabotageOutcome& outcome : outcomes) {
    caught += outcome.caught ? 1 : 0;
    text += format("{} {}: {} ({})\n", mark(outcome.caught, style),
                   outcome.service.empty() ? "archive" : printable(outcome.service),
                   printable(outcome.name), printable(outcome.description));
    text += outcome.caught
                ? style.faint(format("    caught by: {}", printable(outcome.caught_by))) + "\n"
                : format("    {}\n", style.bad("nobody noticed"));
  }
  const std::string line = format("{} — {} of {} noticed",
                                  caught == outcomes.size() ? "SABOTAGE CAUGHT" : "SABOTAGE MISSED",
                                  caught, outcomes.size());
  return text + "\n" + (caught == outcomes.size() ? style.good(line) : style.bad(line)) + "\n";
}

Json sabotage_to_json(const SnapshotId& id, const std::vector<SabotageOutcome>& outcomes) {
  Json list = Json::array();
  for (const SabotageOutcome& outcome : outcomes) {
    list.push_back({{"service", outcome.service},
                    {"name", outcome.name},
                    {"description", outcome.description},
                    {"caught", outcome.caught},
                    {"caught_by", outcome.caught_by}});
  }
  return {{"snapshot", id.text()},
          {"all_caught", std::all_of(outcomes.begin(), outcomes.end(),
                                     [](const SabotageOutcome& one) { return one.caught; })},
          {"outcomes", list}};
}

std::string render_findings(const std::vector<CheckFinding>& findings, const Style& style) {
  std::string text;
  size_t errors = 0;
  size_t warnings = 0;
  for (const CheckFinding& one : findings) {
    errors += one.finding.level == Finding::Level::error ? 1 : 0;
    warnings += one.finding.level == Finding::Level::warning ? 1 : 0;
    text += format("{} {}: {}\n", level_mark(one.finding.level, style), printable(one.subject),
                   printable(one.finding.message));
    if (!one.finding.hint.empty()) text += format("    {}\n", printable(one.finding.hint));
  }
  return text + format("\n{}, {}\n", print_count(errors, "error", "errors"),
                       print_count(warnings, "warning", "warnings"));
}

Json findings_to_json(const std::vector<CheckFinding>& findings) {
  Json list = Json::array();
  for (const CheckFinding& one : findings) {
    list.push_back({{"level", level_name(one.finding.level)},
                    {"area", kind_name(one.area)},
                    {"subject", one.subject},
                    {"message", one.finding.message},
                    {"hint", one.finding.hint}});
  }
  return list;
}

}  // namespace lifeboat::cli
