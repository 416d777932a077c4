// Services to demonstrate with, and the life in them: an n8n folder with 12 workflows and 8
// credentials, a WAHA folder with 1 session, both with SQLite databases in WAL mode that go on
// being written and checkpointed until SIGTERM, or until the parent is gone.
//
//   lifeboat-sample-services FOLDER      makes FOLDER/n8n and FOLDER/waha, says "ready", writes
//
// A program and not a script, since only something that holds the databases open shows what a
// backup of a live service has to cope with.

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "base/error.h"
#include "base/format.h"
#include "base/random.h"
#include "base/stop.h"
#include "io/files.h"
#include "recipe/sqlite/sqlite.h"
#include "support/n8n_sample.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr int writes_between_checkpoints = 25;
constexpr int pause_ms = 5;

StopSource& stop_source() {
  static StopSource source;
  return source;
}

void on_signal(int) { stop_source().request_stop(); }

void write_text(const fs::path& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  SystemRandom random;
  AtomicFile file(path, random);
  file.write(as_bytes(text));
  file.finish();
}

// WAHA's default engine NOWEB keeps a session as JSON key files beside a store.sqlite3.
// Layout: https://waha.devlike.pro/docs/how-to/storages/
fs::path make_waha(const fs::path& folder) {
  const fs::path session = folder / "noweb" / "default";
  write_text(session / ".waha.session.config.json",
             R"({"webhooks":[],"noweb":{"store":{"enabled":true,"fullSync":false}}})");
  write_text(session / "creds.json",
             R"({"registered":true,"registrationId":77,"me":{"id":"48500000000:1@s.whatsapp.net",)"
             R"("name":"Demo"},"platform":"android"})");
  for (int i = 1; i <= 5; ++i) {
    write_text(session / format("pre-key-{}.json", i), format(R"({{"keyId":{}}})", i));
  }
  write_text(session / "session-48500000001.0.json", R"({"_sessions":{}})");
  SqliteDatabase store(session / "store.sqlite3", SqliteOpen::write);
  store.exec(
      "PRAGMA journal_mode = WAL;"
      "CREATE TABLE chats(id TEXT PRIMARY KEY, data TEXT NOT NULL);"
      "CREATE TABLE messages(id INTEGER PRIMARY KEY, chat TEXT NOT NULL, data TEXT NOT NULL);"
      "INSERT INTO chats VALUES('48500000001@c.us', '{}');");
  SqliteDatabase main_store(folder / "noweb" / "waha.sqlite3", SqliteOpen::write);
  main_store.exec("PRAGMA journal_mode = WAL; CREATE TABLE apps(pk INTEGER PRIMARY KEY, id TEXT)");
  return session / "store.sqlite3";
}

// What a running n8n and a running WAHA do all day, faster.
void write_until_stopped(const fs::path& n8n, const fs::path& waha, const StopToken& stop) {
  SqliteDatabase executions(n8n, SqliteOpen::write);
  SqliteDatabase messages(waha, SqliteOpen::write);
  for (SqliteDatabase* one : {&executions, &messages}) one->exec("PRAGMA busy_timeout = 5000");
  pollfd wake{stop.fd(), POLLIN, 0};
  for (int i = 1; !stop.stop_requested(); ++i) {
    executions.exec(format(
        "INSERT INTO execution_entity(workflowId, finished, mode, status) "
        "SELECT id, 1, 'webhook', 'success' FROM workflow_entity WHERE name = 'flow-{}';"
        "INSERT INTO execution_data VALUES(last_insert_rowid(), '{{}}', hex(randomblob(500)))",
        i % 12 + 1));
    messages.exec(format("INSERT INTO messages(chat, data) VALUES('48500000001@c.us', '{}')", i));
    if (i % writes_between_checkpoints == 0) {
      executions.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      messages.exec("PRAGMA wal_checkpoint(PASSIVE)");
    }
    ::poll(&wake, 1, pause_ms);
  }
}

int run(const fs::path& folder) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  ::signal(SIGTERM, on_signal);
  ::signal(SIGINT, on_signal);
  SystemRandom random;
  test::make_n8n_sample(folder / "n8n", {}, random);
  const fs::path waha = make_waha(folder / "waha");
  std::puts("ready");
  std::fflush(stdout);
  write_until_stopped(folder / "n8n" / "database.sqlite", waha, stop_source().token());
  return 0;
}

}  // namespace
}  // namespace lifeboat

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: lifeboat-sample-services FOLDER\n", stderr);
    return 2;
  }
  try {
    return lifeboat::run(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "lifeboat-sample-services: %s\n", error.what());
    return 1;
  }
}
