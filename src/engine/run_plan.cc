#include "engine/run_plan.h"

#include <algorithm>
#include <exception>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "codec/zstd/zstd.h"
#include "snapshot/catalog.h"

namespace lifeboat {
namespace {

using std::chrono::days;

constexpr size_t manifests_max = 31;  // read back from the newest: a month of nights
constexpr days growth_span_min{7};
constexpr uint64_t program_bytes = uint64_t{32} << 20;  // 23 were seen

// What age and zstd add to bytes that do not compress: 16 bytes a 64 KiB chunk, and zstd's blocks.
uint64_t stored_at_most(uint64_t raw_bytes) { return raw_bytes + raw_bytes / 1000 + 65536; }

uint64_t scaled(uint64_t bytes, uint64_t by, uint64_t of) {
  return static_cast<uint64_t>(static_cast<double>(bytes) * static_cast<double>(by) /
                               static_cast<double>(of));
}

std::string meanwhile(const BackupService& configured) {
  const Settings& settings = configured.service.settings;
  std::string text = "runs on";
  if (configured.service.recipe == "waha") {
    const std::string word = settings.text("quiesce", "no");
    if (word == "api") text = "sessions are stopped";
    if (word == "container") text = "is stopped";
  } else if (const std::string word = settings.text("stop", "no"); word != "no") {
    text = word == "pause" ? "is paused" : "is stopped";
  }
  if (!configured.hooks.before.empty() || !configured.hooks.after.empty()) text += ", hooks run";
  return text;
}

class Planner {
 public:
  Planner(const BackupRequest& request, PlanWorld& world) : request_(request), world_(world) {
    plan_.host = request.host;
    plan_.job = request.job;
  }

  RunPlan run() {
    const Timestamp now = std::chrono::floor<std::chrono::seconds>(world_.context.clock.now());
    plan_.id = request_.is_single_stream ? weekly_of(request_.host, now)
                                         : SnapshotId{request_.host, date_of(now), ""};
    plan_.store_error = world_.store_error;
    plan_.store_hints = world_.store_hints;
    if (world_.store != nullptr) {
      try {
        look_into(*world_.store, now);
      } catch (const Error& error) {
        plan_.store_error = redact(error.what());
        for (const std::string& hint : error.hints()) plan_.store_hints.push_back(redact(hint));
      }
    }
    if (world_.store == nullptr && plan_.store_error.empty() && makes_monthlies()) {
      plan_.monthly = monthly_of(plan_.id);
    }
    if (!plan_.last && !plan_.store_error.empty()) remember();
    for (const BackupService& configured : request_.services) {
      world_.context.stop.throw_if_stopped();
      plan_.services.push_back(plan_service(configured));
    }
    add_up();
    return std::move(plan_);
  }

 private:
  void look_into(Store& store, Timestamp now);
  void read_past(Store& store, const std::vector<SnapshotId>& ids);
  std::optional<Manifest> manifest_of_job(Store& store, const SnapshotId& id) const;
  void remember();
  uint64_t last_raw_bytes() const;
  bool makes_monthlies() const { return !request_.is_single_stream && request_.monthly_months > 0; }
  PlannedService plan_service(const BackupService& configured);
  void add_up();

