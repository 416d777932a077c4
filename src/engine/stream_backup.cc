#include "engine/stream_backup.h"

#include <utility>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "engine/archive_notes.h"
#include "engine/hooks.h"
#include "engine/repair.h"
#include "recipe/one_script.h"
#include "snapshot/catalog.h"
#include "snapshot/run_lock.h"
#include "snapshot/stream_writer.h"

namespace lifeboat {
namespace {

class StreamBackup {
 public:
  StreamBackup(const BackupRequest& request, Environment& environment)
      : request_(request),
        environment_(environment),
        recipe_context_(environment.recipe_context()),
        configured_(only_service(request)),
        recipe_(environment.recipes.get(configured_.service.recipe)),
        job_hooks_(request.hooks, environment) {
    if (dynamic_cast<const OneScriptRecipe*>(&recipe_) != nullptr) return;
    throw Error(ErrorKind::config, format("run job '{}': recipe '{}' does not make one SQL script",
                                          request.job, configured_.service.recipe))
        .hint("Remove 'stream: true' from the job.");
  }

  BackupResult run();

 private:
  static const BackupService& only_service(const BackupRequest& request) {
    if (request.services.size() == 1) return request.services.front();
    throw Error(ErrorKind::config,
                format("run job '{}': a single-stream job has one service", request.job));
  }

  void write_service(StreamWriter& writer);
  void write_notes(StreamWriter& writer, const ServicePlan& plan);
  void write_member(StreamWriter& writer, Member& member);
  FileMeta note_meta(const std::string& path) const;
  Manifest make_manifest(const ArchiveSummary& summary) const;
  void commit(const Manifest& manifest);

  const BackupRequest& request_;
  Environment& environment_;
  RecipeContext recipe_context_;  // plans refer to it
  const BackupService& configured_;
  const Recipe& recipe_;
  Timestamp started_{};
  SnapshotId id_;
  ManifestService record_;
  // Ended in reverse: the job's hooks, then the lock.
  std::optional<RunLock> lock_;
  HookScope job_hooks_;
};

FileMeta StreamBackup::note_meta(const std::string& path) const {
  FileMeta meta;
  meta.path = path;
  meta.mode = 0600;
  meta.mtime = started_;
  return meta;
}

void StreamBackup::write_notes(StreamWriter& writer, const ServicePlan& plan) {
  const std::vector<NotedService> noted{{&configured_.service, &recipe_, &plan.facts()}};
  const ArchiveNotes notes{request_.host, request_.job, started_, id_};
  writer.add_note(note_meta("RESTORE.md"), print_stream_card(notes, noted.front()));
  writer.add_note(note_meta("facts.json"), print_facts(notes, noted));
}

void StreamBackup::write_member(StreamWriter& writer, Member& member) {
  Progress& progress = environment_.progress;
  member.meta.path = configured_.service.name + "/" + member.meta.path;
  with_context(format("read '{}'", printable(member.meta.path)), [&] {
    if (!member.open || member.meta.type != FileType::file) {
      throw Error(ErrorKind::service, "it is no file, and cannot be part of a script");
    }
    progress.begin(member.meta.path, member.size.value_or(0));
    const auto source = member.open();
    const StreamedMember streamed =
        writer.add(configured_.service.name, member.meta, *source, [&](uint64_t bytes) {
          environment_.stop.throw_if_stopped();
          progress.advance(bytes);
        });
    if (member.size && *member.size != streamed.stream.bytes) {
      throw Error(ErrorKind::service, "it has another size than was announced");
    }
    if (member.judge) member.judge({streamed.stream, streamed.tail});
    record_.members += 1;
    record_.raw_bytes += streamed.stream.bytes;
  });
}

void StreamBackup::write_service(StreamWriter& writer) {
  HookScope hooks(configured_.hooks, environment_);
  {
    hooks.begin();
    const auto plan = recipe_.plan(configured_.service, recipe_context_);
    record_.missing = plan->facts().missing;
    for (const Item& item : plan->facts().items) record_.items.push_back({item.key, item.count});
    write_notes(writer, *plan);
    while (auto member = plan->next()) {
      environment_.stop.throw_if_stopped();
      write_member(writer, *member);
    }
    if (record_.members == 0) throw Error(ErrorKind::service, "it gave nothing to back up");
    record_.warnings = plan->warnings();
  }
  for (std::string& warning : hooks.end()) record_.warnings.push_back(std::move(warning));
  record_.ok = true;
}

Manifest StreamBackup::make_manifest(const ArchiveSummary& summary) const {
  Manifest manifest;
  manifest.tool = "lifeboat " LIFEBOAT_VERSION;
  manifest.host = request_.host;
  manifest.job = request_.job;
  manifest.started = started_;
  manifest.finished = std::chrono::floor<std::chrono::seconds>(environment_.clock.now());
  manifest.archive_key = id_.archive_key();
  manifest.archive = summary.archive;
  manifest.raw = summary.raw;
  manifest.index_key = id_.index_key();
  manifest.index = summary.index;
  manifest.members = summary.members;
  for (const age::Recipient& recipient : request_.recipients) {
    manifest.recipients.push_back(recipient.text());
  }
  manifest.services.push_back(record_);
  if (request_.signing_key != nullptr) sign_manifest(manifest, *request_.signing_key);
  return manifest;
}

void StreamBackup::commit(const Manifest& manifest) {
  const auto sink = environment_.store.create(id_.manifest_key());
  sink->write(as_bytes(print_manifest(manifest)));
  sink->finish();
}

BackupResult StreamBackup::run() {
  const auto begin = environment_.clock.steady_now();
  started_ = std::chrono::floor<std::chrono::seconds>(environment_.clock.now());
  lock_.emplace(request_.lock_dir, request_.host);
  repair_stopped(environment_);
  id_ = next_weekly_id(environment_.store, request_.host, started_);
  job_hooks_.begin();
  record_.name = configured_.service.name;
  record_.recipe = configured_.service.recipe;

  StreamWriter writer(environment_.store, id_,
                      {.recipients = request_.recipients, .spool_dir = environment_.spool_dir},
                      environment_.random);
  try {
    with_context(format("back up service '{}'", record_.name), [&] { write_service(writer); });
  } catch (const Error&) {
    for (const std::string& line : run_error_hooks(configured_.hooks, environment_)) {
      environment_.progress.note(format("warning: {}", line));
    }
    throw;
  }
  environment_.progress.note(format("{}: {}, {}", record_.name,
                                    print_count(record_.members, "member", "members"),
                                    print_bytes(record_.raw_bytes)));
  environment_.progress.begin("upload the stream", 0);
  const Manifest manifest = make_manifest(writer.finish());
  commit(manifest);
  for (const std::string& warning : job_hooks_.end()) {
    environment_.progress.note(format("warning: {}", warning));
  }
  BackupResult result{.id = id_, .manifest = manifest};
  result.duration = environment_.clock.steady_now() - begin;
  return result;
}

}  // namespace

BackupResult run_stream_backup(const BackupRequest& request, Environment& environment) {
  return StreamBackup(request, environment).run();
}

}  // namespace lifeboat
