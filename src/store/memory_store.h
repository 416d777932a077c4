// A store in memory, for tests: the plainest thing that keeps the contract of store.h.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "store/store.h"

namespace lifeboat {

// Any thread. Must outlive the sinks it made; sources keep what they read alive by themselves.
class MemoryStore final : public Store {
 public:
  // Objects get their time from the system's clock, or from `clock`, which must outlive the store.
  MemoryStore();
  explicit MemoryStore(const Clock& clock) : clock_(clock) {}

  std::string name() const override { return "memory"; }
  StoreTraits traits() const override { return {}; }
  std::unique_ptr<Sink> create(const std::string& key, uint64_t size_estimate = 0) override;
  std::unique_ptr<Source> open(const std::string& key, ByteRange range = {}) override;
  std::optional<ObjectInfo> stat(const std::string& key) override;
  std::vector<ObjectInfo> list(std::string_view prefix) override;
  void copy(const std::string& source_key, const std::string& target_key) override;
  void remove(const std::string& key) override;
  size_t sweep_leftovers(std::string_view) override { return 0; }

 private:
  friend class MemoryObjectSink;
  struct Object {
    std::shared_ptr<const Bytes> bytes;
    Timestamp modified;
  };
  // Throws Error(store) if the key is taken.
  void add(const std::string& key, std::shared_ptr<const Bytes> bytes);
  // The content; throws Error(store) if it is missing.
  std::shared_ptr<const Bytes> content(const std::string& key) const;

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, Object, std::less<>> objects_;
};

}  // namespace lifeboat
