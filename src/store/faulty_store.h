// A store that fails once, at a chosen point: for sweeps that let every single effect of a run fail
// (1, 2, 3 ... until the run passes) and look each time at what is left.
#pragma once

#include <mutex>

#include "store/store.h"

namespace lifeboat {

// Where to fail; all counts are over the whole store and begin at 1, 0 is never.
struct Fault {
  // The k-th call: create, open, stat, list, copy, remove, and each read, write and finish of the
  // streams that were made.
  uint64_t operation = 0;
  // The k-th byte that is read or written; those before it still pass.
  uint64_t byte = 0;
  // The operation takes effect and only its answer is lost, as when a connection breaks.
  bool after_effect = false;
};

// Passes all calls on to `inner`, but for the fault: Error(store). Any thread; it and `inner` must
// outlive the streams it made.
class FaultyStore final : public Store {
 public:
  FaultyStore(Store& inner, Fault fault) : inner_(inner), fault_(fault) {}

  bool has_failed() const;
  // Operations and bytes so far: how far a sweep has to go.
  uint64_t operations() const;
  uint64_t bytes() const;

  std::string name() const override { return inner_.name(); }
  StoreTraits traits() const override { return inner_.traits(); }
  std::unique_ptr<Sink> create(const std::string& key, uint64_t size_estimate = 0) override;
  std::unique_ptr<Source> open(const std::string& key, ByteRange range = {}) override;
  std::optional<ObjectInfo> stat(const std::string& key) override;
  std::vector<ObjectInfo> list(std::string_view prefix) override;
  void copy(const std::string& source_key, const std::string& target_key) override;
  void remove(const std::string& key) override;
  size_t sweep_leftovers(std::string_view prefix) override;

 private:
  // Runs `effect` as the next operation.
  template <typename Effect>
  auto operation(std::string_view attempted, Effect&& effect);
  // How many of the next `count` bytes may pass; fewer than `count` when the fault lies in them.
  size_t allow(size_t count);
  void write(Sink& sink, ByteView data);
  size_t read(Source& source, ByteSpan target);

  Store& inner_;
  Fault fault_;
  mutable std::mutex mutex_;
  uint64_t operations_ = 0;
  uint64_t bytes_ = 0;
  bool has_failed_ = false;
};

}  // namespace lifeboat
