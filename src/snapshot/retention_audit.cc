// What a bucket's lifecycle rules will do to our snapshots, found out by playing it.
//
// Comparing prefixes of rules in pairs was rejected: whether two rules overlap says little, and the
// answers people need ("how many monthlies will there be?") come from dates. An object's end
// depends on its key, size and creation alone, so no day-by-day state is needed.

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/format.h"
#include "base/text.h"
#include "snapshot/retention.h"

namespace lifeboat {
namespace {

using Level = AuditFinding::Level;
using std::chrono::days;
using std::chrono::sys_days;

constexpr int nights = 400;
constexpr uint64_t archive_bytes = 1 << 30;
constexpr uint64_t manifest_bytes = 4096;
constexpr std::string_view fix_hint =
    "'lifeboat bucket lifecycle' shows the right rules, with --apply it writes them.";

struct Object {
  std::string key;
  uint64_t size = 0;
};

// What is written together, and of use only together.
struct Piece {
  Timestamp created{};
  std::vector<Object> objects;
};

struct TierPlay {
  std::string host;
  std::string name;
  std::string noun;
  std::string prefix;
  uint64_t wanted_days = 0;
  std::vector<Piece> pieces;
};

Piece snapshot_piece(const SnapshotId& id, Timestamp created) {
  return {created, {{id.archive_key(), archive_bytes}, {id.manifest_key(), manifest_bytes}}};
}

std::vector<TierPlay> play_host(const std::string& host, const Retention& retention,
                                Timestamp start) {
  TierPlay daily{host, "daily", "dailies", daily_prefix(host), retention.daily_days, {}};
  TierPlay monthly{
      host, "monthly", "monthly copies", monthly_prefix(host), retention.monthly_days(), {}};
  TierPlay weekly{host, "weekly", "weekly dumps", weekly_prefix(host), retention.weekly_days, {}};
  TierPlay drills{host, "drills", "drill evidence", drills_prefix(host), retention.drill_days, {}};
  std::set<Date> months;
  for (int night = 0; night < nights; ++night) {
    const Timestamp now = start + days(night);
    const SnapshotId id{host, date_of(now), ""};
    daily.pieces.push_back(snapshot_piece(id, now));
    const SnapshotId month = monthly_of(id);
    if (months.insert(month.date).second) monthly.pieces.push_back(snapshot_piece(month, now));
    if (std::chrono::weekday(sys_days(id.date)) != std::chrono::Sunday) continue;
    weekly.pieces.push_back(snapshot_piece(weekly_of(host, now), now));
    drills.pieces.push_back({now, {{drill_key(host, now, true), manifest_bytes}}});
  }
  std::vector<TierPlay> played{std::move(daily), std::move(weekly), std::move(drills)};
  if (monthly.wanted_days > 0) played.insert(played.begin() + 1, std::move(monthly));
  return played;
}

std::optional<Expiry> expiry_of_piece(const Piece& piece, const std::vector<LifecycleRule>& rules) {
  std::optional<Expiry> first;
  for (const Object& object : piece.objects) {
    const auto expiry = expiry_of(object.key, object.size, piece.created, rules);
    if (expiry && (!first || expiry->at < first->at)) first = expiry;
  }
  return first;
}

// What one rule does to all hosts' tiers.
struct Reach {
  bool is_any = false;           // it takes something that a backup writes
  bool is_tier = false;          // its prefix is that of a tier
  bool is_near = false;          // or begins with a host's folder
  std::set<std::string> colder;  // nouns of what it moves too early
};

// The rules that can take anything of one host, which are few of those of a fleet.
struct HostRules {
  std::vector<LifecycleRule> rules;
  std::vector<size_t> numbers;  // of each, in all rules
};

// Host by host, so that a fleet of thousands needs no more memory than one host.
class Audit {
 public:
  Audit(const std::vector<LifecycleRule>& rules, Timestamp start)
      : rules_(rules), start_(start), end_(start + days(nights - 1)), reach_(rules.size()) {}

  LifecycleAudit run(const std::vector<std::string>& hosts, const Retention& retention) {
    for (const std::string& host : hosts) play(host, retention);
    report_endings();
    for (const LifecycleRule& rule : rules_) judge_rule(rule, hosts);
    std::move(uploads_.begin(), uploads_.end(), std::back_inserter(audit_.findings));
    return std::move(audit_);
  }

 private:
  // One rule does one thing to a tier of several hosts: told once.
  struct Ending {
    size_t rule;
    std::string noun;
    uint64_t kept_days;
    uint64_t wanted_days;
    auto operator<=>(const Ending&) const = default;
  };

