#include "cli/render_bucket.h"

#include "base/format.h"
#include "base/text.h"
#include "cli/render.h"

namespace lifeboat::cli {
namespace {

using Level = AuditFinding::Level;

std::string days_text(const std::optional<uint64_t>& days) {
  return days ? print_count(*days, "day", "days") : "for ever";
}

std::string render_tiers(const std::vector<TierForecast>& tiers) {
  Table table({{"HOST"},
               {"TIER"},
               {"WANTED", Align::right},
               {"KEPT", Align::right},
               {"LEFT AFTER 400 NIGHTS", Align::right}});
  for (const TierForecast& tier : tiers) {
    table.add_row({printable(tier.host), tier.tier, days_text(tier.wanted_days),
                   days_text(tier.kept_days), format("{}", tier.kept_at_end)});
  }
  return table.empty() ? "" : table.print() + "\n";
}

template <typename Value>
Json optional_to_json(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json rule_to_json(const LifecycleRule& rule) {
  return {{"id", rule.id},
          {"prefix", rule.prefix},
          {"enabled", rule.enabled},
          {"expire_days", optional_to_json(rule.expire_days)},
          {"noncurrent_days", optional_to_json(rule.noncurrent_days)},
          {"abort_incomplete_days", optional_to_json(rule.abort_incomplete_days)}};
}

}  // namespace

std::string render_setup(const std::vector<SetupStep>& steps, const Style& style) {
  std::string text;
  for (const SetupStep& step : steps) {
    text += format("{} {}\n", level_mark(step.done ? Level::ok : Level::warning, style),
                   printable(step.text));
  }
  return text;
}

Json setup_to_json(const std::vector<SetupStep>& steps) {
  Json all = Json::array();
  for (const SetupStep& step : steps) all.push_back({{"done", step.done}, {"text", step.text}});
  return all;
}

Json lifecycle_to_json(const LifecyclePlan& plan, bool applied) {
  Json rules = Json::array();
  for (const LifecycleRule& rule : plan.merged) rules.push_back(rule_to_json(rule));
  return {{"applied", applied}, {"changes", plan.changes}, {"rules", std::move(rules)}};
}

std::string render_audit(const BucketAudit& audit, const Style& style) {
  std::string text = audit.lifecycle ? render_tiers(audit.lifecycle->tiers) : "";
  for (const AuditFinding& finding : audit.findings) {
    text += format("{} {}: {}\n", level_mark(finding.level, style), printable(finding.subject),
                   printable(finding.message));
    if (!finding.hint.empty()) text += format("  hint: {}\n", printable(finding.hint));
  }
  return text;
}

Json audit_to_json(const BucketAudit& audit) {
  Json tiers = Json::array();
  if (audit.lifecycle) {
    for (const TierForecast& tier : audit.lifecycle->tiers) {
      tiers.push_back({{"host", tier.host},
                       {"tier", tier.tier},
                       {"wanted_days", tier.wanted_days},
                       {"kept_days", optional_to_json(tier.kept_days)},
                       {"left_after_400_nights", tier.kept_at_end}});
    }
  }
  Json findings = Json::array();
  for (const AuditFinding& finding : audit.findings) {
    findings.push_back({{"level", level_name(finding.level)},
                        {"subject", finding.subject},
                        {"message", finding.message},
                        {"hint", finding.hint}});
  }
  return {{"good", audit.is_good()},
          {"hosts", audit.hosts},
          {"tiers", std::move(tiers)},
          {"findings", std::move(findings)}};
}

}  // namespace lifeboat::cli
