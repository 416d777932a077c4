#include "engine/backup.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "codec/frame_cache.h"
#include "codec/spool.h"
#include "codec/zstd/zstd.h"
#include "engine/archive_notes.h"
#include "engine/hooks.h"
#include "engine/job_run.h"
#include "engine/monthly.h"
#include "engine/stream_backup.h"
#include "io/pipeline.h"
#include "recipe/details.h"
#include "snapshot/archive_writer.h"
#include "snapshot/catalog.h"

namespace lifeboat {
namespace {

// A service on its way into the archive. The plan's destructor resumes what it stopped.
struct Candidate {
  const BackupService* configured = nullptr;
  const Recipe* recipe = nullptr;
  std::unique_ptr<HookScope> hooks;  // before `plan`, and so ended after it
  std::unique_ptr<ServicePlan> plan;
  ManifestService record;
  std::exception_ptr failure;

  const Service& service() const { return configured->service; }
  bool failed() const { return failure != nullptr; }
};

class Backup {
 public:
  Backup(const BackupRequest& request, Environment& environment)
      : request_(request),
        environment_(environment),
        recipe_context_(environment.recipe_context()),
        run_(request, environment) {}

  BackupResult run();

 private:
  void sweep_leftovers();
  void open_plans();
  uint64_t size_estimate() const;
  void open_plan(Candidate& candidate);
  void write_preamble(ArchiveWriter& archive);
  void write_service(ArchiveWriter& archive, Candidate& candidate);
  bool write_member(ArchiveWriter& archive, Candidate& candidate, Member& member);
  void finish_service(Candidate& candidate);
  void record_failure(Candidate& candidate);
  void release(Candidate& candidate);
  void give_up(Candidate& candidate);
  void add_text(ArchiveWriter& archive, const std::string& path, const std::string& text);
  void refuse_empty_snapshot() const;
  std::vector<ManifestService> records() const;
  void copy_monthly(BackupResult& result);

  // The per-service edge: an Error, or a bug in one recipe, must not take the others along.
  template <typename Body>
  bool guarded(Candidate& candidate, Body&& body);

