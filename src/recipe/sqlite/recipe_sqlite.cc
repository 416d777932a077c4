// One database file: its snapshot is the only member. Rows are counted through the snapshot, so
// that the drill can ask the restored copy for the very same numbers.
#include "recipe/sqlite/recipe_sqlite.h"

#include <sys/stat.h>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "io/no_links.h"
#include "recipe/container.h"
#include "recipe/details.h"
#include "recipe/sqlite/probes.h"
#include "recipe/sqlite/rows.h"
#include "recipe/sqlite/snapshot.h"
#include "recipe/volume/folder.h"
#include "recipe/volume/meta.h"
#include "recipe/volume/replace.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

// Counting reads every leaf page of every table.
constexpr uint64_t counted_bytes_max = uint64_t{1} << 30;
constexpr size_t listed_tables_max = 200;

std::string schema_digest(SqliteDatabase& database) {
  std::string all;
  for (const std::string& sql :
       database.query_list("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")) {
    all += sql + ";\n";
  }
  return sha256_hex(as_bytes(all));
}

fs::path file_of(const Service& service) { return trusted_path(service.settings.text("path")); }

Facts read_facts(SqliteSnapshot& snapshot, const std::string& member) {
  SqliteDatabase& database = snapshot.database();
  Facts facts;
  facts.details = snapshot_details(snapshot.info());
  facts.details["file"] = member;
  facts.details["schema_sha256"] = schema_digest(database);
  facts.consistency = snapshot_consistency(snapshot.info());
  const std::vector<std::string> tables = user_tables(database);
  facts.items.push_back({"tables", tables.size(), "table", "tables"});
  if (snapshot.size() > counted_bytes_max) {
    facts.details["counts"] =
        format("left out: the database is larger than {}", print_bytes(counted_bytes_max));
    return facts;
  }
  uint64_t total = 0;
  Json rows = Json::object();
  for (const std::string& table : tables) {
    const uint64_t count = count_rows(database, table);
    total += count;
    rows[table] = count;
  }
  facts.items.push_back({"rows", total, "row", "rows", true});
  if (tables.size() <= listed_tables_max) facts.details["rows"] = std::move(rows);
  facts.details["broken_foreign_keys"] = broken_foreign_keys(database);
  return facts;
}

class SqlitePlan final : public ServicePlan {
 public:
  SqlitePlan(const Service& service, RecipeContext& context)
      : snapshot_(SqliteSnapshot::open(file_of(service), context)) {
    const fs::path file = file_of(service);
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0) {
      throw system_error(ErrorKind::service, format("stat '{}'", file.native()), errno);
    }
    OwnerNames owners;
    meta_ = meta_from(status, file.filename(), owners);
    size_estimate_ = static_cast<uint64_t>(status.st_size);
    if (service.settings.flag("quick_check", false)) {
      const std::string found = snapshot_->database().query_text("PRAGMA quick_check(1)");
      if (found != "ok") {
        throw Error(ErrorKind::service,
                    format("check SQLite database '{}': {}", file.native(), printable(found)))
            .hint("The database is damaged. An earlier backup may be the way out.");
      }
    }
    facts_ = read_facts(*snapshot_, meta_.path);
  }

  const Facts& facts() const override { return facts_; }
  uint64_t size_estimate() const override { return size_estimate_; }
  std::optional<Member> next() override {
    if (!snapshot_) return std::nullopt;
    return snapshot_member(std::move(snapshot_), meta_);
  }

 private:
  std::shared_ptr<SqliteSnapshot> snapshot_;
  FileMeta meta_;
  uint64_t size_estimate_ = 0;
  Facts facts_;
};

// The member's name is known from the facts only.
fs::path restored_database(const RestoredService& restored) {
  const std::string member = detail_text(restored.expected.details, "file");
  if (!is_inner_path(member)) {
    throw Error(ErrorKind::verification, "read facts: 'file' is no path inside the service");
  }
  return restored.directory / member;
}

class SqliteRecipe final : public Recipe {
 public:
  const RecipeInfo& info() const override {
    static const RecipeInfo info{"sqlite",
                                 "one SQLite database, read while others write it",
                                 {{"path", OptionType::path, true, "the database file"},
                                  {"quick_check", OptionType::boolean, false,
                                   "run PRAGMA quick_check at every backup (default: false)"},
                                  container_option()}};
    return info;
  }

