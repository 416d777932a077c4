#include "base/format.h"
#include "base/text.h"
#include "cli/render.h"

namespace lifeboat::cli {
namespace {

uint64_t total_bytes(const PrunePlan& plan) {
  uint64_t bytes = 0;
  for (const PruneItem& item : plan.remove) bytes += item.bytes;
  return bytes;
}

}  // namespace

std::string render_prune(const PrunePlan& plan, bool dry_run, const Style& style) {
  std::string text;
  if (!plan.remove.empty()) {
    Table table({{dry_run ? "WOULD GO" : "REMOVED"}, {"SIZE", Align::right}, {"WHY"}});
    for (const PruneItem& item : plan.remove) {
      table.add_row({item.name, print_bytes(item.bytes), item.reason});
    }
    text += table.print() + "\n";
  }
  if (!plan.kept_beyond_rule.empty()) {
    Table table({{"KEPT THOUGH OLD"}, {"WHY"}});
    for (const PruneKept& kept : plan.kept_beyond_rule) {
      table.add_row({kept.id.text(), kept.reason});
    }
    text += table.print() + "\n";
  }
  if (plan.remove.empty()) return text + "nothing to remove\n";
  const std::string total = format("{}, {}", print_count(plan.remove.size(), "item", "items"),
                                   print_bytes(total_bytes(plan)));
  return text + (dry_run ? format("{} would go; nothing was removed\n", style.strong(total))
                         : format("{} removed\n", style.strong(total)));
}

Json prune_to_json(const PrunePlan& plan, bool dry_run) {
  Json removed = Json::array();
  for (const PruneItem& item : plan.remove) {
    removed.push_back(
        {{"name", item.name}, {"keys", item.keys}, {"bytes", item.bytes}, {"reason", item.reason}});
  }
  Json kept = Json::array();
  for (const PruneKept& one : plan.kept_beyond_rule) {
    kept.push_back({{"snapshot", one.id.text()}, {"reason", one.reason}});
  }
  return {{"dry_run", dry_run},
          {"bytes", total_bytes(plan)},
          {"removed", std::move(removed)},
          {"kept_beyond_rule", std::move(kept)}};
}

}  // namespace lifeboat::cli
