// Which store a person means: the configuration's, or what --store names.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/stop.h"
#include "config/config.h"
#include "store/s3/s3_store.h"
#include "store/store.h"

namespace lifeboat::cli {

// What stores need of the world; all must outlive the store.
struct StoreWorld {
  Clock& clock;
  Random& random;
  StopToken stop;
  std::string profile;        // of --profile: its keys in place of all others; empty: not given
  bool is_impatient = false;  // gives up after seconds
};

// "dir:PATH" or "s3://BUCKET[?endpoint=URL&region=NAME&path_style=true&ca_file=FILE&profile=NAME]",
// values percent-encoded where they need to be. Keys never stand in it: an URL ends up in histories
// and logs. Error(usage) for any other text.
struct StoreAddress {
  bool is_s3 = false;
  DirStoreConfig dir;
  S3StoreConfig s3;
};
StoreAddress parse_store_address(const std::string& text);

std::unique_ptr<Store> open_dir_store(const DirStoreConfig& config, const StoreWorld& world);
// Throws Error(config) if no keys are to be found.
std::unique_ptr<S3Store> open_s3_store(const S3StoreConfig& config, const StoreWorld& world);

}  // namespace lifeboat::cli