  const BackupRequest& request_;
  PlanWorld& world_;
  RunPlan plan_;
  std::vector<ManifestService> last_services_;
  std::vector<ObjectInfo> objects_;
};

void Planner::look_into(Store& store, Timestamp now) {
  objects_ = store.list(request_.host + "/");
  std::vector<SnapshotId> ids;
  for (const ObjectInfo& object : objects_) {
    plan_.held_bytes += object.size;
    if (auto id = parse_manifest_key(object.key)) ids.push_back(std::move(*id));
  }
  std::sort(ids.begin(), ids.end());
  plan_.id = free_id(store, plan_.id, now);
  read_past(store, ids);
  if (!makes_monthlies()) return;
  SnapshotId copy = monthly_of(plan_.id);
  for (const SnapshotId& id : ids) {
    if (id.folder() == copy.folder() && manifest_of_job(store, id)) return;
  }
  plan_.monthly = free_id(store, std::move(copy), now);
}

// What cannot be read or believed is of no job: a run would not take it for one either.
std::optional<Manifest> Planner::manifest_of_job(Store& store, const SnapshotId& id) const {
  world_.context.stop.throw_if_stopped();
  auto manifest = find_manifest(store, id, world_.trust);
  if (manifest && manifest->job != request_.job) manifest.reset();
  return manifest;
}

void Planner::read_past(Store& store, const std::vector<SnapshotId>& ids) {
  std::vector<Manifest> whole;  // newest first
  size_t read = 0;
  for (auto id = ids.rbegin(); id != ids.rend() && read < manifests_max; ++id) {
    if (id->tier != plan_.id.tier) continue;
    ++read;
    auto manifest = manifest_of_job(store, *id);
    if (!manifest) continue;
    if (!plan_.last) {
      const auto size = [&](const std::string& key) {
        const auto found = std::find_if(objects_.begin(), objects_.end(),
                                        [&](const ObjectInfo& one) { return one.key == key; });
        return found == objects_.end() ? 0 : found->size;
      };
      last_services_ = manifest->services;
      plan_.last = PastRun{
          id->text(), manifest->started, manifest->finished - manifest->started, last_raw_bytes(),
          manifest->archive.bytes + manifest->index.bytes + size(id->manifest_key())};
    }
    if (!manifest->is_partial()) whole.push_back(std::move(*manifest));
  }
  if (whole.size() < 2) return;
  const auto span = whole.front().started - whole.back().started;
  if (span < growth_span_min) return;
  const double first = static_cast<double>(whole.back().archive.bytes);
  const double last = static_cast<double>(whole.front().archive.bytes);
  const double length = std::chrono::duration<double, days::period>(span).count();
  plan_.growth = Growth{(last - first) / length, whole.size(), static_cast<uint64_t>(length)};
}

// The store does not answer, and the host knows its last run.
void Planner::remember() {
  const JobState* state = world_.state;
  if (state == nullptr || state->snapshot.empty()) return;
  for (const ServiceState& service : state->services) {
    ManifestService known;
    known.name = service.name;
    known.ok = service.last_success.has_value();
    known.raw_bytes = service.source_bytes;
    last_services_.push_back(std::move(known));
  }
  plan_.last = PastRun{state->snapshot, state->last_run, state->duration, last_raw_bytes(),
                       state->archive_bytes};
}

// As services are counted now: without what tar adds.
uint64_t Planner::last_raw_bytes() const {
  uint64_t bytes = 0;
  for (const ManifestService& service : last_services_) bytes += service.ok ? service.raw_bytes : 0;
  return bytes;
}

PlannedService Planner::plan_service(const BackupService& configured) {
  PlannedService planned;
  planned.name = configured.service.name;
  planned.recipe = configured.service.recipe;
  planned.meanwhile = meanwhile(configured);
  for (const ManifestService& past : last_services_) {
    if (past.name == planned.name && past.ok) planned.last_raw_bytes = past.raw_bytes;
  }
  try {
    if (!configured.fault.empty()) throw Error(ErrorKind::service, configured.fault);
    const auto plan =
        world_.recipes.get(configured.service.recipe).plan(configured.service, world_.context);
    planned.facts = plan->facts();
    // A recipe that does not know gives 0.
    if (const uint64_t bytes = plan->size_estimate(); bytes > 0) planned.raw_bytes = bytes;
  } catch (const Error& error) {
    planned.error = redact(error.what());
    for (const std::string& hint : error.hints()) planned.hints.push_back(redact(hint));
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const Interrupted&) {
    throw;
  } catch (const std::exception& error) {
    planned.error = redact(format("a fault in lifeboat: {}", error.what()));
  }
  return planned;
}

void Planner::add_up() {
  for (const PlannedService& service : plan_.services) {
    if (!service.error.empty()) continue;
    const auto bytes = service.raw_bytes ? service.raw_bytes : service.last_raw_bytes;
    if (!bytes) plan_.unknown.push_back(service.name);
    plan_.raw_bytes += bytes.value_or(0);
    plan_.spool_bytes_max = std::max(plan_.spool_bytes_max, bytes.value_or(0));
  }
  plan_.stored_bytes_max = stored_at_most(plan_.raw_bytes);
  plan_.spool_bytes_max = stored_at_most(plan_.spool_bytes_max);
  if (!plan_.last || plan_.last->raw_bytes == 0) return;
  plan_.stored_bytes = scaled(plan_.raw_bytes, plan_.last->stored_bytes, plan_.last->raw_bytes);
  // Manifests count seconds, so less than that says nothing.
  if (plan_.last->duration < std::chrono::seconds(1)) return;
  plan_.duration = std::chrono::nanoseconds(
      static_cast<int64_t>(scaled(static_cast<uint64_t>(plan_.last->duration.count()),
                                  plan_.raw_bytes, plan_.last->raw_bytes)));
}

}  // namespace

RunPlan plan_run(const BackupRequest& request, PlanWorld& world) {
  return Planner(request, world).run();
}

PeakMemory peak_memory(const BackupRequest& request, uint64_t upload_bytes) {
  PeakMemory peak;
  peak.program_bytes = program_bytes;
  peak.upload_bytes = upload_bytes;
  if (request.is_single_stream) return peak;  // gzip, and one thread
  const zstd::FrameMemory compressor = zstd::frame_memory(
      request.level, request.workers, frame_cache_folder(request, {}).has_value());
  peak.workers = compressor.workers;
  peak.frames_bytes = compressor.buffers_bytes;
  peak.contexts_bytes = compressor.contexts_bytes;
  return peak;
}

}  // namespace lifeboat
