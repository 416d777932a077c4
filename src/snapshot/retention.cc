#include "snapshot/retention.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/format.h"
#include "base/text.h"

namespace lifeboat {
namespace {

// Beyond a hundred years a rule is as good as none, and the sum would not fit a Timestamp.
constexpr uint64_t days_max = 36500;
constexpr Date date_never{std::chrono::year(2200), std::chrono::month(1), std::chrono::day(1)};
// How long what was overwritten or deleted in a versioned bucket can still be fetched: enough to
// notice, as drills are run every week or month.
constexpr uint64_t old_version_days = 30;

std::string rule_prefix(std::string_view host) { return format("lifeboat-{}-", host); }

// The host that a rule's id names if it is one of ours: all up to the last dash.
std::string host_of(const LifecycleRule& rule) {
  const std::string begin = "lifeboat-";
  const size_t dash = rule.id.rfind('-');
  if (!rule.id.starts_with(begin) || dash <= begin.size()) return "";
  return rule.id.substr(begin.size(), dash - begin.size());
}

std::string print_days(uint64_t days) { return print_count(days, "day", "days"); }

// Everything but how the server spelt it.
auto meaning(const LifecycleRule& rule) {
  return std::tie(rule.id, rule.prefix, rule.enabled, rule.expire_days, rule.expire_date,
                  rule.noncurrent_days, rule.abort_incomplete_days, rule.transition_days,
                  rule.expired_delete_markers, rule.has_tag_filter, rule.size_greater_than,
                  rule.size_less_than);
}

bool contains(const std::vector<LifecycleRule>& rules, const LifecycleRule& wanted) {
  return std::any_of(rules.begin(), rules.end(),
                     [&](const LifecycleRule& rule) { return meaning(rule) == meaning(wanted); });
}

const LifecycleRule* find_id(const std::vector<LifecycleRule>& rules, const std::string& id) {
  const auto found = std::find_if(rules.begin(), rules.end(),
                                  [&](const LifecycleRule& rule) { return rule.id == id; });
  return found == rules.end() ? nullptr : &*found;
}

bool takes(const LifecycleRule& rule, const std::string& key, uint64_t size) {
  return rule.enabled && !rule.has_tag_filter && key.starts_with(rule.prefix) &&
         (!rule.size_greater_than || size > *rule.size_greater_than) &&
         (!rule.size_less_than || size < *rule.size_less_than);
}

}  // namespace

std::vector<LifecycleRule> lifecycle_rules(std::string_view host, const Retention& retention,
                                           bool versioned) {
  std::vector<LifecycleRule> rules;
  const auto add = [&](std::string_view name, std::string prefix, uint64_t days) {
    if (days == 0) return;  // not kept at all: nothing is written there
    LifecycleRule& rule = rules.emplace_back();
    rule.id = format("{}{}", rule_prefix(host), name);
    rule.prefix = std::move(prefix);
    rule.expire_days = days;
    if (versioned) rule.noncurrent_days = old_version_days;
  };
  add("daily", daily_prefix(host), retention.daily_days);
  add("monthly", monthly_prefix(host), retention.monthly_days());
  add("weekly", weekly_prefix(host), retention.weekly_days);
  add("drills", drills_prefix(host), retention.drill_days);
  // A rule of its own: some servers know no other action than to expire, and delete markers may not
  // stand beside days.
  LifecycleRule& leftovers = rules.emplace_back();
  leftovers.id = rule_prefix(host) + "leftovers";
  leftovers.prefix = format("{}/", host);
  leftovers.abort_incomplete_days = retention.incomplete_days;
  leftovers.expired_delete_markers = versioned;
  return rules;
}

std::vector<LifecycleRule> merge_rules(const std::vector<LifecycleRule>& existing,
                                       const std::vector<std::string>& hosts,
                                       const std::vector<LifecycleRule>& ours) {
  const std::set<std::string> known(hosts.begin(), hosts.end());
  std::map<std::string, const LifecycleRule*> by_id;
  for (const LifecycleRule& rule : ours) by_id.emplace(rule.id, &rule);
  std::vector<LifecycleRule> merged;
  std::set<std::string> taken;
  for (const LifecycleRule& rule : existing) {
    const LifecycleRule* kept = &rule;
    if (known.contains(host_of(rule))) {
      const auto replacement = by_id.find(rule.id);
      if (replacement == by_id.end()) continue;
      kept = replacement->second;
    }
    merged.push_back(*kept);
    taken.insert(kept->id);
  }
  for (const LifecycleRule& rule : ours) {
    if (!taken.contains(rule.id)) merged.push_back(rule);
  }
  return merged;
}

std::vector<std::string> lifecycle_changes(const std::vector<LifecycleRule>& existing,
                                           const std::vector<LifecycleRule>& merged) {
  std::vector<std::string> changes;
  for (const LifecycleRule& rule : merged) {
    if (contains(existing, rule)) continue;
    const LifecycleRule* old = find_id(existing, rule.id);
    changes.push_back(old == nullptr ? format("add rule '{}': {}", rule.id, describe_rule(rule))
                                     : format("change rule '{}': {}; it was: {}", rule.id,
                                              describe_rule(rule), describe_rule(*old)));
  }
  for (const LifecycleRule& rule : existing) {
    if (contains(merged, rule) || find_id(merged, rule.id) != nullptr) continue;
    changes.push_back(format("remove rule '{}': {}", printable(rule.id), describe_rule(rule)));
  }
  return changes;
}

std::string describe_rule(const LifecycleRule& rule) {
  std::vector<std::string> parts;
  parts.push_back(rule.prefix.empty() ? "every object" : format("'{}'", printable(rule.prefix)));
  if (rule.has_tag_filter) parts.push_back("with certain tags only");
  if (rule.size_greater_than) parts.push_back("over " + print_bytes(*rule.size_greater_than));
  if (rule.size_less_than) parts.push_back("under " + print_bytes(*rule.size_less_than));
  if (rule.expire_days) parts.push_back(print_days(*rule.expire_days));
  if (rule.expire_date) parts.push_back("on " + print_date(*rule.expire_date));
  if (rule.transition_days) parts.push_back("colder after " + print_days(*rule.transition_days));
  if (rule.noncurrent_days) parts.push_back("old versions " + print_days(*rule.noncurrent_days));
  if (rule.abort_incomplete_days) {
    parts.push_back("unfinished uploads " + print_days(*rule.abort_incomplete_days));
  }
  if (rule.expired_delete_markers) parts.push_back("delete markers of nothing");
  if (!rule.enabled) parts.push_back("disabled");
  return format("{}", join(parts, ", "));
}

Timestamp end_of_life(Timestamp created, uint64_t count) {
  using std::chrono::days;
  return std::chrono::ceil<days>(created + days(std::min(count, days_max)));
}

std::optional<Expiry> expiry_of(const std::string& key, uint64_t size, Timestamp created,
                                const std::vector<LifecycleRule>& rules) {
  std::optional<Expiry> first;
  const auto end = [&](Timestamp at, const LifecycleRule& rule) {
    if (!first || at < first->at) first = Expiry{at, &rule};
  };
  for (const LifecycleRule& rule : rules) {
    if (!takes(rule, key, size)) continue;
    if (rule.expire_days && *rule.expire_days <= days_max) {
      end(end_of_life(created, *rule.expire_days), rule);
    }
    // From that day on it goes for what is new as well.
    if (rule.expire_date && *rule.expire_date < date_never) {
      const Timestamp day = std::chrono::sys_days(*rule.expire_date);
      end(std::max(day, created), rule);
    }
  }
  return first;
}

}  // namespace lifeboat
