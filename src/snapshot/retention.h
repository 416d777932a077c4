// How long what is kept: the bucket's rules for it, what they will do, and the same for folders.
//
// A lifecycle filter knows no wildcard and no exception, and of two expirations that match one
// object the shorter wins. So the rules are disjoint literal prefixes, one set a host; dates begin
// with '2', the other folders of a host do not.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-conflicts.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/finding_level.h"
#include "snapshot/layout.h"
#include "snapshot/trust.h"
#include "store/lifecycle_rule.h"
#include "store/store.h"

namespace lifeboat {

struct Retention {
  uint64_t daily_days = 30;
  uint64_t monthly_months = 12;  // 365 days are 12 months: months are counted as days * 365 / 12
  uint64_t weekly_days = 365;    // supabase-weekly
  uint64_t drill_days = 400;
  uint64_t incomplete_days = 3;
  uint64_t monthly_days() const { return monthly_months * 365 / 12; }
};

// The rules of one host, ids "lifeboat-<host>-daily" ...; in a versioned bucket they also end old
// versions, or nothing would ever be freed.
std::vector<LifecycleRule> lifecycle_rules(std::string_view host, const Retention& retention,
                                           bool versioned);
// Ours replaced or added, all others kept in their order. A rule is ours if its id is
// "lifeboat-<host>-" and one more word: host names have dashes too.
std::vector<LifecycleRule> merge_rules(const std::vector<LifecycleRule>& existing,
                                       const std::vector<std::string>& hosts,
                                       const std::vector<LifecycleRule>& ours);

// What applying `merged` to a bucket with `existing` changes, rule by rule in sentences; empty if
// nothing (rules compared by meaning, not by spelling).
std::vector<std::string> lifecycle_changes(const std::vector<LifecycleRule>& existing,
                                           const std::vector<LifecycleRule>& merged);

// "every object, 30 days", "'vps-h1/', unfinished uploads 3 days": what a rule takes, and when.
std::string describe_rule(const LifecycleRule& rule);

// When an object of this key and size, written at `created`, vanishes by `rules`, and by which of
// them; nothing: never. S3 counts days from creation, rounded up to the next midnight UTC. A rule
// for tagged objects takes none of ours, since ours have no tags.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
struct Expiry {
  Timestamp at{};
  const LifecycleRule* rule = nullptr;  // into `rules`
};
std::optional<Expiry> expiry_of(const std::string& key, uint64_t size, Timestamp created,
                                const std::vector<LifecycleRule>& rules);

struct AuditFinding {
  using Level = FindingLevel;
  Level level = Level::ok;
  std::string subject;  // "rule 'expire-all'", "vps-h1 monthly"
  std::string message;
  std::string hint;
};

// What is left of one tier of one host.
struct TierForecast {
  std::string host;
  std::string tier;                   // "daily", "monthly", "weekly", "drills"
  std::optional<uint64_t> kept_days;  // nothing: for ever
  uint64_t kept_at_end = 0;           // objects of that tier there on the last day
  uint64_t wanted_days = 0;
};
struct LifecycleAudit {
  std::vector<TierForecast> tiers;
  std::vector<AuditFinding> findings;
  bool is_good() const;  // no error
};

// Plays 400 nights from `start`: each host writes a daily, on the first night of a month a monthly,
// on Sundays a weekly; every rule that would end one too early, or matches nothing, is named.
LifecycleAudit audit_lifecycle(const std::vector<LifecycleRule>& rules,
                               const std::vector<std::string>& hosts, const Retention& retention,
                               Timestamp start);

// The midnight from which on something created at `created` is older than `days`, as S3 counts.
Timestamp end_of_life(Timestamp created, uint64_t days);

// What `prune` removes from a store without a lifecycle.
struct PruneItem {
  std::string name;               // "vps-h1/2026-04-01", "vps-h1/drills/2025-01-01.json"
  std::vector<std::string> keys;  // in the order to remove them: the manifest first
  uint64_t bytes = 0;
  std::string reason;
};
struct PruneKept {
  SnapshotId id;
  std::string reason;  // "the newest good one", "the last one a drill proved"
};
struct PrunePlan {
  std::vector<PruneItem> remove;
  std::vector<PruneKept> kept_beyond_rule;
};
struct PruneScope {
  std::string host;  // empty: all hosts
  Retention retention;
  Trust trust;  // a manifest that is not believed counts as damaged
};
// What is too old at `now`, by the dates in the keys and manifests. Reads all manifests and the
// drill evidence. Never removed: the newest good snapshot of each host and job, the last one that a
// drill proved, the first good one of a month that has no monthly copy yet, what a newer program
// wrote, and anything of a host none of whose manifests can be believed. Throws Error(store).
PrunePlan plan_prune(Store& store, const PruneScope& scope, Timestamp now);

}  // namespace lifeboat
