#include "engine/stream_backup.h"

#include <utility>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "engine/archive_notes.h"
#include "engine/hooks.h"
#include "engine/job_run.h"
#include "recipe/one_script.h"
#include "snapshot/catalog.h"
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
        run_(request, environment) {
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

  const BackupRequest& request_;
  Environment& environment_;
  RecipeContext recipe_context_;  // plans refer to it
  const BackupService& configured_;
  const Recipe& recipe_;
  ManifestService record_;
  JobRun run_;
};

void StreamBackup::write_notes(StreamWriter& writer, const ServicePlan& plan) {
  const std::vector<NotedService> noted{{&configured_.service, &recipe_, &plan.facts()}};
  const ArchiveNotes notes{request_.host, request_.job, run_.started(), run_.id()};
  writer.add_note(run_.note_meta("RESTORE.md"), print_stream_card(notes, noted.front()));
  writer.add_note(run_.note_meta("facts.json"), print_facts(notes, noted));
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
          run_.pace();
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
    record_facts(record_, plan->facts());
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

BackupResult StreamBackup::run() {
  run_.lock();
  const SnapshotId id = next_weekly_id(environment_.store, request_.host, run_.started());
  run_.begin(id);
  record_.name = configured_.service.name;
  record_.recipe = configured_.service.recipe;

  StreamWriter writer(environment_.store, id,
                      {.recipients = request_.recipients, .spool_dir = environment_.spool_dir},
                      environment_.random);
  try {
    with_context(format("back up service '{}'", record_.name), [&] { write_service(writer); });
  } catch (Error& error) {
    run_error_hooks(configured_.hooks, environment_, error);
    throw;
  }
  environment_.progress.note(format("{}: {}, {}", record_.name,
                                    print_count(record_.members, "member", "members"),
                                    print_bytes(record_.raw_bytes)));
  environment_.progress.begin("upload the stream", 0);
  BackupResult result = run_.commit(writer.finish(), {record_});
  result.duration = run_.duration();
  return result;
}

}  // namespace

BackupResult run_stream_backup(const BackupRequest& request, Environment& environment) {
  return StreamBackup(request, environment).run();
}

}  // namespace lifeboat
