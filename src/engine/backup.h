// One run of a job: every service into one archive, then index, then manifest.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "codec/age/age.h"
#include "engine/environment.h"
#include "snapshot/layout.h"
#include "snapshot/manifest.h"

namespace lifeboat {

// Commands around a job or a service, as argv lists. A failing `before` fails what it stands
// before; `after` runs whenever `before` succeeded, however it went between them, and its failure
// is a warning; `on_error` runs when what it belongs to failed.
struct Hooks {
  std::vector<std::vector<std::string>> before;
  std::vector<std::vector<std::string>> after;
  std::vector<std::vector<std::string>> on_error;
};

struct BackupService {
  Service service;
  Hooks hooks;
  // Why it cannot even be tried (a label that makes no sense): it fails with this, by its name, and
  // the run goes on. Empty: it can.
  std::string fault = {};
};

struct BackupRequest {
  std::string host;
  std::string job;
  std::vector<BackupService> services;  // archived in this order
  Hooks hooks;                          // of the job
  std::vector<age::Recipient> recipients;
  int level = 3;
  unsigned workers = 0;            // 0: one a core
  unsigned cpu_limit_percent = 0;  // of one core; 0: none
  std::string config_text;         // archived as lifeboat.yaml; holds no secrets
  std::filesystem::path lock_dir;
  bool is_single_stream = false;  // one service's script, in the tier weekly
  uint64_t monthly_months = 0;    // 0: the month's first good snapshot is not copied
  std::optional<Timestamp> started = std::nullopt;  // as its mark has it; else when it has the lock
  const Ed25519PrivateKey* signing_key = nullptr;   // borrowed; null: the manifest is not signed
  uint64_t cache_bytes_max = 0;  // of frames kept below Environment::state_dir; 0: no cache
};

struct CacheUse {
  uint64_t frames = 0;  // of the archive
  uint64_t found = 0;   // of these, in the cache
};

struct BackupResult {
  SnapshotId id;
  Manifest manifest;  // is_partial(): some service failed, the others are safe
  std::chrono::nanoseconds duration{};
  std::optional<SnapshotId> monthly = std::nullopt;  // the copy that was made of it
  std::vector<std::string> warnings = {};  // what failed and did not keep the snapshot from being
  std::optional<CacheUse> cache = std::nullopt;  // none: the run had no cache
};

// Where `run_backup` keeps frames, if a request with such a level and limit makes it do so.
std::optional<std::filesystem::path> frame_cache_folder(const BackupRequest& request,
                                                        const std::filesystem::path& state_dir);

// Takes the run lock first. A service that fails is named in the manifest and the run goes on; if
// every service fails there is no snapshot and the first service's Error is thrown. Anything else
// that throws leaves no snapshot. A monthly copy that fails or is stopped is a warning: the next
// run tries again.
BackupResult run_backup(const BackupRequest& request, Environment& environment);

}  // namespace lifeboat
