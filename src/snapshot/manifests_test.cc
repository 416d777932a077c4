#include "snapshot/manifests.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "base/error.h"
#include "store/memory_store.h"

namespace lifeboat {
namespace {

using namespace std::chrono_literals;

// An empty store that answers no reader before `wanted` wait at once, or one has waited in vain.
class MeetingStore final : public Store {
 public:
  explicit MeetingStore(size_t wanted) : wanted_(wanted) {}

  std::string name() const override { return inner_.name(); }
  StoreTraits traits() const override { return {}; }
  std::unique_ptr<Sink> create(const std::string& key, uint64_t) override {
    return inner_.create(key);
  }
  std::optional<ObjectInfo> stat(const std::string& key) override { return inner_.stat(key); }
  std::vector<ObjectInfo> list(std::string_view prefix) override { return inner_.list(prefix); }
  void copy(const std::string& from, const std::string& to) override { inner_.copy(from, to); }
  void remove(const std::string& key) override { inner_.remove(key); }
  size_t sweep_leftovers(std::string_view) override { return 0; }

  std::unique_ptr<Source> open(const std::string& key, ByteRange range) override {
    {
      std::unique_lock lock(mutex_);
      most_ = std::max(most_, ++waiting_);
      met_.notify_all();
      met_.wait_for(lock, 10s, [&] { return most_ >= wanted_; });
      --waiting_;
      ++opened_;
    }
    return inner_.open(key, range);
  }
  size_t most() const { return most_; }
  size_t opened() const { return opened_; }

 private:
  MemoryStore inner_;
  size_t wanted_;
  std::mutex mutex_;
  std::condition_variable met_;
  size_t waiting_ = 0;
  size_t most_ = 0;
  size_t opened_ = 0;
};

std::vector<SnapshotId> nights(int count) {
  std::vector<SnapshotId> ids;
  for (int night = 0; night < count; ++night) {
    const auto day =
        std::chrono::sys_days(std::chrono::year(2026) / 5 / 1) + std::chrono::days(night);
    ids.push_back({"h1", Date(day), ""});
  }
  return ids;
}

TEST(Manifests, ReadsSomeAheadAndKeepsTheOrder) {
  MeetingStore store(8);
  const std::vector<SnapshotId> ids = nights(40);
  std::vector<SnapshotId> seen;
  load_manifests(store, ids, {}, {}, [&](const SnapshotId& id, std::future<Manifest> loaded) {
    EXPECT_THROW(loaded.get(), Error) << "the store is empty";
    seen.push_back(id);
  });
  EXPECT_EQ(seen, ids);
  EXPECT_EQ(store.opened(), ids.size());
  EXPECT_EQ(store.most(), 8u);
}

TEST(Manifests, EndsItsThreadsWhenTheCallerFails) {
  MeetingStore store(1);
  const std::vector<SnapshotId> ids = nights(40);
  EXPECT_THROW(load_manifests(store, ids, {}, {},
                              [](const SnapshotId&, std::future<Manifest>) {
                                throw Error(ErrorKind::store, "enough");
                              }),
               Error);
  EXPECT_LE(store.opened(), 8u);
}

TEST(Manifests, AsksForNothingOnceStopped) {
  MeetingStore store(1);
  StopSource stop;
  stop.request_stop();
  EXPECT_THROW(load_manifests(store, nights(3), {}, stop.token(),
                              [](const SnapshotId&, std::future<Manifest>) { FAIL(); }),
               Interrupted);
  EXPECT_EQ(store.opened(), 0u);
}

}  // namespace
}  // namespace lifeboat
