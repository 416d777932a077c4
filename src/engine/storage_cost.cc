#include "engine/storage_cost.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"

namespace lifeboat {
namespace {

constexpr uint64_t tebibyte = uint64_t{1} << 40;
constexpr uint64_t gigabyte = 1'000'000'000;

// Pay as you go, the standard class, in the cheapest region; taxes, requests and traffic apart.
constexpr std::array<StorageProvider, 5> providers{{
    // A TB is 1024 GB; reserved capacity has 30 days instead of 90.
    {"Wasabi", "wasabisys.com", 7.99, "USD", tebibyte, 90, tebibyte, 0,
     "https://wasabi.com/pricing", "2026-07"},
    // 0.023 USD a GB, which is 2^30 bytes there; other regions cost up to twice as much.
    {"Amazon S3 Standard", "amazonaws.com", 23.55, "USD", tebibyte, 0, 0, 0,
     "https://aws.amazon.com/s3/pricing/", "2025-11"},
    {"Backblaze B2", "backblazeb2.com", 6.0, "USD", 1000 * gigabyte, 0, 0, 10 * gigabyte,
     "https://www.backblaze.com/cloud-storage/pricing", "2026-04"},
    {"Cloudflare R2", "r2.cloudflarestorage.com", 15.0, "USD", 1000 * gigabyte, 0, 0, 10 * gigabyte,
     "https://developers.cloudflare.com/r2/pricing/", "2026-06"},
    // A base price with 1 TB in it, then by the TB and hour; it changed too often to be stated.
    {"Hetzner Object Storage", "your-objectstorage.com", std::nullopt, "EUR", 1000 * gigabyte, 0,
     1000 * gigabyte, 0, "https://docs.hetzner.com/storage/object-storage/overview", "2024-12"},
}};

// Days in which one backup made at `begin` and billed for `length` falls between `from` and `to`.
double overlap(double begin, double length, double from, double to) {
  return std::max(0.0, std::min(begin + length, to) - std::max(begin, from));
}

}  // namespace

uint64_t BackupStream::copies_max() const {
  return static_cast<uint64_t>(std::ceil(kept_days / period_days));
}

BilledStorage billed_between(const std::vector<BackupStream>& streams, uint64_t minimum_days,
                             double from_day, double to_day) {
  ensure(from_day < to_day, "a time has a length");
  BilledStorage sum;
  for (const BackupStream& stream : streams) {
    const double billed_days = std::max(stream.kept_days, static_cast<double>(minimum_days));
    double active = 0;
    double billed = 0;
    const double first = std::max(0.0, std::ceil((from_day - billed_days) / stream.period_days));
    for (double at = first * stream.period_days; at < to_day; at += stream.period_days) {
      active += overlap(at, stream.kept_days, from_day, to_day);
      billed += overlap(at, billed_days, from_day, to_day);
    }
    const double share = static_cast<double>(stream.bytes) / (to_day - from_day);
    sum.active += active * share;
    sum.deleted += (billed - active) * share;
  }
  return sum;
}

BilledStorage billed_steady(const std::vector<BackupStream>& streams, uint64_t minimum_days) {
  BilledStorage sum;
  for (const BackupStream& stream : streams) {
    const double a_day = static_cast<double>(stream.bytes) / stream.period_days;
    sum.active += a_day * stream.kept_days;
    sum.deleted += a_day * std::max(0.0, static_cast<double>(minimum_days) - stream.kept_days);
  }
  return sum;
}

const StorageProvider* find_provider(std::string_view endpoint) {
  if (endpoint.empty()) endpoint = "amazonaws.com";
  if (const size_t scheme = endpoint.find("://"); scheme != std::string_view::npos) {
    endpoint.remove_prefix(scheme + 3);
  }
  endpoint = endpoint.substr(0, endpoint.find_first_of(":/"));
  for (const StorageProvider& provider : providers) {
    if (!endpoint.ends_with(provider.endpoint_end)) continue;
    const std::string_view before =
        endpoint.substr(0, endpoint.size() - provider.endpoint_end.size());
    if (before.empty() || before.ends_with('.')) return &provider;
  }
  return nullptr;
}

std::optional<double> month_cost(const StorageProvider& provider, const BilledStorage& storage) {
  if (!provider.price_tb_month) return std::nullopt;
  const double least = static_cast<double>(provider.minimum_bytes);
  const double billed = std::max(storage.active, least) + storage.deleted;
  const double charged = std::max(0.0, billed - static_cast<double>(provider.free_bytes));
  return charged / static_cast<double>(provider.tb_bytes) * *provider.price_tb_month;
}

}  // namespace lifeboat
