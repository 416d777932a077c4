// The contract of store.h as one test suite for every store; test code only.
//
//   INSTANTIATE_TEST_SUITE_P(Memory, StoreConformance, testing::Values(StoreCase{"memory", make}),
//                            store_case_name);
//
// `make` returns an empty store. What the store needs (a folder, an inner store, a server) lives in
// the object that the pointer owns: std::shared_ptr's aliasing constructor.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "store/store.h"

namespace lifeboat::test {

struct StoreCase {
  std::string name;  // letters and digits
  std::function<std::shared_ptr<Store>()> make;
  // The server behind it refuses to overwrite, though the store cannot promise that of all servers.
  bool server_refuses_overwrite = false;
};

inline void PrintTo(const StoreCase& store_case, std::ostream* out) { *out << store_case.name; }
inline std::string store_case_name(const testing::TestParamInfo<StoreCase>& info) {
  return info.param.name;
}

class StoreConformance : public testing::TestWithParam<StoreCase> {
 protected:
  void SetUp() override { store_ = GetParam().make(); }
  Store& store() { return *store_; }
  bool refuses_overwrite() {
    return GetParam().server_refuses_overwrite || store().traits().refuses_overwrite;
  }

  void put(const std::string& key, std::string_view content);
  std::string get(const std::string& key, ByteRange range = {});
  // The keys that `list` gives.
  std::vector<std::string> keys(std::string_view prefix = "");

 private:
  std::shared_ptr<Store> store_;
};

}  // namespace lifeboat::test
