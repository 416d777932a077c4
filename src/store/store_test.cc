// Runs the contract against every store of this room but the real S3.
#include "store/store.h"

#include <gtest/gtest.h>

#include "store/conformance.h"
#include "store/counting_store.h"
#include "store/dir_store.h"
#include "store/faulty_store.h"
#include "store/memory_store.h"
#include "support/shell.h"

namespace lifeboat::test {
namespace {

// A store together with what it stands on.
template <typename StoreType, typename Made>
std::shared_ptr<Store> with_parts(std::shared_ptr<Made> made, StoreType& store) {
  return std::shared_ptr<Store>(std::move(made), &store);
}

std::shared_ptr<Store> make_dir() {
  struct Made {
    TempFolder folder;
    SystemRandom random;
    std::unique_ptr<DirStore> store = DirStore::make(folder / "store", random);
  };
  const auto made = std::make_shared<Made>();
  return with_parts(made, *made->store);
}

std::shared_ptr<Store> make_counting() {
  struct Made {
    MemoryStore inner;
    CountingStore store{inner};
  };
  const auto made = std::make_shared<Made>();
  return with_parts(made, made->store);
}

std::shared_ptr<Store> make_faultless() {
  struct Made {
    MemoryStore inner;
    FaultyStore store{inner, {}};
  };
  const auto made = std::make_shared<Made>();
  return with_parts(made, made->store);
}

INSTANTIATE_TEST_SUITE_P(
    Stores, StoreConformance,
    testing::Values(StoreCase{"memory", [] { return std::make_shared<MemoryStore>(); }},
                    StoreCase{"dir", make_dir}, StoreCase{"counting", make_counting},
                    StoreCase{"faulty", make_faultless}),
    store_case_name);

}  // namespace
}  // namespace lifeboat::test
