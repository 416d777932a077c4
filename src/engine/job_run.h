// What a run of a job does around its services, whatever it writes them into: the run lock, the
// job's hooks, and the manifest, which makes the snapshot.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "engine/backup.h"
#include "engine/cpu_pacer.h"
#include "engine/hooks.h"
#include "snapshot/archive_writer.h"
#include "snapshot/run_lock.h"

namespace lifeboat {

// On destruction the job's `after` hooks run if `commit` did not come to it, then the lock is free.
class JobRun {
 public:
  // Both must outlive it.
  JobRun(const BackupRequest& request, Environment& environment);

  // Takes the run lock, and lets run again what a killed run left stopped. Throws Error(locked).
  void lock();
  // Runs the job's `before` hooks, for a snapshot that will be `id`.
  void begin(const SnapshotId& id);
  // Between two pieces of content: throws Interrupted, and keeps the run to its share of the
  // processor.
  void pace();
  // Writes the manifest, signed if the request has a key, and ends the job's hooks.
  BackupResult commit(const ArchiveSummary& summary, std::vector<ManifestService> services);

  Timestamp started() const { return started_; }  // as asked, else as of lock()
  std::chrono::nanoseconds duration() const;      // since lock()
  const SnapshotId& id() const { return id_; }
  // Of a text in the archive that no service wrote.
  FileMeta note_meta(const std::string& path) const;

 private:
  Manifest make_manifest(const ArchiveSummary& summary,
                         std::vector<ManifestService> services) const;

  const BackupRequest& request_;
  Environment& environment_;
  CpuPacer pacer_;
  std::chrono::steady_clock::time_point begin_{};
  Timestamp started_{};
  SnapshotId id_;
  // Ended in reverse: the hooks, then the lock.
  std::optional<RunLock> lock_;
  HookScope hooks_;
};

// Takes over what a service's plan knows before its first member is read.
void record_facts(ManifestService& record, const Facts& facts);
// Runs `on_error` after `error`, which gets a hint for what fails of it.
void run_error_hooks(const Hooks& hooks, const Environment& environment, Error& error);

}  // namespace lifeboat
