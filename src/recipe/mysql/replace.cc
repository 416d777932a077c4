#include "recipe/mysql/replace.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "recipe/container.h"
#include "recipe/mysql/backup.h"
#include "recipe/mysql/listing.h"
#include "recipe/mysql/probes.h"
#include "recipe/mysql/prove.h"
#include "recipe/mysql/server.h"

namespace lifeboat {
namespace {

constexpr size_t name_kept_max = 40;  // of the 64 letters that a name may have

std::string stamp_of(Timestamp now) {
  std::string stamp;
  for (const char c : print_date(date_of(now))) stamp += c == '-' ? "" : std::string(1, c);
  return stamp + "_" + print_compact_time_of_day(now);
}

// Cut between two letters, not inside one.
std::string dated_name(std::string name, const char* word, const std::string& stamp) {
  if (name.size() > name_kept_max) {
    size_t end = name_kept_max;
    while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;
    name.resize(end);
  }
  return format("{}_{}_{}", name, word, stamp);
}

// A database of ours that goes away unless its content went elsewhere.
class StagedDatabase {
 public:
  StagedDatabase(MysqlServer& server, std::string database, std::string stage)
      : server_(server), database_(std::move(database)), stage_(std::move(stage)) {}
  ~StagedDatabase() {
    try {
      drop();
    } catch (const std::exception& error) {
      log_warning("remove database '{}': {}", printable(stage_), error.what());
    }
  }
  StagedDatabase(const StagedDatabase&) = delete;
  StagedDatabase& operator=(const StagedDatabase&) = delete;

  void drop() {
    if (!std::exchange(is_there_, false)) return;
    server_.query("DROP DATABASE " + quote_name(stage_));
  }
  void load(const RestoredService& restored) {
    create_database(server_, restored.expected, database_, stage_);
    is_there_ = true;
    server_.load(open_dump(restored.directory / dump_member(database_)), stage_);
    const auto faults = compare_counts(server_, restored.expected, database_, stage_);
    if (!faults.empty()) {
      throw Error(ErrorKind::service,
                  format("count what was loaded: {} of its tables differ from backup time: {}",
                         faults.size(), printable(faults.front())));
    }
  }
  const std::string& database() const { return database_; }
  const std::string& name() const { return stage_; }

 private:
  MysqlServer& server_;
  std::string database_;
  std::string stage_;
  bool is_there_ = false;
};

void refuse_objects(const std::string& where, uint64_t count) {
  if (count == 0) return;
  throw Error(ErrorKind::service,
              format("replace a database: {} holds views, triggers, routines, events or sequences, "
                     "which cannot be moved from one database to another",
                     where))
      .hint("Follow the steps of RESTORE.md, which load into a database of another name as well.");
}

uint64_t live_objects(MysqlServer& server, const std::string& database) {
  const std::string name = quote_text(database);
  const auto answer = server.query(format(
      "SELECT (SELECT count(*) FROM information_schema.triggers WHERE trigger_schema = {0}) + "
      "(SELECT count(*) FROM information_schema.routines WHERE routine_schema = {0}) + "
      "(SELECT count(*) FROM information_schema.events WHERE event_schema = {0}) + "
      "(SELECT count(*) FROM information_schema.tables WHERE table_schema = {0} AND table_type NOT "
      "IN ('BASE TABLE', 'SYSTEM VERSIONED'))",
      name));
  return answer.at(0).at(0) == "0" ? 0 : 1;
}

std::vector<std::string> tables_of(MysqlServer& server, const std::string& database) {
  std::vector<std::string> names;
  for (const auto& row :
       server.query(format("SELECT table_name FROM information_schema.tables WHERE table_schema = "
                           "{} ORDER BY 1",
                           quote_text(database)))) {
    names.push_back(row.at(0));
  }
  return names;
}

// One restore of one service's databases.
class Replacement {
 public:
  Replacement(const Service& service, const RestoredService& restored, RecipeContext& context)
      : service_(service),
        restored_(restored),
        context_(context),
        stamp_(stamp_of(context.clock.now())) {
    std::optional<DockerDetails> container;
    server_ = MysqlServer::connect(service, context, MysqlRights::restore, container);
  }

