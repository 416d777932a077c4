// A bucket's own settings: what exists, what the key may see, and what `bucket setup` makes.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/stop.h"
#include "store/lifecycle_rule.h"
#include "store/s3/s3_client.h"

namespace lifeboat {

// A setting as this key sees it.
template <typename Value>
struct Seen {
  enum class State { set, unset, denied, unsupported };
  State state = State::unset;
  Value value{};  // meaningful when set
};

enum class Versioning { enabled, suspended };

struct ObjectLock {
  std::string mode;  // "COMPLIANCE", "GOVERNANCE"; empty: on, without a default for new objects
  uint64_t days = 0;
};

// Any thread, as its client.
class S3Bucket {
 public:
  explicit S3Bucket(S3Client& client, StopToken stop = {})
      : client_(client), stop_(std::move(stop)) {}

  bool exists();
  // With object lock versioning comes along; it can only be chosen here. False if it was there
  // already and is ours.
  bool create(bool object_lock);

  Seen<std::vector<LifecycleRule>> lifecycle();
  // Replaces all rules, then reads them back: throws if the server kept others.
  void put_lifecycle(const std::vector<LifecycleRule>& rules);
  Seen<Versioning> versioning();
  Seen<ObjectLock> object_lock();
  // The default of new objects, in a bucket that was created with object lock.
  void put_object_lock(const ObjectLock& lock);
  Seen<std::string> default_encryption();  // the algorithm
  // False if the server does not know it.
  bool put_default_encryption();
  Seen<std::string> policy();  // JSON

 private:
  S3Client& client_;
  StopToken stop_;
};

}  // namespace lifeboat
