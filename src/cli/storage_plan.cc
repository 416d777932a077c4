#include "cli/storage_plan.h"

#include <algorithm>

#include "base/format.h"
#include "base/text.h"
#include "cli/job_request.h"
#include "io/files.h"

namespace lifeboat::cli {
namespace {

constexpr double days_a_month = 30;
constexpr std::string_view own_price = "your price";

// The days of its last day are rounded up to midnight.
double kept_days(uint64_t days, Timestamp start) {
  const auto into_day = start - std::chrono::floor<std::chrono::days>(start);
  return static_cast<double>(days) + 1 -
         std::chrono::duration<double, std::chrono::days::period>(into_day).count();
}

class StoragePlanner {
 public:
  StoragePlanner(const Config& config, const PriceOptions& prices)
      : config_(config), retention_(retention_of(config.retention)), prices_(prices) {}

  StoragePlan run(const std::vector<PlannedJob>& jobs) {
    for (const PlannedJob& job : jobs) add(job);
    if (const auto* s3 = std::get_if<S3StoreConfig>(&config_.store)) {
      plan_.store = "s3://" + s3->bucket;
      choose_provider(*s3);
      price_months();
    } else {
      const std::filesystem::path& path = std::get<DirStoreConfig>(config_.store).path;
      plan_.store = "dir:" + path.native();
      look_at_disk(path);
    }
    return std::move(plan_);
  }

 private:
  void add(const PlannedJob& job);
  void choose_provider(const S3StoreConfig& s3);
  void price_months();
  void advise();
  void look_at_disk(const std::filesystem::path& path);

  const Config& config_;
  Retention retention_;
  const PriceOptions& prices_;
  StoragePlan plan_;
};

void StoragePlanner::add(const PlannedJob& job) {
  const RunPlan& run = job.run;
  plan_.held_bytes = std::max(plan_.held_bytes, run.held_bytes);
  for (const std::string& name : run.unknown) {
    plan_.not_counted.push_back(
        format("service '{}': nobody knows its size before the first run", printable(name)));
  }
  for (const PlannedService& service : run.services) {
    if (service.error.empty()) continue;
    plan_.not_counted.push_back(
        format("service '{}': it cannot be planned", printable(service.name)));
  }
  if (!job.runs_per_day) {
    plan_.not_counted.push_back(format("job '{}': it has no schedule", run.job));
    return;
  }
  plan_.is_upper_bound = plan_.is_upper_bound || !run.stored_bytes;
  const uint64_t bytes = run.stored_bytes.value_or(run.stored_bytes_max);
  const Timestamp start = run.last ? run.last->started : Timestamp{};
  const double period = 1 / *job.runs_per_day;
  if (run.id.tier == Tier::weekly) {
    plan_.streams.push_back({run.job, bytes, period, kept_days(retention_.weekly_days, start)});
    return;
  }
  plan_.streams.push_back({run.job, bytes, period, kept_days(retention_.daily_days, start)});
  if (retention_.monthly_months == 0) return;
  plan_.streams.push_back({run.job + ", monthly copies", bytes, std::max(period, 365.0 / 12),
                           kept_days(retention_.monthly_days(), start)});
}

void StoragePlanner::choose_provider(const S3StoreConfig& s3) {
  if (const StorageProvider* known = find_provider(s3.endpoint)) plan_.provider = *known;
  if (!prices_.price_tb_month && !prices_.minimum_days) return;
  if (!plan_.provider) plan_.provider = StorageProvider{.name = own_price};
  if (prices_.price_tb_month) {
    plan_.provider->price_tb_month = prices_.price_tb_month;
    plan_.provider->currency = "USD";
    plan_.provider->source = plan_.provider->as_of = {};
  }
  if (prices_.minimum_days) plan_.provider->minimum_days = *prices_.minimum_days;
}

void StoragePlanner::price_months() {
  const uint64_t minimum_days = plan_.provider ? plan_.provider->minimum_days : 0;
  const auto add_month = [&](std::string name, const BilledStorage& storage) {
    plan_.months.push_back({std::move(name), storage, std::nullopt});
    if (plan_.provider) plan_.months.back().cost = month_cost(*plan_.provider, storage);
  };
  const auto month = [&](double number) {
    return billed_between(plan_.streams, minimum_days, (number - 1) * days_a_month,
                          number * days_a_month);
  };
  add_month("1", month(1));
  add_month("3", month(3));
  add_month("steady", billed_steady(plan_.streams, minimum_days));
  if (plan_.provider && !plan_.streams.empty()) advise();
}

void StoragePlanner::advise() {
  const StorageProvider& provider = *plan_.provider;
  const BilledStorage& steady = plan_.months.back().storage;
  if (steady.deleted > 0 && retention_.daily_days < provider.minimum_days) {
    std::vector<BackupStream> longer = plan_.streams;
    for (BackupStream& stream : longer) {
      stream.kept_days = std::max(stream.kept_days, static_cast<double>(provider.minimum_days));
    }
    const auto cost = month_cost(provider, billed_steady(longer, provider.minimum_days));
    plan_.advice.push_back(
        format("Every object is billed for {0} days, however early it goes: retention.daily: {0} "
               "instead of {1} costs {2}. The bucket's rules go with it: 'lifeboat bucket "
               "lifecycle --apply'.",
               provider.minimum_days, retention_.daily_days,
               cost ? format("{:.2f} {} a month in the long run, not {:.2f}", *cost,
                             provider.currency, *plan_.months.back().cost)
                    : std::string("no more")));
  }
  if (steady.active < static_cast<double>(provider.minimum_bytes)) {
    plan_.advice.push_back(format(
        "{} are billed at least, and this host uses {}: keeping more costs nothing until "
        "that is used up.",
        print_bytes(provider.minimum_bytes), print_bytes(static_cast<uint64_t>(steady.active))));
  }
}

// What is there already goes as the new comes: only the difference must find room.
void StoragePlanner::look_at_disk(const std::filesystem::path& path) {
  const auto free_bytes = free_bytes_of(path);
  if (!free_bytes || plan_.streams.empty()) return;
  plan_.free_bytes = free_bytes;
  double a_day = 0;
  double there = 0;
  for (const BackupStream& stream : plan_.streams) {
    a_day += static_cast<double>(stream.bytes) / stream.period_days;
    there += static_cast<double>(stream.bytes) * static_cast<double>(stream.copies_max());
  }
  plan_.full_bytes = static_cast<uint64_t>(there);
  if (plan_.full_bytes > plan_.held_bytes + *free_bytes) {
    // At the earliest: what goes meanwhile makes room.
    plan_.full_in_days = static_cast<uint64_t>(static_cast<double>(*free_bytes) / a_day);
    plan_.advice.push_back(
        "Keep fewer: lower retention.daily or retention.monthly, or use a larger disk.");
  }
  plan_.advice.push_back(
      "A folder has no rules of its own: old ones go when 'lifeboat prune' runs.");
}

}  // namespace

std::optional<uint64_t> free_bytes_of(const std::filesystem::path& path) {
  std::error_code failure;
  const auto space = std::filesystem::space(existing_part(path), failure);
  if (failure) return std::nullopt;
  return space.available;
}

StoragePlan plan_storage(const Config& config, const std::vector<PlannedJob>& jobs,
                         const PriceOptions& prices) {
  return StoragePlanner(config, prices).run(jobs);
}

}  // namespace lifeboat::cli