  const BackupRequest& request_;
  Environment& environment_;
  RecipeContext recipe_context_;  // plans refer to it
  // Ended in reverse: the services, then the run.
  JobRun run_;
  std::vector<Candidate> candidates_;
};

template <typename Body>
bool Backup::guarded(Candidate& candidate, Body&& body) {
  try {
    with_context(format("back up service '{}'", candidate.service().name),
                 std::forward<Body>(body));
    return true;
  } catch (const Interrupted&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception&) {
    candidate.failure = std::current_exception();
    record_failure(candidate);
    return false;
  }
}

void Backup::record_failure(Candidate& candidate) {
  ManifestService& record = candidate.record;
  record.ok = false;
  record.items.clear();
  try {
    std::rethrow_exception(candidate.failure);
  } catch (const Error& error) {
    record.error = redact(error.what());
    for (const std::string& hint : error.hints()) record.hints.push_back(redact(hint));
  } catch (const std::exception& error) {
    record.error = redact(format("a fault in lifeboat: {}", error.what()));
  }
}

// Resumes whatever the service's plan and hooks had stopped.
void Backup::release(Candidate& candidate) {
  candidate.plan.reset();
  for (std::string& warning : candidate.hooks->end()) {
    candidate.record.warnings.push_back(std::move(warning));
  }
}

void Backup::give_up(Candidate& candidate) {
  release(candidate);
  for (std::string& warning : run_error_hooks(candidate.configured->hooks, environment_)) {
    candidate.record.warnings.push_back(std::move(warning));
  }
  environment_.progress.note(
      format("{}: FAILED: {}", candidate.record.name, candidate.record.error));
}

void Backup::open_plans() {
  // Reserved, because failing candidates are referred to while others are added.
  candidates_.reserve(request_.services.size());
  for (const BackupService& configured : request_.services) {
    Candidate& candidate = candidates_.emplace_back();
    candidate.configured = &configured;
    candidate.hooks = std::make_unique<HookScope>(configured.hooks, environment_);
    candidate.record.name = configured.service.name;
    candidate.record.recipe = configured.service.recipe;
    environment_.stop.throw_if_stopped();
    if (!guarded(candidate, [&] { open_plan(candidate); })) give_up(candidate);
  }
}

void Backup::open_plan(Candidate& candidate) {
  const std::string& fault = candidate.configured->fault;
  if (!fault.empty()) throw Error(ErrorKind::service, fault);
  candidate.hooks->begin();
  candidate.recipe = &environment_.recipes.get(candidate.service().recipe);
  candidate.plan = candidate.recipe->plan(candidate.service(), recipe_context_);
  record_facts(candidate.record, candidate.plan->facts());
}

void Backup::add_text(ArchiveWriter& archive, const std::string& path, const std::string& text) {
  MemorySource source(text);
  const MemberContent content{.source = &source, .size = text.size(), .progress = {}};
  const AddedMember added = archive.add("", run_.note_meta(path), content);
  ensure(added.source_failure == nullptr, "text from memory cannot fail");
}

void Backup::write_preamble(ArchiveWriter& archive) {
  std::vector<NotedService> noted;
  for (const Candidate& candidate : candidates_) {
    if (candidate.failed()) continue;
    noted.push_back({&candidate.service(), candidate.recipe, &candidate.plan->facts()});
  }
  const ArchiveNotes notes{request_.host, request_.job, run_.started(), run_.id()};
  add_text(archive, "RESTORE.md", print_restore_card(notes, noted));
  add_text(archive, "facts.json", print_facts(notes, noted));
  add_text(archive, "lifeboat.yaml", request_.config_text);
}

void Backup::write_service(ArchiveWriter& archive, Candidate& candidate) {
  archive.begin_section();
  for (;;) {
    environment_.stop.throw_if_stopped();
    std::optional<Member> member;
    const bool read = guarded(candidate, [&] { member = candidate.plan->next(); }) &&
                      (!member || write_member(archive, candidate, *member));
    if (!read) return give_up(candidate);
    if (!member) break;
  }
  if (!guarded(candidate, [&] { finish_service(candidate); })) give_up(candidate);
}

// False once the service failed. Failures of the archive itself are thrown.
bool Backup::write_member(ArchiveWriter& archive, Candidate& candidate, Member& member) {
  Progress& progress = environment_.progress;
  const std::string& service = candidate.service().name;
  member.meta.path = service + "/" + member.meta.path;
  if (member.meta.type == FileType::hardlink) {
    member.meta.link_target = service + "/" + member.meta.link_target;
  }
  progress.begin(member.meta.path, member.size.value_or(0));
  const auto moved = [&](uint64_t bytes) {
    run_.pace();
    progress.advance(bytes);
  };

  std::optional<Spool> spool;
  std::unique_ptr<Source> source;
  const bool ready = guarded(candidate, [&] {
    with_context(format("read '{}'", printable(member.meta.path)), [&] {
      if (member.open) source = member.open();
      if (member.size || !source) return;
      spool.emplace(environment_.spool_dir, environment_.random);
      pump(*source, *spool, environment_.stop);
      source.reset();  // ends what it held: a child, a database lock
      spool->finish();
      if (member.judge) member.judge({spool->summary(), spool->tail()});
      source = spool->open();
    });
  });
  if (!ready) return false;

  const uint64_t size = spool ? spool->summary().bytes : member.size.value_or(0);
  AddedMember added = archive.add(
      service, member.meta,
      {.source = source.get(), .size = size, .may_change = member.may_change, .progress = moved});
  candidate.record.members += 1;
  candidate.record.raw_bytes += stored_size(member.meta, size);
  if (!added.source_failure) return true;
  return guarded(candidate, [&] {
    with_context(format("read '{}'", printable(member.meta.path)),
                 [&] { std::rethrow_exception(added.source_failure); });
  });
}

void Backup::finish_service(Candidate& candidate) {
  ManifestService& record = candidate.record;
  record.warnings = candidate.plan->warnings();
  // What a recipe has to say each time, such as when its certificates end.
  const std::string summary = detail_text(candidate.plan->facts().details, "summary");
  release(candidate);
  record.ok = true;
  environment_.progress.note(
      format("{}: {}, {}{}{}", record.name, print_count(record.members, "member", "members"),
             print_bytes(record.raw_bytes), summary.empty() ? "" : "; ", summary));
  for (const std::string& warning : record.warnings) {
    environment_.progress.note(format("{}: warning: {}", record.name, warning));
  }
}

void Backup::refuse_empty_snapshot() const {
  const bool all_failed = std::all_of(candidates_.begin(), candidates_.end(),
                                      [](const Candidate& one) { return one.failed(); });
  if (!all_failed) return;
  ensure(!candidates_.empty(), "a job has services");
  // One failure is told as it is; of several, the first stands for all and the rest were noted.
  std::rethrow_exception(candidates_.front().failure);
}

std::vector<ManifestService> Backup::records() const {
  std::vector<ManifestService> all;
  for (const Candidate& candidate : candidates_) all.push_back(candidate.record);
  return all;
}

// The snapshot is safe by now, and stays so.
void Backup::copy_monthly(BackupResult& result) {
  if (request_.monthly_months == 0 || result.manifest.is_partial()) return;
  environment_.progress.begin("keep the month's first good snapshot", 0);
  try {
    result.monthly =
        keep_monthly(environment_.store, {run_.id(), result.manifest, environment_.trust});
  } catch (const Error& error) {
    result.warnings.push_back(
        redact(format("{}; the next good run tries again", printable(error.what()))));
  } catch (const Interrupted& stop) {
    result.warnings.push_back(format(
        "keep the month's first good snapshot: {}; the next good run tries again", stop.what()));
  }
}

// A courtesy to the store, for which no backup is given up: a key may lack the right to look.
void Backup::sweep_leftovers() {
  try {
    const size_t swept = environment_.store.sweep_leftovers(request_.host + "/");
    if (swept == 0) return;
    environment_.progress.note(
        format("removed {} of a run that was killed",
               print_count(swept, "unfinished object", "unfinished objects")));
  } catch (const Error& error) {
    environment_.progress.note(
        format("warning: what killed runs left was not removed: {}", redact(error.what())));
  }
}

uint64_t Backup::size_estimate() const {
  uint64_t bytes = 0;
  for (const Candidate& candidate : candidates_) {
    if (!candidate.failed()) bytes += candidate.plan->size_estimate();
  }
  return bytes;
}

BackupResult Backup::run() {
  run_.lock();
  sweep_leftovers();
  const SnapshotId id = next_snapshot_id(environment_.store, request_.host, run_.started());
  const uint64_t largest_bytes = largest_daily_bytes(environment_.store, request_.host);
  run_.begin(id);

  open_plans();
  refuse_empty_snapshot();
  std::optional<FrameCache> cache;
  if (const auto folder = frame_cache_folder(request_, environment_.state_dir)) {
    cache.emplace(*folder, request_.cache_bytes_max, environment_.random);
  }
  ArchiveWriter archive(environment_.store, id,
                        {.recipients = request_.recipients,
                         .level = request_.level,
                         .workers = request_.workers,
                         .spool_dir = environment_.spool_dir,
                         .size_estimate = std::max(2 * largest_bytes, size_estimate()),
                         .cache = cache ? &*cache : nullptr},
                        environment_.random);
  write_preamble(archive);
  for (Candidate& candidate : candidates_) {
    if (!candidate.failed()) write_service(archive, candidate);
  }
  refuse_empty_snapshot();
  const auto failed = std::any_of(candidates_.begin(), candidates_.end(),
                                  [](const Candidate& one) { return one.failed(); });
  if (failed) {
    std::vector<const ManifestService*> records;
    for (const Candidate& one : candidates_) {
      if (one.failed()) records.push_back(&one.record);
    }
    archive.begin_section();
    add_text(archive, "FAILED.md", print_failures(records));
  }
  environment_.progress.begin("finish the archive", 0);
  const ArchiveSummary summary = archive.finish();
  BackupResult result = run_.commit(summary, records());
  if (cache) {
    result.cache = CacheUse{summary.frames, summary.frames_from_cache};
    if (const std::string trouble = cache->trouble(); !trouble.empty()) {
      result.warnings.push_back(
          format("{}; every frame was compressed instead", printable(trouble)));
    }
  }
  copy_monthly(result);
  result.duration = run_.duration();
  return result;
}

}  // namespace

std::optional<std::filesystem::path> frame_cache_folder(const BackupRequest& request,
                                                        const std::filesystem::path& state_dir) {
  const bool pays = !request.is_single_stream && request.level >= zstd::cached_level_min;
  if (!pays || request.cache_bytes_max == 0) return std::nullopt;
  return state_dir / "cache";
}

BackupResult run_backup(const BackupRequest& request, Environment& environment) {
  try {
    if (request.is_single_stream) return run_stream_backup(request, environment);
    return Backup(request, environment).run();
  } catch (Error& error) {
    if (error.kind() != ErrorKind::locked) run_error_hooks(request.hooks, environment, error);
    throw;
  }
}

}  // namespace lifeboat
