// What a run would do, what it takes, and what it costs: a look ahead that changes nothing.

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/exit_code.h"
#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/discovery.h"
#include "cli/render_plan.h"
#include "codec/frame_cache.h"
#include "config/config.h"
#include "config/schedule.h"
#include "store/s3/upload.h"

namespace lifeboat::cli {
namespace {

struct Options {
  std::string job;
  PriceOptions prices;
};

void open_store(const Config& config, CommandContext& context, PlanWorld& world) {
  const auto* folder = std::get_if<DirStoreConfig>(&config.store);
  if (folder != nullptr && !std::filesystem::exists(folder->path)) {
    context.talk().say(
        format("folder '{}' does not exist yet: the first backup makes it", folder->path.native()));
    return;
  }
  try {
    world.store = &context.store();
  } catch (const Error& error) {
    world.store_error = redact(error.what());
    world.store_hints = error.hints();
  }
}

// The parts of an upload, in memory all at once.
uint64_t upload_bytes(const Config& config, const RunPlan& run) {
  const auto* s3 = std::get_if<S3StoreConfig>(&config.store);
  if (s3 == nullptr) return 0;
  S3Options options;
  options.part_bytes = s3->part_size;
  // As the run will guess it, and a run after it.
  const uint64_t last = run.last ? run.last->stored_bytes : 0;
  const uint64_t estimate = std::max(2 * last, run.raw_bytes);
  return (options.upload_workers + 1) * upload_part_bytes(options, estimate);
}

PlannedJob plan_job(const JobConfig& job, PlanWorld& world, CommandContext& context) {
  const Config& config = context.config();
  const BackupRequest request = job_request_of(job, context);
  PlannedJob planned;
  planned.run = plan_run(request, world);
  planned.memory = peak_memory(request, upload_bytes(config, planned.run));
  planned.runs_per_day = runs_per_day(job.schedule);
  planned.spool_dir = config.spool_dir.native();
  planned.spool_free_bytes = free_bytes_of(config.spool_dir);
  if (const auto cache = frame_cache_folder(request, config.state_dir)) {
    planned.cache_dir = cache->native();
    planned.cache_bytes = FrameCache::bytes_in(*cache);
    planned.cache_bytes_max = request.cache_bytes_max;
  }
  return planned;
}

// As `check` would end.
int exit_code_of(const std::vector<PlannedJob>& jobs) {
  bool store_failed = false;
  for (const PlannedJob& job : jobs) {
    store_failed = store_failed || !job.run.store_error.empty();
    for (const PlannedService& service : job.run.services) {
      if (!service.error.empty()) return exit_code(ErrorKind::service);
    }
  }
  return store_failed ? exit_code(ErrorKind::store) : exit_ok;
}

int plan(const Options& options, CommandContext& context) {
  const Config& config = context.config();
  std::vector<const JobConfig*> wanted;
  if (!options.job.empty()) wanted.push_back(&config.job(options.job));
  for (const JobConfig& job : config.jobs) {
    if (options.job.empty()) wanted.push_back(&job);
  }
  if (std::holds_alternative<DirStoreConfig>(config.store) &&
      (options.prices.price_tb_month || options.prices.minimum_days)) {
    throw Error(ErrorKind::usage, "plan: --price and --minimum-days are for buckets")
        .hint("The store of this configuration is a folder.");
  }
  RecipeContext recipe_context = context.recipe_context();
  const HostState state = StateFile(config.state_dir, config.host, context.random()).load();
  PlanWorld world{
      .recipes = context.recipes(), .context = recipe_context, .trust = context.trust()};
  open_store(config, context, world);

  std::vector<PlannedJob> jobs;
  for (const JobConfig* job : wanted) {
    context.talk().status(format("plan {}", job->name));
    const auto known = std::find_if(state.jobs.begin(), state.jobs.end(),
                                    [&](const JobState& one) { return one.name == job->name; });
    world.state = known == state.jobs.end() ? nullptr : &*known;
    jobs.push_back(plan_job(*job, world, context));
  }
  const StoragePlan storage = plan_storage(config, jobs, options.prices);
  context.talk().status("");
  if (context.options.json) {
    context.out().json(plan_to_json(config.host, jobs, storage));
    return exit_code_of(jobs);
  }
  for (const PlannedJob& job : jobs) {
    context.out().line(render_job_plan(job, context.style()));
  }
  context.out().text(render_storage_plan(storage, context.style()));
  context.out().flush();
  if (!jobs.empty() && !jobs.front().run.store_error.empty()) {
    const RunPlan& run = jobs.front().run;
    context.talk().line(format("lifeboat: {}", printable(run.store_error)));
    for (const std::string& hint : run.store_hints) {
      context.talk().line(format("hint: {}", printable(hint)));
    }
  }
  return exit_code_of(jobs);
}

}  // namespace

void add_plan(CLI::App& app, CommandContext& context) {
  const auto options = std::make_shared<Options>();
  CLI::App& command =
      add_command(app, context,
                  {"plan",
                   "what a run would do, its sizes, storage and money; changes nothing",
                   group_setup,
                   {"lifeboat plan", "lifeboat plan nightly --json",
                    "lifeboat plan --price 4.99 --minimum-days 30"}});
  command.add_option("JOB", options->job, "the job (default: all)");
  command
      .add_option("--price", options->prices.price_tb_month,
                  "what a TB costs a month, in place of the provider's price as it was known")
      ->check(CLI::Range(0.0, 1e6))
      ->option_text("USD");
  command
      .add_option("--minimum-days", options->prices.minimum_days,
                  "for how many days an object is billed at least")
      ->check(CLI::Range(0, 3650))
      ->option_text("N");
  add_config_option(command, context);
  set_action(command, context, [options, &context] { return plan(*options, context); });
}

}  // namespace lifeboat::cli
