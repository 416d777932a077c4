// Where snapshots live.
//
// The contract every store keeps is written here once and tested once, by the conformance suite in
// store/conformance.h. Retries, faults and metering are decorators: a decorator is a store.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "io/sink.h"
#include "io/source.h"

namespace lifeboat {

// What a store can and cannot do.
struct StoreTraits {
  bool can_remove = true;
  // A lifecycle of the store's own removes old objects; `prune` is not for us to do.
  bool has_lifecycle = false;
  // Creating a key that exists is refused by the store itself.
  bool refuses_overwrite = true;
};

struct ObjectInfo {
  std::string key;
  uint64_t size = 0;
  Timestamp modified{};
};

struct ByteRange {
  uint64_t offset = 0;
  uint64_t size = UINT64_MAX;  // up to the end
};

// Keys are '/'-separated relative paths of [A-Za-z0-9._=-] segments, at most 1024 bytes, no segment
// empty, "." or "..", none beginning with '.'; anything else is a Bug of the caller (names from
// people are checked where they come in). Failures are Error(store). One thread at a time per
// returned stream; the store itself may be used from several threads.
class Store {
 public:
  virtual ~Store() = default;

  // For people: "dir:/srv/backups".
  virtual std::string name() const = 0;
  virtual StoreTraits traits() const = 0;

  // The object is visible only once the sink is finished, and durable then; abandoned, nothing is
  // left. A key that exists is refused, at the latest by `finish`, as far as `refuses_overwrite`
  // goes. `size_estimate` is a guess in bytes (0: none) for stores that must cut an object into a
  // limited number of equal parts; too high costs memory, too low may end in Error(limit).
  virtual std::unique_ptr<Sink> create(const std::string& key, uint64_t size_estimate = 0) = 0;
  // Throws Error(store) when the key is missing. Bytes beyond the end are not an error: the source
  // ends there; an offset beyond the end is.
  virtual std::unique_ptr<Source> open(const std::string& key, ByteRange range = {}) = 0;
  virtual std::optional<ObjectInfo> stat(const std::string& key) = 0;
  // Every object whose key begins with `prefix` (any text, "" for all), sorted by key bytewise.
  virtual std::vector<ObjectInfo> list(std::string_view prefix) = 0;
  // Within the store, without the bytes passing through us. The target must not exist.
  virtual void copy(const std::string& source_key, const std::string& target_key) = 0;
  // Removing what is not there is fine.
  virtual void remove(const std::string& key) = 0;
  // Removes what killed writers of keys that begin with `prefix` left unfinished (never objects);
  // returns how many. The caller makes sure that nobody writes below it now.
  virtual size_t sweep_leftovers(std::string_view prefix) = 0;
};

// Throws Bug unless `key` is one as above.
void check_key(std::string_view key);

// An object by ranges; asks for its size once, unless told. Each read_at is one `open` of exactly
// that range.
class ObjectAccess final : public RandomAccess {
 public:
  ObjectAccess(Store& store, std::string key);
  ObjectAccess(Store& store, std::string key, uint64_t size)
      : store_(store), key_(std::move(key)), size_(size) {}
  uint64_t size() const override { return size_; }
  void read_at(uint64_t offset, ByteSpan target) override;

 private:
  Store& store_;
  std::string key_;
  uint64_t size_;
};

}  // namespace lifeboat
