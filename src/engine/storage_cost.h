// What lies in a store once backups have come and gone for a while, and what a provider bills.
//
// Backups are taken to be equal and evenly spaced, so that sums are closed formulas; a test plays
// 500 nights by the lifecycle's rules against them. Prices change: the table is small, each entry
// names its source and its date, and a price on the command line beats it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat {

// Equal backups, one every `period_days`, each there for `kept_days`.
struct BackupStream {
  std::string name = {};        // "nightly", "monthly copies"
  uint64_t bytes = 0;           // of each
  double period_days = 1;       // more than 0
  double kept_days = 30;        // until a rule takes it: the rest of its last day counts
  uint64_t copies_max() const;  // at the same time, once the first ones go
};

// Averages over a time, in bytes.
struct BilledStorage {
  double active = 0;
  double deleted = 0;  // gone, but billed up to the provider's minimum duration
};

// Between two moments, in days since the first backup of an empty store.
BilledStorage billed_between(const std::vector<BackupStream>& streams, uint64_t minimum_days,
                             double from_day, double to_day);
// Once as many go as come.
BilledStorage billed_steady(const std::vector<BackupStream>& streams, uint64_t minimum_days);

// How a provider bills storage.
struct StorageProvider {
  std::string_view name = {};
  std::string_view endpoint_end = {};         // of its endpoints' host names
  std::optional<double> price_tb_month = {};  // nothing: not known here
  std::string_view currency = "USD";
  uint64_t tb_bytes = 1'000'000'000'000;  // what it calls a TB
  uint64_t minimum_days = 0;              // an object is billed for at least
  uint64_t minimum_bytes = 0;             // of active storage, billed at least
  uint64_t free_bytes = 0;
  std::string_view source = {};  // URL
  std::string_view as_of = {};   // month of the source
};

// By the endpoint of an s3 store; empty is Amazon. Null: a server of one's own, or an unknown one.
const StorageProvider* find_provider(std::string_view endpoint);
// A month of `storage`; nothing without a price. Deleted storage is not counted towards the least
// that is billed: no provider says that it is.
std::optional<double> month_cost(const StorageProvider& provider, const BilledStorage& storage);

}  // namespace lifeboat
