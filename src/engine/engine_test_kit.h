// What the engine's tests share: a memory store, a small host, and its services on disk.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/format.h"
#include "engine/backup.h"
#include "engine/drill.h"
#include "engine/restore.h"
#include "engine/verify.h"
#include "recipe/recipe.h"
#include "store/memory_store.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat::test {

class NoteKeeper final : public Progress {
 public:
  void note(std::string_view line) override { notes.emplace_back(line); }
  void advance(uint64_t) override {
    if (on_advance) on_advance();
  }
  std::vector<std::string> notes;
  std::function<void()> on_advance;
};

class EngineKit {
 public:
  EngineKit() : EngineKit(nullptr) {}
  // `over`: a store to use in place of the memory store (a decorator of `memory`).
  explicit EngineKit(Store* over) : over_(over) {
    write_file(folder / "files/notes/a.txt", "first\n");
    write_file(folder / "files/notes/b.bin", random.bytes(70000));
    std::filesystem::create_symlink("notes/a.txt", folder / "files/link");
    identities.push_back(age::Identity::generate(random));
    std::filesystem::create_directory(folder / "scratch");
    std::filesystem::create_directory(folder / "spool");
  }

  Store& store() { return over_ != nullptr ? *over_ : memory; }
  void use(Store& store) { over_ = &store; }

  Environment environment() {
    Clock& time = system_clock ? static_cast<Clock&>(real_clock) : clock;
    return {store(),  recipes,          time,  random,           stop.token(),
            progress, folder / "spool", trust, folder / "state", docker_socket};
  }

  static BackupService command(const std::string& name, const std::string& script) {
    BackupService made;
    made.service.name = name;
    made.service.recipe = "command";
    made.service.settings.set("command", std::vector<std::string>{"bash", "-c", script});
    made.service.settings.set("output", std::string("dump.txt"));
    return made;
  }
  BackupService files() {
    BackupService made;
    made.service.name = "files";
    made.service.recipe = "volume";
    made.service.settings.set("path", (folder / "files").native());
    return made;
  }

  BackupRequest request(std::vector<BackupService> services) {
    BackupRequest made;
    made.host = "vps-h1";
    made.job = "nightly";
    made.services = std::move(services);
    made.recipients = {identities.front().recipient()};
    made.workers = 2;
    made.config_text = "host: vps-h1\n";
    made.lock_dir = folder / "lock";
    made.signing_key = signing_key ? &*signing_key : nullptr;
    return made;
  }
  BackupRequest request() { return request({files(), command("dump", "echo row 1; echo done")}); }

  BackupResult backup(const BackupRequest& made) {
    Environment world = environment();
    return run_backup(made, world);
  }
  BackupResult backup() { return backup(request()); }
  VerifyResult verify(const SnapshotId& id) {
    Environment world = environment();
    return verify_snapshot(id, identities, world);
  }
  DrillRequest drill_request(const SnapshotId& id) {
    DrillRequest made;
    made.id = id;
    made.identities = identities;
    made.scratch_dir = folder / "scratch";
    return made;
  }
  DrillResult drill(const SnapshotId& id, bool keep_evidence = false) {
    Environment world = environment();
    DrillRequest made = drill_request(id);
    made.keep_evidence = keep_evidence;
    return run_drill(made, world);
  }
  RestoreResult restore(const SnapshotId& id, const std::string& to,
                        std::vector<std::string> selection = {}) {
    Environment world = environment();
    RestoreRequest made;
    made.id = id;
    made.selection = std::move(selection);
    made.target = folder / to;
    made.identities = identities;
    return restore_snapshot(made, world);
  }
  std::string cat(const SnapshotId& id, std::string_view path) {
    Environment world = environment();
    MemorySink sink;
    cat_member(id, path, identities, world, sink);
    return std::string(sink.text());
  }

  Bytes object(const std::string& key) {
    const auto source = store().open(key);
    return read_all(*source, 1 << 30, key);
  }
  void replace(const std::string& key, ByteView content) {
    store().remove(key);
    const auto sink = store().create(key);
    sink->write(content);
    sink->finish();
  }

  TempFolder folder;
  MemoryStore memory;
  RecipeRegistry recipes;
  ManualClock clock;
  SystemClock real_clock;
  bool system_clock = false;  // for what waits for a real service
  SeededRandom random;
  StopSource stop;
  NoteKeeper progress;
  std::vector<age::Identity> identities;
  // None: nothing is signed, everything is believed.
  std::optional<Ed25519PrivateKey> signing_key;
  Trust trust;
  // Never the machine's own engine.
  std::filesystem::path docker_socket = folder / "none.sock";

 private:
  Store* over_;
};

}  // namespace lifeboat::test
