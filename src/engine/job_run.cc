#include "engine/job_run.h"

#include <utility>

#include "base/format.h"
#include "engine/repair.h"

namespace lifeboat {

JobRun::JobRun(const BackupRequest& request, Environment& environment)
    : request_(request),
      environment_(environment),
      pacer_(request.cpu_limit_percent, environment.clock, environment.stop),
      hooks_(request.hooks, environment) {}

void JobRun::pace() {
  environment_.stop.throw_if_stopped();
  pacer_.wait();
}

void JobRun::lock() {
  begin_ = environment_.clock.steady_now();
  started_ =
      std::chrono::floor<std::chrono::seconds>(request_.started.value_or(environment_.clock.now()));
  lock_.emplace(request_.lock_dir, request_.host);
  repair_stopped(environment_);
}

void JobRun::begin(const SnapshotId& id) {
  id_ = id;
  hooks_.begin();
}

std::chrono::nanoseconds JobRun::duration() const {
  return environment_.clock.steady_now() - begin_;
}

FileMeta JobRun::note_meta(const std::string& path) const {
  FileMeta meta;
  meta.path = path;
  meta.mode = 0600;
  meta.mtime = started_;
  return meta;
}

Manifest JobRun::make_manifest(const ArchiveSummary& summary,
                               std::vector<ManifestService> services) const {
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
  manifest.services = std::move(services);
  if (request_.signing_key != nullptr) sign_manifest(manifest, *request_.signing_key);
  return manifest;
}

BackupResult JobRun::commit(const ArchiveSummary& summary, std::vector<ManifestService> services) {
  BackupResult result{.id = id_, .manifest = make_manifest(summary, std::move(services))};
  environment_.progress.begin("write the manifest", 0);
  const auto sink = environment_.store.create(id_.manifest_key());
  sink->write(as_bytes(print_manifest(result.manifest)));
  sink->finish();
  environment_.progress.committed(id_);
  for (const std::string& warning : hooks_.end()) {
    result.warnings.push_back(format("job '{}': {}", request_.job, warning));
  }
  return result;
}

void record_facts(ManifestService& record, const Facts& facts) {
  record.missing = facts.missing;
  for (const Item& item : facts.items) record.items.push_back({item.key, item.count});
}

void run_error_hooks(const Hooks& hooks, const Environment& environment, Error& error) {
  for (const std::string& failure : run_error_hooks(hooks, environment)) {
    error.add_hint(format("What was to run on errors failed too: {}.", failure));
  }
}

}  // namespace lifeboat
