// A bucket made right, and looked at for what would go wrong in it over the next year.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "snapshot/retention.h"
#include "store/s3/s3_bucket.h"
#include "store/s3/s3_store.h"

namespace lifeboat {

// What a bucket command needs to know.
struct BucketRequest {
  std::vector<std::string> hosts;  // named by the user or the configuration
  Retention retention;
  Timestamp now{};
  StopToken stop;
};

// `hosts` and all that have a snapshot in the bucket, sorted; `hosts` alone if the key may not list
// all of it. Throws Error(store) when that would be none.
std::vector<std::string> bucket_hosts(Store& store, const std::vector<std::string>& hosts);

struct BucketAudit {
  std::vector<std::string> hosts;
  std::optional<LifecycleAudit> lifecycle;  // nothing: this key may not read the rules
  std::vector<AuditFinding> findings;       // the lifecycle's among them
  bool is_good() const;                     // the rules were read, and no error
};
BucketAudit audit_bucket(S3Store& store, const BucketRequest& request);

// Writes a tiny probe of its own below the host's drills, unless an earlier one is there, and tries
// to delete it. What a key can do that a backup key should not is a warning. Throws Error(store)
// when the key cannot even write.
std::vector<AuditFinding> probe_rights(S3Store& store, const std::string& host);

struct LifecyclePlan {
  std::vector<LifecycleRule> existing;
  std::vector<LifecycleRule> merged;  // what the bucket should have
  std::vector<std::string> changes;   // sentences; empty: it is so already
};
// Throws Error(store) when the rules cannot be read: merging would lose those of others;
// Error(limit) for more than a bucket takes.
LifecyclePlan plan_lifecycle(S3Store& store, const BucketRequest& request);
void apply_lifecycle(S3Store& store, const LifecyclePlan& plan, const StopToken& stop);

struct SetupStep {
  bool done = false;  // false: not possible here, and why
  std::string text;
};
// Creates the bucket if it is missing (with object lock if asked for and known to the server),
// turns on default encryption, applies the lifecycle. May be repeated.
std::vector<SetupStep> setup_bucket(S3Store& store, const BucketRequest& request, bool object_lock);

}  // namespace lifeboat
