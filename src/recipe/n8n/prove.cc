#include "recipe/n8n/prove.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "io/fd.h"
#include "io/files.h"
#include "io/no_links.h"
#include "recipe/n8n/instance.h"
#include "recipe/n8n/json_list.h"
#include "recipe/n8n/runs.h"
#include "recipe/n8n/tables.h"
#include "recipe/sqlite/probes.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr const char* address = "http://127.0.0.1:5678";
// A newer n8n changes the tables of a large database first.
constexpr std::chrono::minutes start_time_max(10);
constexpr std::chrono::milliseconds ready_pause{250};
constexpr uint64_t config_bytes_max = 1 << 20;

std::set<std::string> columns_of(SqliteDatabase& database, const std::string& table) {
  std::set<std::string> names;
  const SqliteStatement none = database.prepare(format("SELECT * FROM {} LIMIT 0", table));
  for (int column = 0; column < none.columns(); ++column) names.insert(none.column_name(column));
  return names;
}

int64_t newest_execution(const fs::path& file, const StopToken& stop) {
  SqliteDatabase database(file, SqliteOpen::live, stop);
  if (!database.has_table("execution_entity")) return 0;
  return database.query_integer("SELECT coalesce(max(id), 0) FROM execution_entity");
}

void give_to(const fs::path& path, const struct stat& owner) {
  if (::geteuid() != 0) return;
  if (::lchown(path.c_str(), owner.st_uid, owner.st_gid) != 0) {
    throw system_error(ErrorKind::service, format("change the owner of '{}'", path.native()),
                       errno);
  }
}

// Database and key alone: binary files of executions and packages are not needed to start.
fs::path lay_out(const RestoredService& restored, const fs::path& ground, const StopToken& stop) {
  const fs::path folder = ground / ".n8n";
  struct stat owner {};
  const fs::path original = restored.directory / n8n_database_name;
  if (::stat(original.c_str(), &owner) != 0) {
    throw system_error(ErrorKind::service, format("stat '{}'", original.native()), errno);
  }
  make_private_directory(folder, ErrorKind::limit);
  make_private_directory(ground / "export", ErrorKind::limit);
  std::error_code failure;
  for (const char* name : {n8n_database_name, n8n_config_name}) {
    if (!fs::copy_file(restored.directory / name, folder / name, failure)) {
      throw system_error(ErrorKind::limit, format("copy '{}' for n8n", name), failure.value());
    }
  }
  calm_n8n_database(folder / n8n_database_name, stop);
  for (const fs::path& path :
       {ground, folder, ground / "export", folder / n8n_database_name, folder / n8n_config_name}) {
    give_to(path, owner);
  }
  return folder;
}

// What n8n shows to anybody, once it does: /healthz answers before the REST routes are there.
Json wait_until_ready(N8nRun& run, HttpClient& client, RecipeContext& context) {
  const auto begin = context.clock.steady_now();
  for (;;) {
    run.check_runs();
    HttpResponse answer;
    try {
      answer = client.send(
          {.url = format("{}/rest/settings", address), .timeout = std::chrono::seconds(10)});
    } catch (const Error& error) {
      if (!error.is_transient()) throw;
    }
    Json settings = Json::parse(answer.body, nullptr, false);
    if (answer.status == 200 && settings.is_object() && settings.contains("data")) {
      return std::move(settings["data"]);
    }
    if (context.clock.steady_now() - begin > start_time_max) {
      throw Error(ErrorKind::service,
                  format("start n8n on the restored data: it was not ready within {}",
                         print_duration(start_time_max)));
    }
    context.clock.sleep(ready_pause, context.stop);
  }
}

class Questions {
 public:
  Questions(const RestoredService& restored, const ProvingGround& ground, RecipeContext& context,
            N8nRun& run)
      : restored_(restored), ground_(ground), context_(context), run_(run) {}

  ProbeResult starts() {
    return ask("n8n starts on the restored data", [&] {
      HttpClient client = run_.client();
      const Json settings = wait_until_ready(run_, client, context_);
      const HttpResponse ready = client.send({.url = format("{}/healthz/readiness", address)});
      const auto version = settings.find("versionCli");
      const bool tells = version != settings.end() && version->is_string();
      return compare("", "ready", ready.status == 200 ? "ready" : format("HTTP {}", ready.status),
                     format("{}{}", run_.place(),
                            tells ? ", version " + printable(version->get<std::string>()) : ""));
    });
  }

