#include "cli/render_plan.h"

#include <cmath>

#include "base/format.h"
#include "base/text.h"

namespace lifeboat::cli {
namespace {

using std::chrono::seconds;

std::string print_size(const std::optional<uint64_t>& bytes) {
  return bytes ? print_bytes(*bytes) : "-";
}

std::string print_sum(double bytes) { return print_bytes(static_cast<uint64_t>(bytes)); }

std::string print_items(const Facts& facts) {
  std::vector<std::string> parts;
  for (const Item& item : facts.items) {
    if (item.headline) parts.push_back(print_count(item.count, item.singular, item.plural));
  }
  if (parts.empty() && !facts.items.empty()) {
    const Item& first = facts.items.front();
    parts.push_back(print_count(first.count, first.singular, first.plural));
  }
  return printable(format("{}", join(parts, ", ")));
}

std::string render_services(const RunPlan& run, const Style& style) {
  Table table({{"SERVICE"},
               {"RECIPE"},
               {"NOW", Align::right},
               {"LAST RUN", Align::right},
               {"HOLDS"},
               {"MEANWHILE"}});
  std::string sentences;
  for (const PlannedService& service : run.services) {
    const std::string name = printable(service.name);
    const bool failed = !service.error.empty();
    table.add_row({name, service.recipe, failed ? "-" : print_size(service.raw_bytes),
                   print_size(service.last_raw_bytes),
                   failed ? style.bad("CANNOT BE PLANNED") : print_items(service.facts),
                   failed ? "-" : service.meanwhile});
    if (failed) {
      sentences += format("{}: {}\n", name, printable(service.error));
      for (const std::string& hint : service.hints) {
        sentences += format("  hint: {}\n", printable(hint));
      }
      continue;
    }
    if (!service.facts.consistency.empty()) {
      sentences += format("{}: {}\n", name, printable(service.facts.consistency));
    }
    for (const std::string& missing : service.facts.missing) {
      sentences += format("{}: not in it: {}\n", name, printable(missing));
    }
  }
  return table.print() + "\n" + sentences;
}

std::string print_stored(const RunPlan& run) {
  if (run.stored_bytes) {
    return format("about {} raw, {} stored: as well compressed as {}", print_bytes(run.raw_bytes),
                  print_bytes(*run.stored_bytes), run.last->snapshot);
  }
  return format("about {} raw, at most {} stored: no run yet tells how well it compresses",
                print_bytes(run.raw_bytes), print_bytes(run.stored_bytes_max));
}

std::string print_memory(const PeakMemory& memory) {
  std::string text = format("at most {}: {} the program", print_bytes(memory.total()),
                            print_bytes(memory.program_bytes));
  if (memory.workers > 0) {
    text += format(", {} frames and {} tables of {}", print_bytes(memory.frames_bytes),
                   print_bytes(memory.contexts_bytes),
                   print_count(memory.workers, "compressor", "compressors"));
  }
  if (memory.upload_bytes > 0) text += format(", {} upload", print_bytes(memory.upload_bytes));
  return text;
}

std::string print_growth(const Growth& growth) {
  const auto a_month = static_cast<uint64_t>(std::abs(growth.bytes_per_day) * 30);
  return format("{}{} a month, by {} of the last {}", growth.bytes_per_day < 0 ? "-" : "+",
                print_bytes(a_month), print_count(growth.snapshots, "snapshot", "snapshots"),
                print_count(growth.days, "day", "days"));
}

std::string print_price(const StorageProvider& provider) {
  std::string text(provider.name);
  if (provider.price_tb_month) {
    text += format(": {:.2f} {} a TB and month", *provider.price_tb_month, provider.currency);
  } else {
    text += ": no price is known here, give --price";
  }
  if (provider.minimum_days > 0) text += format(", {} days billed at least", provider.minimum_days);
  if (provider.minimum_bytes > 0) {
    text += format(", {} billed at least", print_bytes(provider.minimum_bytes));
  }
  if (provider.free_bytes > 0) text += format(", {} free", print_bytes(provider.free_bytes));
  if (!provider.source.empty()) text += format(" ({}, {})", provider.source, provider.as_of);
  return text;
}

std::string print_money(const StorageMonth& month, const StoragePlan& plan) {
  if (!month.cost) return "-";
  return format("{:.2f} {}", *month.cost, plan.provider->currency);
}

std::string render_bucket_months(const StoragePlan& plan) {
  Table table({{"MONTH"},
               {"STORED", Align::right},
               {"GONE, BILLED", Align::right},
               {"COST", Align::right}});
  for (const StorageMonth& month : plan.months) {
    table.add_row({month.name, print_sum(month.storage.active), print_sum(month.storage.deleted),
                   print_money(month, plan)});
  }
  const std::string price =
      plan.provider ? print_price(*plan.provider)
                    : "no provider with a price is known for this endpoint: give --price USD";
  return format("{}\n{}", price, table.print());
}

std::string render_disk(const StoragePlan& plan) {
  const std::string room = format("{} are free, {} are held now", print_bytes(*plan.free_bytes),
                                  print_bytes(plan.held_bytes));
  if (plan.full_in_days) {
    return format("{}: too little for {}, full in {} at the earliest\n", room,
                  print_bytes(plan.full_bytes), print_count(*plan.full_in_days, "day", "days"));
  }
  return format("{}: {} stay free in the long run\n", room,
                print_bytes(plan.held_bytes + *plan.free_bytes - plan.full_bytes));
}

Json size_or_null(const std::optional<uint64_t>& bytes) {
  return bytes ? Json(*bytes) : Json(nullptr);
}

Json service_to_json(const PlannedService& service) {
  Json value{{"name", service.name},
             {"recipe", service.recipe},
             {"raw_bytes", size_or_null(service.raw_bytes)},
             {"last_raw_bytes", size_or_null(service.last_raw_bytes)}};
  if (!service.error.empty()) {
    value["error"] = service.error;
    value["hints"] = service.hints;
    return value;
  }
  Json items = Json::object();
  for (const Item& item : service.facts.items) items[item.key] = item.count;
  value["items"] = std::move(items);
  value["consistency"] = service.facts.consistency;
  value["missing"] = service.facts.missing;
  value["meanwhile"] = service.meanwhile;
  return value;
}

double as_seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

Json job_to_json(const PlannedJob& job) {
  const RunPlan& run = job.run;
  Json services = Json::array();
  for (const PlannedService& service : run.services) services.push_back(service_to_json(service));
  Json value{{"job", run.job},
             {"snapshot", run.id.text()},
             {"archive_key", run.id.archive_key()},
             {"monthly_copy", run.monthly ? Json(run.monthly->text()) : Json(nullptr)},
             {"services", std::move(services)},
             {"raw_bytes", run.raw_bytes},
             {"unknown_services", run.unknown},
             {"stored_bytes", size_or_null(run.stored_bytes)},
             {"stored_bytes_max", run.stored_bytes_max},
             {"duration_seconds", run.duration ? Json(as_seconds(*run.duration)) : Json(nullptr)},
             {"last", nullptr},
             {"growth_bytes_per_day", nullptr}};
  if (run.last) {
    value["last"] = {{"snapshot", run.last->snapshot},
                     {"duration_seconds", as_seconds(run.last->duration)},
                     {"raw_bytes", run.last->raw_bytes},
                     {"stored_bytes", run.last->stored_bytes}};
  }
  if (run.growth) value["growth_bytes_per_day"] = run.growth->bytes_per_day;
  const PeakMemory& memory = job.memory;
  value["memory"] = {
      {"total_bytes", memory.total()},           {"workers", memory.workers},
      {"program_bytes", memory.program_bytes},   {"frames_bytes", memory.frames_bytes},
      {"contexts_bytes", memory.contexts_bytes}, {"upload_bytes", memory.upload_bytes}};
  value["spool"] = {{"folder", job.spool_dir},
                    {"bytes_max", run.spool_bytes_max},
                    {"free_bytes", size_or_null(job.spool_free_bytes)}};
  value["cache"] = nullptr;
  if (!job.cache_dir.empty()) {
    value["cache"] = {
        {"folder", job.cache_dir}, {"bytes", job.cache_bytes}, {"bytes_max", job.cache_bytes_max}};
  }
  if (!run.store_error.empty()) value["store_error"] = run.store_error;
  return value;
}

Json storage_to_json(const StoragePlan& plan) {
  Json streams = Json::array();
  for (const BackupStream& stream : plan.streams) {
    streams.push_back({{"name", stream.name},
                       {"bytes", stream.bytes},
                       {"period_days", stream.period_days},
                       {"kept_days", stream.kept_days},
                       {"copies_max", stream.copies_max()}});
  }
  Json value{{"store", plan.store},
             {"streams", std::move(streams)},
             {"is_upper_bound", plan.is_upper_bound},
             {"not_counted", plan.not_counted},
             {"held_bytes", plan.held_bytes},
             {"advice", plan.advice}};
  if (plan.free_bytes) {
    value["free_bytes"] = *plan.free_bytes;
    value["full_bytes"] = plan.full_bytes;
    value["full_in_days"] = size_or_null(plan.full_in_days);
  }
  if (plan.provider) {
    const StorageProvider& provider = *plan.provider;
    value["provider"] = {{"name", provider.name},
                         {"price_tb_month",
                          provider.price_tb_month ? Json(*provider.price_tb_month) : Json(nullptr)},
                         {"currency", provider.currency},
                         {"minimum_days", provider.minimum_days},
                         {"minimum_bytes", provider.minimum_bytes},
                         {"source", provider.source},
                         {"as_of", provider.as_of}};
  }
  Json months = Json::array();
  for (const StorageMonth& month : plan.months) {
    months.push_back({{"month", month.name},
                      {"active_bytes", static_cast<uint64_t>(month.storage.active)},
                      {"deleted_bytes", static_cast<uint64_t>(month.storage.deleted)},
                      {"cost", month.cost ? Json(*month.cost) : Json(nullptr)}});
  }
  if (!months.empty()) value["months"] = std::move(months);
  return value;
}

}  // namespace

std::string render_job_plan(const PlannedJob& job, const Style& style) {
  const RunPlan& run = job.run;
  std::string text = style.strong(format("{} of {}", run.job, run.host));
  text += format(" would be {}", run.id.archive_key());
  if (run.monthly) text += format(", copied as {} if all services succeed", run.monthly->text());
  text += "\n\n" + render_services(run, style) + "\n";

  Table table({{"ARCHIVE"}, {""}});
  table.add_row({"size", print_stored(run)});
  if (!run.unknown.empty()) {
    table.add_row({"", printable(format("and {}, of unknown size", join(run.unknown, ", ")))});
  }
  if (run.growth) table.add_row({"growth", print_growth(*run.growth)});
  if (run.duration) {
    table.add_row({"duration", format("about {}, at the speed of {}", print_duration(*run.duration),
                                      run.last->snapshot)});
  } else {
    table.add_row({"duration", run.last ? "too short to tell" : "not known before the first run"});
  }
  table.add_row({"memory", print_memory(job.memory)});
  if (!job.cache_dir.empty()) {
    table.add_row(
        {"cache",
         format("{} of at most {} in {}: frames that need not be compressed again",
                print_bytes(job.cache_bytes), print_bytes(job.cache_bytes_max), job.cache_dir)});
  }
  table.add_row({"spool", format("at most {} in {}, where {} are free: a dump at a time, encrypted",
                                 print_bytes(run.spool_bytes_max), job.spool_dir,
                                 print_size(job.spool_free_bytes))});
  return text + table.print();
}

std::string render_storage_plan(const StoragePlan& plan, const Style& style) {
  std::string text = style.strong(plan.store) + ", at this size and in the long run";
  text += plan.is_upper_bound ? ", at most\n\n" : "\n\n";
  Table table(
      {{"KEPT"}, {"EACH", Align::right}, {"COPIES", Align::right}, {"TOGETHER", Align::right}});
  for (const BackupStream& stream : plan.streams) {
    table.add_row({printable(stream.name), print_bytes(stream.bytes),
                   format("{}", stream.copies_max()),
                   print_bytes(stream.bytes * stream.copies_max())});
  }
  if (!plan.streams.empty()) text += table.print() + "\n";
  if (plan.free_bytes) text += render_disk(plan);
  if (!plan.months.empty()) text += render_bucket_months(plan);
  for (const std::string& one : plan.not_counted) text += format("not counted: {}\n", one);
  for (const std::string& sentence : plan.advice) text += format("advice: {}\n", sentence);
  return text;
}

Json plan_to_json(const std::string& host, const std::vector<PlannedJob>& jobs,
                  const StoragePlan& storage) {
  Json all = Json::array();
  for (const PlannedJob& job : jobs) all.push_back(job_to_json(job));
  return {{"host", host}, {"jobs", std::move(all)}, {"storage", storage_to_json(storage)}};
}

}  // namespace lifeboat::cli
