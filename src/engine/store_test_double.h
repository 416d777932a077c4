// Passes every call on; a test overrides the one that it is about.
#pragma once

#include "store/store.h"

namespace lifeboat::test {

class ForwardingStore : public Store {
 public:
  explicit ForwardingStore(Store& inner) : inner_(inner) {}
  std::string name() const override { return inner_.name(); }
  StoreTraits traits() const override { return inner_.traits(); }
  std::unique_ptr<Sink> create(const std::string& key, uint64_t size_estimate) override {
    return inner_.create(key, size_estimate);
  }
  std::unique_ptr<Source> open(const std::string& key, ByteRange range) override {
    return inner_.open(key, range);
  }
  std::optional<ObjectInfo> stat(const std::string& key) override { return inner_.stat(key); }
  std::vector<ObjectInfo> list(std::string_view prefix) override { return inner_.list(prefix); }
  void copy(const std::string& from, const std::string& to) override { inner_.copy(from, to); }
  void remove(const std::string& key) override { inner_.remove(key); }
  size_t sweep_leftovers(std::string_view prefix) override {
    return inner_.sweep_leftovers(prefix);
  }

 private:
  Store& inner_;
};

}  // namespace lifeboat::test