  ProbeResult shows_workflows() {
    return ask("n8n shows the workflows", [&] {
      uint64_t found = 0;
      visit(exported({"export:workflow", "--all"}, "workflows.json"),
            [&](const Json&) { ++found; });
      const Item* const item = restored_.expected.find("workflows");
      return compare("", format("{}", item != nullptr ? item->count : 0), format("{}", found));
    });
  }

  // With a wrong key it starts and counts right: so what it opens is compared with what the key in
  // the archive opens. Some credentials hold nothing; those cannot tell.
  ProbeResult opens_credentials() {
    return ask("n8n opens the credentials", [&] {
      uint64_t found = 0;
      uint64_t filled = 0;
      visit(exported({"export:credentials", "--all", "--decrypted"}, "credentials.json"),
            [&](const Json& credential) {
              ++found;
              const auto data = credential.find("data");
              const bool is_open = data != credential.end() && data->is_object() && !data->empty();
              filled += is_open ? 1 : 0;
            });
      const Item* const item = restored_.expected.find("credentials");
      const uint64_t expected = item != nullptr ? item->count : 0;
      const uint64_t empty = std::min(expected, empty_credentials());
      return compare("", format("{}, of which {} with content", expected, expected - empty),
                     format("{}, of which {} with content", found, filled));
    });
  }

  ProbeResult ran_nothing(int64_t newest_before) {
    return ask("no workflow ran in the drill", [&] {
      const fs::path database = ground_.directory / ".n8n" / n8n_database_name;
      const int64_t newest = newest_execution(database, context_.stop);
      return compare("", "0", format("{}", newest - newest_before));
    });
  }

 private:
  fs::path exported(std::vector<std::string> words, const std::string& name) {
    words.push_back("--output=" + run_.inside("export/" + name));
    run_.command(words);
    return ground_.directory / "export" / name;
  }

  // The secrets in it go with the question.
  static void visit(const fs::path& file, const std::function<void(const Json&)>& visitor) {
    visit_json_list(file, visitor);
    remove_tree(file, ErrorKind::limit);
  }

  uint64_t empty_credentials() {
    const auto key = key_of_n8n_config(read_file_without_links(
        restored_.directory / n8n_config_name, config_bytes_max, ErrorKind::service));
    if (!key) return 0;
    SqliteDatabase database(restored_.directory / n8n_database_name, SqliteOpen::copy,
                            context_.stop);
    return test_credentials(database, n8n_passphrase(key->reveal()).reveal()).empty;
  }

  const RestoredService& restored_;
  const ProvingGround& ground_;
  RecipeContext& context_;
  N8nRun& run_;
};

}  // namespace

void calm_n8n_database(const fs::path& file, const StopToken& stop) {
  SqliteDatabase database(file, SqliteOpen::write, stop);
  const auto workflows = columns_of(database, "workflow_entity");
  database.exec("UPDATE workflow_entity SET active = 0");
  // Since 2.x a workflow is active by the version that is published.
  if (workflows.contains("activeVersionId")) {
    database.exec("UPDATE workflow_entity SET activeVersionId = NULL");
  }
  if (database.has_table("workflow_published_version")) {
    database.exec("DELETE FROM workflow_published_version");
  }
  if (!database.has_table("execution_entity")) return;
  // Waiting ones go on at their time, and what was under way is taken up again.
  const auto executions = columns_of(database, "execution_entity");
  if (executions.contains("status")) {
    database.exec(
        "UPDATE execution_entity SET status = 'canceled' "
        "WHERE status IN ('new', 'running', 'waiting', 'unknown')");
  }
  if (executions.contains("waitTill")) {
    database.exec("UPDATE execution_entity SET waitTill = NULL WHERE waitTill IS NOT NULL");
  }
}

std::vector<ProbeResult> prove_n8n(const RestoredService& restored, ProvingGround& ground,
                                   RecipeContext& context, std::string& why_not) {
  const fs::path folder = lay_out(restored, ground.directory, context.stop);
  const int64_t newest = newest_execution(folder / n8n_database_name, context.stop);
  const auto run = run_n8n(restored, ground, context, why_not);
  if (!run) return {};
  Questions questions(restored, ground, context, *run);
  std::vector<ProbeResult> answers{questions.starts()};
  if (!answers.front().passed) return answers;
  answers.push_back(questions.shows_workflows());
  answers.push_back(questions.opens_credentials());
  answers.push_back(questions.ran_nothing(newest));
  return answers;
}

}  // namespace lifeboat
