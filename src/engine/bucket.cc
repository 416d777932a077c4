#include "engine/bucket.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/format.h"
#include "base/json.h"
#include "base/text.h"
#include "snapshot/layout.h"

namespace lifeboat {
namespace {

using Level = AuditFinding::Level;

// So many a bucket takes; of other providers none is known that takes more.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
constexpr size_t lifecycle_rules_max = 1000;

template <typename Value>
bool is_set(const Seen<Value>& seen) {
  return seen.state == Seen<Value>::State::set;
}

// The finding for a setting that could not be looked at; nothing if it could.
template <typename Value>
std::optional<AuditFinding> unseen(const Seen<Value>& seen, const std::string& subject,
                                   std::string_view right) {
  if (seen.state == Seen<Value>::State::denied) {
    return AuditFinding{Level::warning, subject, "this key may not look at it",
                        format("Run the audit with a key that has {}: --profile NAME.", right)};
  }
  if (seen.state == Seen<Value>::State::unsupported) {
    return AuditFinding{Level::warning, subject, "the server does not know it", ""};
  }
  return std::nullopt;
}

bool is_versioned(const Seen<Versioning>& versioning) {
  return is_set(versioning) && versioning.value == Versioning::enabled;
}

// Who may write can also overwrite, whatever else the key cannot do.
AuditFinding judge_protection(const Seen<Versioning>& versioning, const Seen<ObjectLock>& lock) {
  if (is_set(lock) && !lock.value.mode.empty()) {
    return {Level::ok, "object lock",
            format("{}, {}", lock.value.mode, print_count(lock.value.days, "day", "days")), ""};
  }
  if (is_versioned(versioning)) {
    return {Level::ok, "versioning", "on: what is overwritten or deleted stays as an old version",
            ""};
  }
  if (const auto finding = unseen(versioning, "versioning", "s3:GetBucketVersioning")) {
    return *finding;
  }
  return {Level::warning, "versioning",
          "off, and no object lock: a key that may write can overwrite a backup with rubbish",
          "Turn versioning on, or make a bucket with object lock: 'lifeboat bucket setup' does."};
}

bool names_everybody(const Json& principal) {
  if (principal.is_string()) return principal == "*";
  if (principal.is_array()) {
    return std::any_of(principal.begin(), principal.end(), names_everybody);
  }
  return principal.is_object() && principal.contains("AWS") && names_everybody(principal["AWS"]);
}

// Statements that let the whole world in.
size_t open_statements(const std::string& policy) {
  const Json document = parse_json(policy, "the bucket's policy");
  if (!document.is_object() || !document.contains("Statement")) return 0;
  Json statements = document["Statement"];
  if (statements.is_object()) statements = Json::array({statements});
  return static_cast<size_t>(
      std::count_if(statements.begin(), statements.end(), [](const Json& one) {
        return one.is_object() && one.value("Effect", "") == "Allow" && one.contains("Principal") &&
               names_everybody(one["Principal"]) && !one.contains("Condition");
      }));
}

AuditFinding judge_policy(const Seen<std::string>& policy) {
  if (const auto finding = unseen(policy, "bucket policy", "s3:GetBucketPolicy")) return *finding;
  if (!is_set(policy)) return {Level::ok, "bucket policy", "none: only users' own rights", ""};
  try {
    if (const size_t count = open_statements(policy.value); count > 0) {
      return {Level::error, "bucket policy",
              format("{} everybody in", print_count(count, "statement lets", "statements let")),
              "Take Principal \"*\" out of it."};
    }
  } catch (const Error& error) {
    return {Level::warning, "bucket policy", error.what(), ""};
  }
  return {Level::ok, "bucket policy", "lets nobody unknown in", ""};
}

AuditFinding judge_encryption(const Seen<std::string>& encryption) {
  if (is_set(encryption)) return {Level::ok, "default encryption", encryption.value, ""};
  // Backups are encrypted before they leave the host; the server's own adds little.
  return {Level::ok, "default encryption", "none seen; backups are encrypted by age anyway", ""};
}

SetupStep make_bucket(S3Bucket& bucket, const std::string& name, bool object_lock) {
  const auto created = [&](std::string_view how) -> SetupStep {
    return {true, format("{} {}", name, how)};
  };
  if (object_lock) {
    try {
      return created(bucket.create(true) ? "created with object lock" : "exists");
    } catch (const Error&) {
      // A server without object lock refuses it in words of its own. If that was not the reason,
      // the same request without it says so.
    }
  }
  return created(bucket.create(false) ? "created" : "exists");
}

// A server that cannot is no obstacle: backups are encrypted before they leave the host.
SetupStep encrypt_bucket(S3Bucket& bucket) {
  if (bucket.put_default_encryption()) return {true, "default encryption: on"};
  return {false, "default encryption: the server does not know it"};
}

SetupStep lock_bucket(S3Bucket& bucket, uint64_t days) {
  const auto lock = bucket.object_lock();
  if (!is_set(lock)) {
    return {false, "object lock: this bucket has none, and it can be had at its creation only"};
  }
  if (!lock.value.mode.empty()) {
    return {true, format("object lock: {} for {}, as it was", lock.value.mode,
                         print_count(lock.value.days, "day", "days"))};
  }
  // Governance: the owner can still delete, with a right that no backup key has.
  bucket.put_object_lock({"GOVERNANCE", days});
  return {true, format("object lock: GOVERNANCE for {}", print_count(days, "day", "days"))};
}

// The provider would refuse them too, as malformed and without saying why.
void refuse_too_many_rules(const std::string& store, size_t hosts, const LifecyclePlan& plan) {
  if (plan.merged.size() <= lifecycle_rules_max) return;
  throw Error(
      ErrorKind::limit,
      format("plan the lifecycle of {}: {} would need {} rules, and a bucket takes {}", store,
             print_count(hosts, "host", "hosts"), plan.merged.size(), lifecycle_rules_max))
      .hint("Let the next hosts back up into another bucket; docs/SCALE.md has the numbers.");
}

}  // namespace

bool BucketAudit::is_good() const {
  return lifecycle &&
         std::none_of(findings.begin(), findings.end(),
                      [](const AuditFinding& finding) { return finding.level == Level::error; });
}

std::vector<std::string> bucket_hosts(Store& store, const std::vector<std::string>& hosts) {
  std::set<std::string> found(hosts.begin(), hosts.end());
  std::vector<ObjectInfo> objects;
  try {
    objects = store.list("");
  } catch (const Error&) {
    // A host's key may list its own folder only: then that host is all there is to see.
    if (hosts.empty()) throw;
  }
  for (const ObjectInfo& info : objects) {
    // Others may keep things in the bucket too: a folder is a host once it holds a snapshot.
    if (const auto id = parse_object_key(info.key)) found.insert(id->host);
  }
  return {found.begin(), found.end()};
}

BucketAudit audit_bucket(S3Store& store, const BucketRequest& request) {
  S3Bucket bucket(store.client(), request.stop);
  BucketAudit audit;
  audit.hosts = bucket_hosts(store, request.hosts);
  const auto rules = bucket.lifecycle();
  const auto denied = unseen(rules, "lifecycle", "s3:GetLifecycleConfiguration");
  if (denied) {
    audit.findings.push_back(*denied);
  } else {
    audit.lifecycle = audit_lifecycle(rules.value, audit.hosts, request.retention, request.now);
    audit.findings = audit.lifecycle->findings;
  }
  const auto versioning = bucket.versioning();
  const bool ends_old_versions = std::any_of(
      rules.value.begin(), rules.value.end(),
      [](const LifecycleRule& rule) { return rule.enabled && rule.noncurrent_days.has_value(); });
  if (!denied && is_versioned(versioning) && !ends_old_versions) {
    audit.findings.push_back(
        {Level::warning, "versioning",
         "no rule ends old versions: what expires is hidden, kept for ever and paid for",
         "'lifeboat bucket lifecycle --apply' writes rules that do."});
  }
  audit.findings.push_back(judge_protection(versioning, bucket.object_lock()));
  audit.findings.push_back(judge_policy(bucket.policy()));
  audit.findings.push_back(judge_encryption(bucket.default_encryption()));
  return audit;
}

std::vector<AuditFinding> probe_rights(S3Store& store, const std::string& host) {
  const std::string key = format("{}/drills/rights-probe", host);
  if (!store.stat(key)) {
    const auto sink = store.create(key);
    sink->write(as_bytes("lifeboat check wrote this to see whether its key can delete it\n"));
    sink->finish();
  }
  try {
    store.remove(key);
  } catch (const Error&) {
    if (!store.stat(key)) throw;
    return {{Level::ok, "rights", "this key can add and cannot delete", ""}};
  }
  if (store.stat(key)) {
    return {{Level::ok, "rights", "this key can add; what it deletes comes back", ""}};
  }
  return {{Level::warning, "rights",
           "this key can delete: who takes over this host can take the backups along",
           "Give it only what 'lifeboat bucket policy --role writer' prints."}};
}

LifecyclePlan plan_lifecycle(S3Store& store, const BucketRequest& request) {
  S3Bucket bucket(store.client(), request.stop);
  const auto seen = bucket.lifecycle();
  if (const auto finding = unseen(seen, "lifecycle", "s3:GetLifecycleConfiguration")) {
    throw Error(ErrorKind::store,
                format("read the lifecycle of {}: {}", store.name(), finding->message))
        .hint("Rules of others would be lost. Use the bucket owner's key: --profile NAME.");
  }
  const std::vector<std::string> hosts = bucket_hosts(store, request.hosts);
  if (hosts.empty()) {
    throw Error(ErrorKind::usage, "plan the lifecycle: no host is known")
        .hint("Name the hosts that back up into this bucket: --host vps-h1 --host vps-i1.");
  }
  const bool versioned = is_versioned(bucket.versioning());
  LifecyclePlan plan;
  plan.existing = seen.value;
  std::vector<LifecycleRule> ours;
  for (const std::string& host : hosts) {
    for (LifecycleRule& rule : lifecycle_rules(host, request.retention, versioned)) {
      ours.push_back(std::move(rule));
    }
  }
  plan.merged = merge_rules(plan.existing, hosts, ours);
  refuse_too_many_rules(store.name(), hosts.size(), plan);
  plan.changes = lifecycle_changes(plan.existing, plan.merged);
  return plan;
}

void apply_lifecycle(S3Store& store, const LifecyclePlan& plan, const StopToken& stop) {
  if (plan.changes.empty()) return;
  S3Bucket(store.client(), stop).put_lifecycle(plan.merged);
}

std::vector<SetupStep> setup_bucket(S3Store& store, const BucketRequest& request,
                                    bool object_lock) {
  S3Bucket bucket(store.client(), request.stop);
  std::vector<SetupStep> steps{make_bucket(bucket, store.name(), object_lock)};
  if (object_lock) steps.push_back(lock_bucket(bucket, request.retention.daily_days));
  steps.push_back(encrypt_bucket(bucket));
  const LifecyclePlan plan = plan_lifecycle(store, request);
  apply_lifecycle(store, plan, request.stop);
  for (const std::string& change : plan.changes) steps.push_back({true, "lifecycle: " + change});
  if (plan.changes.empty()) steps.push_back({true, "lifecycle: as it should be"});
  return steps;
}

}  // namespace lifeboat
