#include "store/counting_store.h"

#include "store/wrapped_streams.h"

namespace lifeboat {

StoreCounts CountingStore::counts() const {
  const std::scoped_lock lock(mutex_);
  return counts_;
}

void CountingStore::reset() {
  const std::scoped_lock lock(mutex_);
  counts_ = {};
}

void CountingStore::count(Counter counter, uint64_t by) {
  const std::scoped_lock lock(mutex_);
  counts_.*counter += by;
}

std::unique_ptr<Sink> CountingStore::create(const std::string& key, uint64_t size_estimate) {
  count(&StoreCounts::creates);
  const auto write = [this](Sink& sink, ByteView data) {
    sink.write(data);
    count(&StoreCounts::bytes_written, data.size());
  };
  return std::make_unique<WrappedSink>(inner_.create(key, size_estimate), write,
                                       [](Sink& sink) { sink.finish(); });
}

std::unique_ptr<Source> CountingStore::open(const std::string& key, ByteRange range) {
  count(&StoreCounts::opens);
  const auto read = [this](Source& source, ByteSpan target) {
    const size_t got = source.read(target);
    count(&StoreCounts::bytes_read, got);
    return got;
  };
  return std::make_unique<WrappedSource>(inner_.open(key, range), read);
}

std::optional<ObjectInfo> CountingStore::stat(const std::string& key) {
  count(&StoreCounts::stats);
  return inner_.stat(key);
}

std::vector<ObjectInfo> CountingStore::list(std::string_view prefix) {
  count(&StoreCounts::lists);
  return inner_.list(prefix);
}

void CountingStore::copy(const std::string& source_key, const std::string& target_key) {
  count(&StoreCounts::copies);
  inner_.copy(source_key, target_key);
}

void CountingStore::remove(const std::string& key) {
  count(&StoreCounts::removes);
  inner_.remove(key);
}

}  // namespace lifeboat