  ReplaceReport run() {
    for (const auto& [name, expected] : expected_databases(restored_.expected)) {
      refuse_objects(format("the backup of database '{}'", printable(name)),
                     expected.views + expected.triggers + expected.routines + expected.events +
                         expected.sequences);
      refuse_objects(format("the live database '{}'", printable(name)),
                     live_objects(*server_, name));
    }
    stage_all();
    const auto still = stop_user();
    swap_all();
    staged_.clear();  // empty databases by now
    if (still) {
      still->end();
      report_.done.push_back("The program that uses the data was started again.");
    }
    report_.done.push_back("Accounts and rights were left as they are: grants.sql holds them.");
    return std::move(report_);
  }

 private:
  void stage_all() {
    for (const auto& [name, expected] : expected_databases(restored_.expected)) {
      auto staged =
          std::make_unique<StagedDatabase>(*server_, name, dated_name(name, "restore", stamp_));
      with_context(format("load the restored database '{}' beside the live one", printable(name)),
                   [&] { staged->load(restored_); });
      report_.done.push_back(format("Database '{}' was loaded beside the live one and counted: {}.",
                                    printable(name),
                                    print_count(expected.total_rows(), "row", "rows")));
      staged_.push_back(std::move(staged));
    }
  }

  std::unique_ptr<StillContainer> stop_user() {
    if (!service_.settings.has("used_by")) return nullptr;
    Service user{service_.name, service_.recipe, {}};
    user.settings.set("container", service_.settings.text("used_by"));
    auto still = keep_stopped(user, context_);
    report_.done.push_back(
        format("Container '{}' was stopped.", printable(service_.settings.text("used_by"))));
    return still;
  }

  void swap_all() {
    std::vector<std::string> moves;
    std::vector<std::string> made;
    try {
      for (const auto& staged : staged_) prepare_swap(*staged, moves, made);
      // In one statement, for all databases: all or nothing.
      if (!moves.empty()) server_->query(format("RENAME TABLE {}", join(moves, ", ")));
    } catch (Error& error) {
      error.add_context("put the restored databases in place");
      for (const std::string& name : made) drop_empty(name);
      throw;
    }
    for (const auto& staged : staged_) {
      report_.done.push_back(
          format("Database '{}' is the restored one.", printable(staged->database())));
    }
  }

  void prepare_swap(const StagedDatabase& staged, std::vector<std::string>& moves,
                    std::vector<std::string>& made) {
    const std::string& name = staged.database();
    const std::vector<std::string> old_tables = tables_of(*server_, name);
    if (old_tables.empty()) {
      const auto there = server_->query(format(
          "SELECT 1 FROM information_schema.schemata WHERE schema_name = {}", quote_text(name)));
      if (there.empty()) {
        create_database(*server_, restored_.expected, name, name);
        made.push_back(name);
      }
    } else {
      const std::string before = dated_name(name, "before", stamp_);
      server_->query(format("CREATE DATABASE {}", quote_name(before)));
      made.push_back(before);
      report_.kept.push_back(format("database '{}'", printable(before)));
      for (const std::string& table : old_tables) moves.push_back(move(name, before, table));
    }
    for (const std::string& table : tables_of(*server_, staged.name())) {
      moves.push_back(move(staged.name(), name, table));
    }
  }

  // One that was made for a swap that did not happen; it must not hide why.
  void drop_empty(const std::string& name) noexcept {
    try {
      if (tables_of(*server_, name).empty()) {
        server_->query("DROP DATABASE " + quote_name(name));
      }
    } catch (const std::exception& error) {
      log_warning("remove database '{}': {}", printable(name), error.what());
    }
  }

  static std::string move(const std::string& from, const std::string& to,
                          const std::string& table) {
    return format("{}.{} TO {}.{}", quote_name(from), quote_name(table), quote_name(to),
                  quote_name(table));
  }

  const Service& service_;
  const RestoredService& restored_;
  RecipeContext& context_;
  std::string stamp_;
  ReplaceReport report_;
  std::unique_ptr<MysqlServer> server_;
  std::vector<std::unique_ptr<StagedDatabase>> staged_;
};

}  // namespace

ReplaceReport replace_mysql(const Service& service, const RestoredService& restored,
                            RecipeContext& context) {
  return Replacement(service, restored, context).run();
}

}  // namespace lifeboat
