// A store with snapshots that are no more than their manifests say, for the tests of pruning.
#pragma once

#include <string>

#include "base/format.h"
#include "base/json.h"
#include "snapshot/catalog.h"
#include "snapshot/retention.h"
#include "store/memory_store.h"
#include "support/doubles.h"

namespace lifeboat::test {

class PruneKit {
 public:
  struct Run {
    std::string job = "nightly";
    bool is_partial = false;
    bool is_damaged = false;  // the manifest, that is
  };

  void put(const std::string& key, std::string_view content) {
    const auto sink = store.create(key);
    sink->write(as_bytes(content));
    sink->finish();
  }
  // A run of `host` that started at `started`, whatever the store's clock says.
  SnapshotId backup(const Run& run, Timestamp started, const std::string& host = "h1") {
    return backup(run, started, next_snapshot_id(store, host, started));
  }
  SnapshotId backup(const Run& run, Timestamp started, const SnapshotId& id) {
    Manifest manifest;
    manifest.host = id.host;
    manifest.job = run.job;
    manifest.started = manifest.finished = started;
    manifest.archive_key = id.archive_key();
    manifest.index_key = id.index_key();
    manifest.archive = {7, sha256_of(id)};
    manifest.raw = {9, std::string(64, '0')};
    manifest.index = {5, std::string(64, '1')};
    manifest.services.resize(1);
    manifest.services[0].ok = !run.is_partial;
    put(id.archive_key(), "archive");
    put(id.index_key(), "index");
    std::string text = print_manifest(manifest);
    if (run.is_damaged) text[text.size() / 2] ^= 1;
    put(id.manifest_key(), text);
    return id;
  }
  SnapshotId backup(const Run& run, std::string_view started, const std::string& host = "h1") {
    return backup(run, parse_time(started), host);
  }
  SnapshotId copy_monthly(const SnapshotId& id, Timestamp started) {
    const SnapshotId copy = free_id(store, monthly_of(id), started);
    store.copy(id.archive_key(), copy.archive_key());
    store.copy(id.index_key(), copy.index_key());
    store.copy(id.manifest_key(), copy.manifest_key());
    return copy;
  }
  // As the engine writes it, as far as it matters here.
  std::string drill(const SnapshotId& id, Timestamp now, bool passed) {
    std::string key = drill_key(id.host, now, true);
    if (store.stat(key)) key = drill_key(id.host, now, false);
    const SnapshotId of = daily_of(id);
    put(key, print_json({{"snapshot", id.text()},
                         {"archive_sha256", sha256_of(of)},
                         {"drilled", print_time(now)},
                         {"result", passed ? "RESTORE OK — 1 member" : "RESTORE FAILED — x"}}));
    return key;
  }
  PrunePlan plan(Timestamp now, const std::string& host = "") {
    return plan_prune(store, {host, {}, {}}, now);
  }
  void remove(const PrunePlan& plan) {
    for (const PruneItem& item : plan.remove) {
      for (const std::string& key : item.keys) store.remove(key);
    }
  }

  ManualClock clock{"2023-11-20T02:00:00Z"};
  MemoryStore store{clock};

 private:
  // Distinct for each daily.
  static std::string sha256_of(const SnapshotId& id) {
    return sha256_hex(as_bytes(id.archive_key()));
  }
  // The snapshot whose archive `id`'s is.
  SnapshotId daily_of(const SnapshotId& id) {
    const auto source = store.open(id.manifest_key());
    const Bytes bytes = read_all(*source, 1 << 20, "a manifest");
    return *parse_archive_key(parse_manifest(as_text(bytes), "a manifest").archive_key);
  }
};

}  // namespace lifeboat::test
