#include "store/faulty_store.h"

#include "base/error.h"
#include "base/format.h"
#include "store/wrapped_streams.h"

namespace lifeboat {
namespace {

[[noreturn]] void fail(std::string_view attempted) {
  throw Error(ErrorKind::store, format("{}: made to fail", attempted));
}

}  // namespace

bool FaultyStore::has_failed() const {
  const std::scoped_lock lock(mutex_);
  return has_failed_;
}

uint64_t FaultyStore::operations() const {
  const std::scoped_lock lock(mutex_);
  return operations_;
}

uint64_t FaultyStore::bytes() const {
  const std::scoped_lock lock(mutex_);
  return bytes_;
}

template <typename Effect>
auto FaultyStore::operation(std::string_view attempted, Effect&& effect) {
  bool fails = false;
  {
    const std::scoped_lock lock(mutex_);
    fails = ++operations_ == fault_.operation;
    has_failed_ = has_failed_ || fails;
  }
  if (fails) {
    if (fault_.after_effect) effect();
    fail(attempted);
  }
  return effect();
}

size_t FaultyStore::allow(size_t count) {
  const std::scoped_lock lock(mutex_);
  const uint64_t before = bytes_;
  bytes_ += count;
  if (fault_.byte <= before || fault_.byte > bytes_) return count;
  has_failed_ = true;
  return static_cast<size_t>(fault_.byte - before - 1);
}

void FaultyStore::write(Sink& sink, ByteView data) {
  operation("write an object", [&] {
    const size_t allowed = allow(data.size());
    sink.write(data.first(allowed));
    if (allowed < data.size()) fail("write an object");
  });
}

size_t FaultyStore::read(Source& source, ByteSpan target) {
  return operation("read an object", [&] {
    const size_t got = source.read(target);
    if (allow(got) < got) fail("read an object");
    return got;
  });
}

std::unique_ptr<Sink> FaultyStore::create(const std::string& key, uint64_t size_estimate) {
  return operation(format("create '{}'", key), [&]() -> std::unique_ptr<Sink> {
    return std::make_unique<WrappedSink>(
        inner_.create(key, size_estimate), [this](Sink& sink, ByteView data) { write(sink, data); },
        [this, key](Sink& sink) { operation(format("finish '{}'", key), [&] { sink.finish(); }); });
  });
}

std::unique_ptr<Source> FaultyStore::open(const std::string& key, ByteRange range) {
  return operation(format("open '{}'", key), [&]() -> std::unique_ptr<Source> {
    return std::make_unique<WrappedSource>(
        inner_.open(key, range),
        [this](Source& source, ByteSpan target) { return read(source, target); });
  });
}

std::optional<ObjectInfo> FaultyStore::stat(const std::string& key) {
  return operation(format("stat '{}'", key), [&] { return inner_.stat(key); });
}

std::vector<ObjectInfo> FaultyStore::list(std::string_view prefix) {
  return operation(format("list '{}'", prefix), [&] { return inner_.list(prefix); });
}

void FaultyStore::copy(const std::string& source_key, const std::string& target_key) {
  operation(format("copy '{}'", source_key), [&] { inner_.copy(source_key, target_key); });
}

void FaultyStore::remove(const std::string& key) {
  operation(format("remove '{}'", key), [&] { inner_.remove(key); });
}

size_t FaultyStore::sweep_leftovers(std::string_view prefix) {
  return operation("sweep leftovers", [&] { return inner_.sweep_leftovers(prefix); });
}

}  // namespace lifeboat