  std::vector<Finding> check(const Service& service, RecipeContext& context) const override {
    try {
      const fs::path file = file_of(service);
      std::error_code ignored;
      if (!fs::is_regular_file(file, ignored)) {
        throw Error(ErrorKind::service,
                    format("open SQLite database '{}': there is no such file", file.native()))
            .hint("Correct 'path'.");
      }
      SqliteDatabase database(file, SqliteOpen::live, context.stop);
      const int64_t tables =
          database.query_integer("SELECT count(*) FROM sqlite_schema WHERE type = 'table'");
      return {{Finding::Level::ok,
               format("{} in '{}'", print_count(static_cast<uint64_t>(tables), "table", "tables"),
                      file.native()),
               ""}};
    } catch (const Error& error) {
      return {finding_of(error)};
    }
  }

  std::unique_ptr<ServicePlan> plan(const Service& service, RecipeContext& context) const override {
    return with_container(std::make_unique<SqlitePlan>(service, context), service, context);
  }

  std::string restore_card(const Service& service, const Facts&) const override {
    const std::string file = file_of(service).native();
    return format(
        "1. Stop whatever uses `{0}`.\n"
        "2. Remove what its old log would change: `rm -f '{0}-wal' '{0}-shm' '{0}-journal'`\n"
        "3. Put the file there: `cp -p '{1}/{2}' '{0}'`\n"
        "4. Look: `sqlite3 '{0}' 'PRAGMA integrity_check'`\n"
        "5. Start the program again.\n",
        file, service.name, file_of(service).filename().native());
  }

  std::vector<ProbeResult> probe(const RestoredService& restored,
                                 RecipeContext& context) const override;

  std::vector<InventoryEntry> inventory(const RestoredService& restored,
                                        RecipeContext& context) const override {
    SqliteDatabase database(restored_database(restored), SqliteOpen::copy, context.stop);
    return inventory_of_tables(database);
  }

  ReplaceReport replace(const Service& service, const RestoredService& restored,
                        RecipeContext& context) const override {
    const fs::path file = file_of(service);
    FolderChange change{.live = file.parent_path()};
    put_database(change, file.filename().native(), restored_database(restored));
    return replace_folders(service, {change}, context);
  }

  std::vector<Sabotage> sabotages() const override {
    return {sabotage_missing_row(restored_database), sabotage_damaged_page(restored_database),
            sabotage_missing_file(restored_database)};
  }
};

std::vector<ProbeResult> SqliteRecipe::probe(const RestoredService& restored,
                                             RecipeContext& context) const {
  std::vector<ProbeResult> results;
  const Facts& expected = restored.expected;
  std::unique_ptr<SqliteDatabase> database;
  results.push_back(ask("the file is a SQLite database", [&] {
    const fs::path file = restored_database(restored);
    // A database without a table is an empty file.
    const bool is_one = is_sqlite_file(file) ||
                        (fs::is_empty(file) && detail_number(expected.details, "page_count") == 0);
    if (is_one) database = std::make_unique<SqliteDatabase>(file, SqliteOpen::copy, context.stop);
    return compare("", "yes", is_one ? "yes" : "no");
  }));
  if (!database) return results;
  results.push_back(probe_integrity(*database));
  results.push_back(probe_foreign_keys(*database, expected.details));
  results.push_back(ask("schema", [&] {
    return compare("", detail_text(expected.details, "schema_sha256"), schema_digest(*database));
  }));
  if (expected.find("rows") == nullptr) return results;
  results.push_back(ask("rows", [&] {
    const Json listed = detail_object(expected.details, "rows");
    uint64_t total = 0;
    std::string differing;
    for (const std::string& table : user_tables(*database)) {
      const uint64_t count = count_rows(*database, table);
      total += count;
      if (listed.contains(table) && listed[table] != count) {
        differing += format("{}'{}' has {}", differing.empty() ? "" : ", ", printable(table),
                            print_count(count, "row", "rows"));
      }
    }
    ProbeResult result =
        compare("", format("{}", expected.find("rows")->count), format("{}", total), differing);
    result.passed = result.passed && differing.empty();
    return result;
  }));
  return results;
}

}  // namespace

std::unique_ptr<Recipe> make_sqlite_recipe() { return std::make_unique<SqliteRecipe>(); }

}  // namespace lifeboat
