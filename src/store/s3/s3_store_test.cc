#include "store/s3/s3_store.h"

#include <gmock/gmock.h>

#include <mutex>

#include "store/conformance.h"
#include "store/s3/s3_objects.h"
#include "store/s3/s3_test_kit.h"

namespace lifeboat::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Breaks one request in five, half of them before they take effect and half after, at a random byte
// of what they give.
class RandomFaults final : public S3Transport {
 public:
  RandomFaults(std::unique_ptr<S3Transport> inner, uint64_t seed)
      : inner_(std::move(inner)), random_(seed) {}

  S3Response send(const S3Request& request, Timestamp signing_time) override {
    const uint64_t drawn = draw();
    if (drawn % 10 == 0) throw broken();
    if (drawn % 10 != 1) return inner_->send(request, signing_time);
    S3Request cut = request;
    size_t left = drawn / 10 % 10'000;
    if (request.on_body) {
      cut.on_body = [&](ByteView data) {
        const size_t count = std::min(left, data.size());
        left -= count;
        request.on_body(data.first(count));
      };
    }
    inner_->send(cut, signing_time);
    throw broken();
  }

 private:
  static Error broken() { return Error(ErrorKind::store, "made to fail by the test").transient(); }
  uint64_t draw() {
    const std::lock_guard lock(mutex_);
    return random_.next();
  }

  std::unique_ptr<S3Transport> inner_;
  std::mutex mutex_;
  SeededRandom random_;
};

std::shared_ptr<Store> share(const std::shared_ptr<S3World>& world) {
  return {world, world->store.get()};
}

std::shared_ptr<Store> make_scripted() { return share(std::make_shared<S3World>()); }

std::shared_ptr<Store> make_with_faults() {
  // So many tries that giving up is as good as impossible: a tenth to the power of twenty.
  const auto world = std::make_shared<S3World>(
      ScriptedS3Options{}, [](S3Options& options) { options.retry.attempts_max = 30; });
  world->store = std::make_unique<S3Store>(
      world->options,
      std::make_unique<RandomFaults>(
          std::make_unique<InProcessTransport>(world->server, world->options), 7),
      world->clock, world->random);
  return share(world);
}

INSTANTIATE_TEST_SUITE_P(S3Scripted, StoreConformance,
                         testing::Values(StoreCase{"S3Scripted", make_scripted, true}),
                         store_case_name);
INSTANTIATE_TEST_SUITE_P(S3RandomFaults, StoreConformance,
                         testing::Values(StoreCase{"S3RandomFaults", make_with_faults, true}),
                         store_case_name);

TEST(S3Store, TellsWhatItIs) {
  S3World world;
  EXPECT_EQ(world.store->name(), "s3://bucket");
  EXPECT_TRUE(world.store->traits().can_remove);
  EXPECT_TRUE(world.store->traits().has_lifecycle);
  EXPECT_FALSE(world.store->traits().refuses_overwrite);
}

TEST(S3Store, ListsOverManyPagesAndOnlyKeys) {
  S3World world({.page_keys_max = 3});
  for (const char* key : {"h/a", "h/b b", "h/c", "h/d", "h/", "h/e", "h/\xc3\xa9", "h/f%41"}) {
    world.server.put_object(key, "x");
  }
  std::vector<std::string> keys;
  for (const ObjectInfo& info : world.store->list("h/")) keys.push_back(info.key);
  EXPECT_THAT(keys, ElementsAre("h/a", "h/c", "h/d", "h/e"));
  EXPECT_EQ(world.count("ListObjectsV2"), 3u);
}

TEST(S3Store, SweepsUnfinishedUploadsOfItsPrefixAlone) {
  S3World world;
  for (const char* key : {"h1/2026-05-07/a", "h1/2026-05-07/b", "h10/a"}) {
    s3_begin_upload(world.store->client(), key, {});
  }
  world.put("h1/kept", as_bytes("x"));
  EXPECT_EQ(world.store->sweep_leftovers("h1/"), 2u);
  EXPECT_EQ(world.server.uploads_in_progress(), 1u);
  EXPECT_EQ(world.store->sweep_leftovers("h1/"), 0u);
  EXPECT_TRUE(world.store->stat("h1/kept"));
}

TEST(S3Store, SweepsOverManyPages) {
  S3World world({.page_keys_max = 2});
  for (int index = 0; index < 7; ++index) {
    s3_begin_upload(world.store->client(), format("h/{}", index / 2), {});
  }
  EXPECT_EQ(world.store->sweep_leftovers("h/"), 7u);
  EXPECT_EQ(world.server.uploads_in_progress(), 0u);
}

TEST(S3Store, StatNeedsOnlyTheRightToList) {
  S3World world({.allow_get = false});
  world.server.put_object("h/a", "12345");
  world.server.put_object("h/a-longer", "1");
  EXPECT_EQ(world.store->stat("h/a").value().size, 5u);
  EXPECT_FALSE(world.store->stat("h/a-"));
  EXPECT_FALSE(world.store->stat("h/b"));
  const Bytes content = SeededRandom().bytes(25'000);
  world.put("h/c", content);
  EXPECT_TRUE(world.server.objects()["h/c"] == as_text(content));
  EXPECT_THAT(error_text([&] { world.put("h/c", content); }), HasSubstr("already exists"));
}

TEST(S3Store, WritesWithoutTheRightToDelete) {
  S3World world({.allow_delete = false});
  world.put("h/a", SeededRandom().bytes(25'000));
  EXPECT_THAT(error_text([&] { world.store->remove("h/a"); }), HasSubstr("s3:DeleteObject"));
  EXPECT_TRUE(world.store->stat("h/a"));
}

}  // namespace
}  // namespace lifeboat::test
