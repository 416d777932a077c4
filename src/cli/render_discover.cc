#include "cli/render_discover.h"

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"

namespace lifeboat::cli {
namespace {

std::string_view coverage_name(Coverage coverage) {
  switch (coverage) {
    case Coverage::covered:
      return "covered";
    case Coverage::skipped:
      return "skipped";
    case Coverage::not_covered:
      return "not covered";
  }
  throw Bug("unknown coverage");
}

std::string print_size(const DiscoveredPlace& place) {
  if (!place.bytes) return "-";
  return (place.is_larger ? "> " : "") + print_bytes(*place.bytes);
}

std::string print_coverage(const DiscoveredPlace& place, const Style& style) {
  const std::string reason = place.reason.empty() ? "" : format(": {}", printable(place.reason));
  switch (place.coverage) {
    case Coverage::covered:
      return style.good("covered") + reason;
    case Coverage::skipped:
      return style.faint("skipped" + reason);
    case Coverage::not_covered:
      return style.bad("NOT COVERED") + reason;
  }
  throw Bug("unknown coverage");
}

// Image names carry digests that nobody reads in a table.
std::string print_containers(const DiscoveredPlace& place) {
  std::vector<std::string> names;
  for (const std::string& name : place.containers) names.push_back(printable(name));
  return names.empty() ? "-" : format("{}", join(names, ", "));
}

std::string shown_name(const DiscoveredPlace& place) {
  constexpr size_t name_width_max = 48;
  return cut_to_width(printable(place.name), name_width_max);
}

}  // namespace

std::string render_discovery(const Discovery& discovery, const Style& style) {
  Table table({{"TYPE"}, {"NAME"}, {"CONTAINER"}, {"SIZE", Align::right}, {"STRATEGY"}, {"STATE"}});
  size_t covered = 0;
  for (const DiscoveredPlace& place : discovery.places) {
    covered += place.coverage == Coverage::covered ? 1 : 0;
    table.add_row({place.type, shown_name(place), print_containers(place), print_size(place),
                   place.strategy.empty() ? "-" : printable(place.strategy),
                   print_coverage(place, style)});
  }
  const size_t uncovered = discovery.uncovered();
  std::string text = table.empty() ? "" : table.print() + "\n";
  text +=
      format("{} covered, {} skipped, {}\n", covered, discovery.places.size() - covered - uncovered,
             uncovered == 0 ? style.good("0 NOT COVERED")
                            : style.bad(format("{} NOT COVERED", uncovered)));
  const std::string proposals = print_proposals(discovery);
  if (proposals.empty()) return text;
  return text + "\n" +
         style.strong("To cover them, add to the configuration (and look at each recipe's page):") +
         "\n\n" + proposals + "\n" + "# or say why not:\n# discover: {skip: {NAME: the reason}}\n";
}

Json discovery_to_json(const Discovery& discovery) {
  Json places = Json::array();
  for (const DiscoveredPlace& place : discovery.places) {
    Json value = {{"type", place.type},
                  {"name", place.name},
                  {"containers", place.containers},
                  {"image", place.image},
                  {"bytes", place.bytes ? Json(*place.bytes) : Json(nullptr)},
                  {"strategy", place.strategy},
                  {"coverage", coverage_name(place.coverage)},
                  {"reason", place.reason}};
    if (place.is_larger) value["is_larger"] = true;
    if (place.proposal) {
      Json options = Json::object();
      options["recipe"] = place.proposal->recipe;
      for (const auto& [name, option] : place.proposal->options) {
        options[name] = name == "paths" ? Json(Json::array({option})) : Json(option);
      }
      value["proposal"] = {{"name", place.proposal->name}, {"service", std::move(options)}};
    }
    places.push_back(std::move(value));
  }
  return {{"uncovered", discovery.uncovered()},
          {"places", std::move(places)},
          {"warnings", discovery.warnings},
          {"unused_skips", discovery.unused_skips},
          {"config", print_proposals(discovery)}};
}

}  // namespace lifeboat::cli
