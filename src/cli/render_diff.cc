#include "cli/render_diff.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"

namespace lifeboat::cli {
namespace {

std::string_view change_name(Change change) {
  switch (change) {
    case Change::added:
      return "added";
    case Change::changed:
      return "changed";
    case Change::gone:
      return "gone";
  }
  throw Bug("unknown change");
}

std::string_view state_name(DiffState state) {
  switch (state) {
    case DiffState::compared:
      return "compared";
    case DiffState::added:
      return "added";
    case DiffState::gone:
      return "gone";
    case DiffState::failed:
      return "failed";
  }
  throw Bug("unknown state");
}

// "workflow 'Orders'", with the id behind it where that is another.
std::string print_thing(const DiffEntry& entry) {
  const std::string id =
      entry.id == entry.name || entry.id.empty() ? "" : format(" ({})", printable(entry.id));
  return format("{} '{}'{}", printable(entry.kind), printable(entry.name), id);
}

std::string render_entry(const DiffEntry& entry, const DiffSides& sides, const Style& style) {
  switch (entry.change) {
    case Change::added:
      return style.good(
          format("  + {} added: {} has it, {} has not", print_thing(entry), sides.to, sides.from));
    case Change::changed:
      return style.caution(format("  ~ {} changed", print_thing(entry)));
    case Change::gone:
      return style.bad(
          format("  - {} gone: {} has it, {} has not", print_thing(entry), sides.from, sides.to));
  }
  throw Bug("unknown change");
}

// "2 workflows changed, 1 credential gone; 17 are the same"; plurals of a recipe's kinds are not
// known here, so kinds are counted in their singular: "workflow: 2 changed, 1 gone".
std::string summary(const DiffedService& service) {
  std::map<std::string, std::map<Change, size_t>> counts;
  for (const DiffEntry& entry : service.entries) counts[entry.kind][entry.change] += 1;
  std::vector<std::string> parts;
  for (const auto& [kind, changes] : counts) {
    std::vector<std::string> words;
    for (const auto& [change, count] : changes) {
      words.push_back(format("{} {}", count, change_name(change)));
    }
    parts.push_back(format("{}: {}", printable(kind), join(words, ", ")));
  }
  const std::string same = format("{} the same", service.same);
  return parts.empty() ? same : format("{}; {}", join(parts, "; "), same);
}

Json diffed_to_json(const DiffedService& service) {
  Json entries = Json::array();
  for (const DiffEntry& entry : service.entries) {
    entries.push_back({{"change", change_name(entry.change)},
                       {"kind", entry.kind},
                       {"id", entry.id},
                       {"name", entry.name}});
  }
  Json value = {
      {"name", service.name}, {"recipe", service.recipe},      {"state", state_name(service.state)},
      {"same", service.same}, {"entries", std::move(entries)}, {"warnings", service.warnings}};
  if (service.state == DiffState::failed) {
    value["failure"] = service.failure;
    value["hints"] = service.hints;
  }
  return value;
}

}  // namespace

std::string render_diffed(const DiffedService& service, const DiffSides& sides, const Style& style,
                          size_t entries_max) {
  std::string text =
      format("{} ({}): ", style.strong(printable(service.name)), printable(service.recipe));
  switch (service.state) {
    case DiffState::added:
      return text + style.good(format("added: only {} has it", sides.to)) + "\n";
    case DiffState::gone:
      return text + style.bad(format("gone: only {} has it", sides.from)) + "\n";
    case DiffState::failed:
      text += style.bad(format("not compared: {}", printable(service.failure))) + "\n";
      for (const std::string& hint : service.hints) text += format("    {}\n", printable(hint));
      return text;
    case DiffState::compared:
      break;
  }
  text += summary(service) + "\n";
  const size_t shown = std::min(service.entries.size(), entries_max);
  for (size_t at = 0; at < shown; ++at) {
    text += render_entry(service.entries[at], sides, style) + "\n";
  }
  if (shown < service.entries.size()) {
    text += format("  ... and {} more\n", service.entries.size() - shown);
  }
  for (const std::string& warning : service.warnings) {
    text += format("  {} {}\n", style.caution("!"), printable(warning));
  }
  return text;
}

std::string render_diff(const DiffResult& result, const Style& style) {
  const DiffSides sides{result.from, result.to};
  std::string text = style.strong(format("{} -> {}", sides.from, sides.to)) + "\n";
  for (const DiffedService& service : result.services) {
    text += render_diffed(service, sides, style, SIZE_MAX);
  }
  return text;
}

Json diff_to_json(const DiffResult& result) {
  Json services = Json::array();
  for (const DiffedService& service : result.services) services.push_back(diffed_to_json(service));
  return {{"from", result.from},
          {"to", result.to},
          {"differs", result.differs()},
          {"services", std::move(services)}};
}

std::string render_replace(const SnapshotId& id, const ReplaceResult& result, const Style& style) {
  std::string text;
  for (const std::string& sentence : result.report.done) {
    text += format("{} {}\n", style.good("✓"), printable(sentence));
  }
  for (const std::string& place : result.report.kept) {
    text += format("kept      {}\n", printable(place));
  }
  return text +
         style.good(format("RESTORED — {} is as it was in {}, in {}", printable(result.diff.name),
                           id.text(), print_duration(result.duration))) +
         "\n";
}

Json replace_to_json(const SnapshotId& id, const ReplaceResult& result) {
  Json probes = Json::array();
  for (const ProbeResult& probe : result.probes) {
    probes.push_back({{"name", probe.name}, {"passed", probe.passed}, {"found", probe.found}});
  }
  return {{"snapshot", id.text()},
          {"service", result.diff.name},
          {"probes", std::move(probes)},
          {"diff", diffed_to_json(result.diff)},
          {"done", result.report.done},
          {"kept", result.report.kept},
          {"warnings", result.warnings},
          {"duration_seconds", std::chrono::duration<double>(result.duration).count()}};
}

}  // namespace lifeboat::cli
