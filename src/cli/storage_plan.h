// What the configured jobs will have put into the store in the long run, what that costs, and what
// would be cheaper.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "engine/run_plan.h"
#include "engine/storage_cost.h"

namespace lifeboat::cli {

// One job, planned.
struct PlannedJob {
  RunPlan run;
  PeakMemory memory;
  std::optional<double> runs_per_day;  // nothing: by hand
  std::string spool_dir;
  std::optional<uint64_t> spool_free_bytes;
  std::string cache_dir = {};  // empty: the run has none
  uint64_t cache_bytes = 0;
  uint64_t cache_bytes_max = 0;
};

// A price from the command line in place of the table's.
struct PriceOptions {
  std::optional<double> price_tb_month = {};  // USD
  std::optional<uint64_t> minimum_days = {};
};

// Of one month, in days from the first backup.
struct StorageMonth {
  std::string name;  // "1", "3", "steady"
  BilledStorage storage;
  std::optional<double> cost;  // nothing: no price is known
};

struct StoragePlan {
  std::string store;  // its name
  std::vector<BackupStream> streams;
  bool is_upper_bound = false;              // some job never ran: it may compress
  std::vector<std::string> not_counted;     // jobs without a schedule, services without a size
  std::optional<StorageProvider> provider;  // of a bucket, if it is known or was priced
  std::vector<StorageMonth> months;
  // Of a folder:
  std::optional<uint64_t> free_bytes;    // of its disk
  uint64_t held_bytes = 0;               // of this host, now
  uint64_t full_bytes = 0;               // of all that is kept at the same time, in the long run
  std::optional<uint64_t> full_in_days;  // at the earliest; nothing: never at this size
  std::vector<std::string> advice;       // sentences
};

// Of the disk that `path` is on, or will be; nothing if that cannot be told.
std::optional<uint64_t> free_bytes_of(const std::filesystem::path& path);

StoragePlan plan_storage(const Config& config, const std::vector<PlannedJob>& jobs,
                         const PriceOptions& prices);

}  // namespace lifeboat::cli
