// A store that counts what is asked of it: proves in tests that a reader fetches only what it
// needs.
#pragma once

#include <mutex>

#include "store/store.h"

namespace lifeboat {

// Calls, and the bytes that really went through the streams.
struct StoreCounts {
  uint64_t creates = 0;
  uint64_t opens = 0;
  uint64_t stats = 0;
  uint64_t lists = 0;
  uint64_t copies = 0;
  uint64_t removes = 0;
  uint64_t bytes_read = 0;
  uint64_t bytes_written = 0;

  uint64_t requests() const { return creates + opens + stats + lists + copies + removes; }
  friend bool operator==(const StoreCounts&, const StoreCounts&) = default;
};

// Passes all calls on to `inner`. Any thread; it and `inner` must outlive the streams it made.
class CountingStore final : public Store {
 public:
  explicit CountingStore(Store& inner) : inner_(inner) {}

  // Since the start or the last `reset`.
  StoreCounts counts() const;
  void reset();

  std::string name() const override { return inner_.name(); }
  StoreTraits traits() const override { return inner_.traits(); }
  std::unique_ptr<Sink> create(const std::string& key, uint64_t size_estimate = 0) override;
  std::unique_ptr<Source> open(const std::string& key, ByteRange range = {}) override;
  std::optional<ObjectInfo> stat(const std::string& key) override;
  std::vector<ObjectInfo> list(std::string_view prefix) override;
  void copy(const std::string& source_key, const std::string& target_key) override;
  void remove(const std::string& key) override;
  size_t sweep_leftovers(std::string_view prefix) override {
    return inner_.sweep_leftovers(prefix);
  }

 private:
  using Counter = uint64_t StoreCounts::*;
  void count(Counter counter, uint64_t by = 1);

  Store& inner_;
  mutable std::mutex mutex_;
  StoreCounts counts_;
};

}  // namespace lifeboat