  void play(const std::string& host, const Retention& retention);
  void forecast(const TierPlay& play, const HostRules& of_host);
  void note_reach(const TierPlay& play, const HostRules& of_host);
  void report_endings();
  void judge_rule(const LifecycleRule& rule, const std::vector<std::string>& hosts);
  void judge_reach(const LifecycleRule& rule, const std::vector<std::string>& hosts);
  void judge_conditions(const LifecycleRule& rule);
  void judge_uploads(const std::string& host, const HostRules& of_host);
  const Reach& reach_of(const LifecycleRule& rule) const {
    return reach_[static_cast<size_t>(&rule - rules_.data())];
  }
  std::string subject_of(const LifecycleRule& rule) const;
  std::string name_of(const LifecycleRule& rule) const;
  void tell(Level level, std::string subject, std::string message, std::string hint = "") {
    audit_.findings.push_back({level, std::move(subject), std::move(message), std::move(hint)});
  }

  const std::vector<LifecycleRule>& rules_;
  Timestamp start_;
  Timestamp end_;
  std::vector<Reach> reach_;                            // of each rule
  std::map<Ending, std::vector<std::string>> endings_;  // to hosts
  std::vector<AuditFinding> uploads_;
  LifecycleAudit audit_;
};

void Audit::play(const std::string& host, const Retention& retention) {
  HostRules of_host;
  const std::string folder = host + "/";
  for (size_t at = 0; at < rules_.size(); ++at) {
    const bool is_below = rules_[at].prefix.starts_with(folder);
    if (!is_below && !folder.starts_with(rules_[at].prefix)) continue;
    of_host.rules.push_back(rules_[at]);
    of_host.numbers.push_back(at);
    reach_[at].is_near = reach_[at].is_near || is_below;
  }
  for (const TierPlay& one : play_host(host, retention, start_)) {
    forecast(one, of_host);
    note_reach(one, of_host);
  }
  judge_uploads(host, of_host);
}

void Audit::note_reach(const TierPlay& play, const HostRules& of_host) {
  for (size_t at = 0; at < of_host.rules.size(); ++at) {
    const LifecycleRule& rule = of_host.rules[at];
    Reach& reach = reach_[of_host.numbers[at]];
    reach.is_tier = reach.is_tier || play.prefix == rule.prefix;
    const bool is_reaching =
        std::any_of(play.pieces.begin(), play.pieces.end(), [&](const Piece& piece) {
          return std::any_of(piece.objects.begin(), piece.objects.end(), [&](const Object& object) {
            return object.key.starts_with(rule.prefix);
          });
        });
    if (!is_reaching) continue;
    reach.is_any = true;
    if (rule.transition_days && *rule.transition_days < play.wanted_days) {
      reach.colder.insert(play.noun);
    }
  }
}

void Audit::forecast(const TierPlay& play, const HostRules& of_host) {
  TierForecast tier{play.host, play.name, std::nullopt, 0, play.wanted_days};
  std::map<size_t, uint64_t> kept_by_rule;
  bool some_stay = false;
  for (const Piece& piece : play.pieces) {
    const auto expiry = expiry_of_piece(piece, of_host.rules);
    if (!expiry || expiry->at > end_) ++tier.kept_at_end;
    if (!expiry) {
      some_stay = true;
      continue;
    }
    const auto kept = static_cast<uint64_t>((expiry->at - piece.created) / days(1));
    const size_t rule = of_host.numbers[static_cast<size_t>(expiry->rule - of_host.rules.data())];
    const auto [known, is_new] = kept_by_rule.try_emplace(rule, kept);
    if (!is_new) known->second = std::min(known->second, kept);
    tier.kept_days = std::min(tier.kept_days.value_or(kept), kept);
  }
  for (const auto& [rule, kept] : kept_by_rule) {
    endings_[{rule, play.noun, kept, play.wanted_days}].push_back(play.host);
  }
  const std::string subject = format("{} {}", play.host, play.name);
  if (some_stay) {
    tell(Level::warning, subject,
         format("nothing ever ends {}{}...: the bucket only grows",
                tier.kept_days ? "some of " : "", play.prefix),
         std::string(fix_hint));
  } else if (tier.kept_days == play.wanted_days) {
    tell(Level::ok, subject,
         format("kept {}, {} left on the last night", print_count(play.wanted_days, "day", "days"),
                tier.kept_at_end));
  }
  audit_.tiers.push_back(std::move(tier));
}

void Audit::report_endings() {
  for (const auto& [ending, hosts] : endings_) {
    const LifecycleRule& rule = rules_[ending.rule];
    // Told by judge_conditions: a date ends all tiers at once.
    if (rule.expire_date || ending.kept_days == ending.wanted_days) continue;
    const bool too_early = ending.kept_days < ending.wanted_days;
    const std::string message =
        format("{} the {} of {} {} {}, wanted {}", too_early ? "ends" : "keeps", ending.noun,
               join(hosts, ", "), too_early ? "after" : "for",
               print_count(ending.kept_days, "day", "days"), ending.wanted_days);
    if (!too_early) {
      tell(Level::warning, subject_of(rule), message, std::string(fix_hint));
      continue;
    }
    tell(Level::error, subject_of(rule), message,
         format("Of two rules that match an object the shorter one wins, so a longer one beside it "
                "does not help: give {} a prefix of its own or remove it. {}",
                name_of(rule), fix_hint));
  }
}

std::string Audit::name_of(const LifecycleRule& rule) const {
  if (!rule.id.empty()) return format("rule '{}'", printable(rule.id));
  return format("rule number {}", &rule - rules_.data() + 1);
}

std::string Audit::subject_of(const LifecycleRule& rule) const {
  return format("{} ({})", name_of(rule), describe_rule(rule));
}

void Audit::judge_rule(const LifecycleRule& rule, const std::vector<std::string>& hosts) {
  const Reach& reach = reach_of(rule);
  if (!rule.enabled) {
    if (rule.id.starts_with("lifeboat-") || reach.is_tier) {
      tell(Level::warning, subject_of(rule), "is disabled: it does nothing", std::string(fix_hint));
    }
  } else if (reach.is_any) {
    judge_reach(rule, hosts);
    judge_conditions(rule);
  } else if (const size_t at = rule.prefix.find_first_of("*?"); at != std::string::npos) {
    tell(Level::error, subject_of(rule),
         format("has a '{}' in its prefix: it matches nothing, since a prefix is literal",
                rule.prefix[at]),
         format("Write one rule a host. {}", fix_hint));
  } else {
    const bool is_near = rule.prefix.starts_with('/') || reach.is_near;
    tell(is_near ? Level::warning : Level::ok, subject_of(rule),
         is_near ? "matches nothing that a backup writes" : "touches nothing of these hosts",
         is_near ? "Keys begin with the host's name: vps-h1/2026-05-07/..." : "");
  }
}

void Audit::judge_reach(const LifecycleRule& rule, const std::vector<std::string>& hosts) {
  if (std::find(hosts.begin(), hosts.end(), rule.prefix) == hosts.end()) return;
  std::vector<std::string> others;
  for (const std::string& host : hosts) {
    if (host != rule.prefix && host.starts_with(rule.prefix)) others.push_back(host);
  }
  tell(Level::warning, subject_of(rule),
       others.empty()
           ? format("has no '/' at its end: it takes every host whose name begins so, such as {}0",
                    rule.prefix)
           : format("has no '/' at its end: it takes {} as well", join(others, ", ")),
       format("Write the prefix as '{}/'.", rule.prefix));
}

void Audit::judge_conditions(const LifecycleRule& rule) {
  if (rule.expire_date) {
    tell(Level::error, subject_of(rule),
         format("ends everything it matches on {}, however new it is then",
                print_date(*rule.expire_date)),
         std::string(fix_hint));
  }
  const bool ends = rule.expire_days || rule.expire_date;
  if (ends && rule.has_tag_filter) {
    tell(Level::warning, subject_of(rule),
         "acts on objects with certain tags only: backups have none, unless something tags them",
         "Make sure that nothing sets these tags on backups.");
  }
  if (ends && (rule.size_greater_than || rule.size_less_than)) {
    tell(
        Level::warning, subject_of(rule),
        format("acts by size: archives are taken to have {}, others {}; yours may differ",
               print_bytes(archive_bytes), print_bytes(manifest_bytes)),
        "A snapshot is lost with its smallest object: rules for backups should not look at sizes.");
  }
  const std::set<std::string>& nouns = reach_of(rule).colder;
  if (nouns.empty()) return;
  tell(Level::warning, subject_of(rule),
       format("moves the {} to a colder class after {}: if that class must be thawed before it can "
              "be read, drills and restores of them fail until then",
              join(nouns, ", "), print_count(*rule.transition_days, "day", "days")),
       "Leave backups in the standard class, or know how to thaw them.");
}

void Audit::judge_uploads(const std::string& host, const HostRules& of_host) {
  const std::string prefix = daily_prefix(host);
  const bool aborted =
      std::any_of(of_host.rules.begin(), of_host.rules.end(), [&](const LifecycleRule& rule) {
        return rule.enabled && rule.abort_incomplete_days && !rule.has_tag_filter &&
               prefix.starts_with(rule.prefix);
      });
  if (aborted) return;
  uploads_.push_back(
      {Level::warning, format("{} uploads", host),
       "no rule removes what killed uploads leave: it is invisible in listings and paid for",
       std::string(fix_hint)});
}

}  // namespace

bool LifecycleAudit::is_good() const {
  return std::none_of(findings.begin(), findings.end(), [](const AuditFinding& finding) {
    return finding.level == AuditFinding::Level::error;
  });
}

LifecycleAudit audit_lifecycle(const std::vector<LifecycleRule>& rules,
                               const std::vector<std::string>& hosts, const Retention& retention,
                               Timestamp start) {
  return Audit(rules, start).run(hosts, retention);
}

}  // namespace lifeboat
