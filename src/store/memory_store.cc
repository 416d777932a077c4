#include "store/memory_store.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/format.h"
#include "store/key_rules.h"

namespace lifeboat {
namespace {

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

class MemoryObjectSource final : public Source {
 public:
  MemoryObjectSource(std::shared_ptr<const Bytes> bytes, ByteRange range)
      : bytes_(std::move(bytes)), left_(ByteView(*bytes_).subspan(range.offset)) {
    if (range.size < left_.size()) left_ = left_.first(range.size);
  }
  size_t read(ByteSpan target) override {
    const size_t count = std::min(target.size(), left_.size());
    if (count > 0) std::memcpy(target.data(), left_.data(), count);
    left_ = left_.subspan(count);
    return count;
  }

 private:
  std::shared_ptr<const Bytes> bytes_;
  ByteView left_;
};

}  // namespace

class MemoryObjectSink final : public Sink {
 public:
  MemoryObjectSink(MemoryStore& store, std::string key) : store_(store), key_(std::move(key)) {}

 private:
  void do_write(ByteView data) override { bytes_.insert(bytes_.end(), data.begin(), data.end()); }
  void do_finish() override { store_.add(key_, std::make_shared<const Bytes>(std::move(bytes_))); }

  MemoryStore& store_;
  std::string key_;
  Bytes bytes_;
};

MemoryStore::MemoryStore() : MemoryStore(system_clock()) {}

void MemoryStore::add(const std::string& key, std::shared_ptr<const Bytes> bytes) {
  const std::scoped_lock lock(mutex_);
  if (!objects_.try_emplace(key, Object{std::move(bytes), clock_.now()}).second) {
    throw Error(ErrorKind::store, format("create '{}': it already exists", key));
  }
}

std::shared_ptr<const Bytes> MemoryStore::content(const std::string& key) const {
  const std::scoped_lock lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end()) throw no_such_object(format("open '{}'", key), name());
  return found->second.bytes;
}

std::unique_ptr<Sink> MemoryStore::create(const std::string& key, uint64_t) {
  check_key(key);
  return std::make_unique<MemoryObjectSink>(*this, key);
}

std::unique_ptr<Source> MemoryStore::open(const std::string& key, ByteRange range) {
  check_key(key);
  auto bytes = content(key);
  check_range(key, range.offset, bytes->size());
  return std::make_unique<MemoryObjectSource>(std::move(bytes), range);
}

std::optional<ObjectInfo> MemoryStore::stat(const std::string& key) {
  check_key(key);
  const std::scoped_lock lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return std::nullopt;
  return ObjectInfo{key, found->second.bytes->size(), found->second.modified};
}

std::vector<ObjectInfo> MemoryStore::list(std::string_view prefix) {
  const std::scoped_lock lock(mutex_);
  std::vector<ObjectInfo> found;
  for (auto at = objects_.lower_bound(prefix);
       at != objects_.end() && std::string_view(at->first).starts_with(prefix); ++at) {
    found.push_back({at->first, at->second.bytes->size(), at->second.modified});
  }
  return found;
}

void MemoryStore::copy(const std::string& source_key, const std::string& target_key) {
  check_key(source_key);
  check_key(target_key);
  add(target_key, content(source_key));
}

void MemoryStore::remove(const std::string& key) {
  check_key(key);
  const std::scoped_lock lock(mutex_);
  objects_.erase(key);
}

}  // namespace lifeboat
