#include "recipe/n8n/tables.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "base/error.h"
#include "base/format.h"
#include "base/json.h"
#include "base/text.h"
#include "crypto/openssl_salted.h"

namespace lifeboat {
namespace {

// Text columns of workflow_entity that n8n declares as JSON (@n8n/db, workflow-entity).
constexpr std::array<std::string_view, 7> json_columns{
    "nodes", "connections", "settings", "staticData", "pinData", "meta", "nodeGroups"};
// Relations, which n8n's export leaves out: an id that the target does not know breaks the import.
constexpr std::array<std::string_view, 1> left_out{"parentFolderId"};

template <size_t Size>
bool is_one_of(const std::array<std::string_view, Size>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string json_text(std::string_view text) { return print_json_line(Json(text)); }

// "2026-11-23 12:59:57.859", which is UTC, as JavaScript prints a date.
std::string iso_time(std::string_view stored) {
  if (stored.size() < 19 || stored[10] != ' ') return json_text(stored);
  std::string fraction =
      stored.size() > 20 && stored[19] == '.' ? std::string(stored.substr(20, 3)) : std::string();
  fraction.resize(3, '0');
  return json_text(format("{}T{}.{}Z", stored.substr(0, 10), stored.substr(11, 8), fraction));
}

std::string column_value(const SqliteStatement& row, int column, std::string_view name) {
  if (row.is_null(column)) return "null";
  const std::string type = row.declared_type(column);
  if (row.is_integer(column)) {
    if (type == "boolean") return row.integer(column) != 0 ? "true" : "false";
    return format("{}", row.integer(column));
  }
  if (row.is_real(column)) {
    return std::isfinite(row.real(column)) ? print_json_line(Json(row.real(column))) : "null";
  }
  const std::string_view text = row.text(column);
  if (type.starts_with("datetime")) return iso_time(text);
  // As it is stored: n8n's own text, whatever the order and size of its members.
  if (is_one_of(json_columns, name) && Json::accept(text)) return std::string(text);
  return json_text(text);
}

// `"name":value,...` of the current row.
std::string row_members(const SqliteStatement& row) {
  std::string members;
  for (int column = 0; column < row.columns(); ++column) {
    const std::string name = row.column_name(column);
    if (is_one_of(left_out, name)) continue;
    if (!members.empty()) members += ',';
    members += json_text(name) + ":" + column_value(row, column, name);
  }
  return members;
}

int column_index(const SqliteStatement& row, std::string_view name) {
  for (int column = 0; column < row.columns(); ++column) {
    if (row.column_name(column) == name) return column;
  }
  throw Error(ErrorKind::service, format("read n8n's database: a table has no column '{}'", name));
}

// A JSON array with one element a row.
class ExportSource final : public Source {
 public:
  using Relations = std::function<std::string(const std::string& id)>;

  ExportSource(std::shared_ptr<SqliteSnapshot> snapshot, std::string_view sql, Relations relations)
      : snapshot_(std::move(snapshot)),
        rows_(snapshot_->database().prepare(sql)),
        id_column_(column_index(rows_, "id")),
        relations_(std::move(relations)) {}

  size_t read(ByteSpan target) override {
    while (position_ == text_.size()) {
      if (is_over_) return 0;
      text_ = next_piece();
      position_ = 0;
    }
    const size_t count = std::min(target.size(), text_.size() - position_);
    const ByteView piece = as_bytes(std::string_view(text_)).subspan(position_, count);
    std::copy(piece.begin(), piece.end(), target.begin());
    position_ += count;
    return count;
  }

 private:
  std::string next_piece() {
    const std::string before = is_first_ ? "[\n" : ",\n";
    if (!rows_.step()) {
      is_over_ = true;
      return is_first_ ? "[]\n" : "\n]\n";
    }
    is_first_ = false;
    const std::string id(rows_.text(id_column_));
    return before + "{" + row_members(rows_) + relations_(id) + "}";
  }

  std::shared_ptr<SqliteSnapshot> snapshot_;
  SqliteStatement rows_;
  int id_column_;
  Relations relations_;
  std::string text_;
  size_t position_ = 0;
  bool is_first_ = true;
  bool is_over_ = false;
};

// `"tags":[...],"shared":[...]` of a workflow.
struct WorkflowRelations {
  explicit WorkflowRelations(SqliteDatabase& database)
      : tags(
            database.prepare("SELECT t.* FROM workflows_tags w JOIN tag_entity t ON t.id = w.tagId "
                             "WHERE w.workflowId = ?1 ORDER BY t.id")),
        shares(database.prepare(
            "SELECT * FROM shared_workflow WHERE workflowId = ?1 ORDER BY projectId")),
        project(database.prepare("SELECT * FROM project WHERE id = ?1")) {}

  std::string operator()(const std::string& id) {
    std::string text = ",\"tags\":[";
    std::string comma;
    for (tags.rebind(1, id); tags.step(); comma = ",")
      text += comma + "{" + row_members(tags) + "}";
    text += "],\"shared\":[";
    comma.clear();
    for (shares.rebind(1, id); shares.step(); comma = ",") {
      text += comma + "{" + row_members(shares) + project_member() + "}";
    }
    return text + "]";
  }

  // The project that the current share is with.
  std::string project_member() {
    if (!project.rebind(1, shares.text(column_index(shares, "projectId"))).step()) return "";
    return ",\"project\":{" + row_members(project) + "}";
  }

  SqliteStatement tags;
  SqliteStatement shares;
  SqliteStatement project;
};

}  // namespace

void require_n8n_tables(SqliteDatabase& database) {
  for (const char* table : {"workflow_entity", "credentials_entity", "user", "shared_workflow",
                            "project", "workflows_tags", "tag_entity"}) {
    if (database.has_table(table)) continue;
    throw Error(ErrorKind::service,
                format("read n8n's database '{}': there is no table '{}'", database.name(), table))
        .hint(
            "This recipe knows the tables of n8n from mid-2024 on, without DB_TABLE_PREFIX. "
            "Protect another n8n with 'sqlite' for the database and 'volume' for the folder.");
  }
}

std::unique_ptr<Source> export_workflows(std::shared_ptr<SqliteSnapshot> snapshot) {
  auto relations = std::make_shared<WorkflowRelations>(snapshot->database());
  return std::make_unique<ExportSource>(
      std::move(snapshot), "SELECT * FROM workflow_entity ORDER BY id",
      [relations](const std::string& id) { return (*relations)(id); });
}

std::unique_ptr<Source> export_credentials(std::shared_ptr<SqliteSnapshot> snapshot) {
  return std::make_unique<ExportSource>(std::move(snapshot),
                                        "SELECT * FROM credentials_entity ORDER BY id",
                                        [](const std::string&) { return std::string(); });
}

std::map<std::string, std::string> workflow_names(SqliteDatabase& database) {
  std::map<std::string, std::string> names;
  SqliteStatement rows = database.prepare("SELECT id, name FROM workflow_entity");
  while (rows.step()) names.emplace(rows.text(0), rows.text(1));
  return names;
}

CredentialTest test_credentials(SqliteDatabase& database, std::string_view passphrase) {
  CredentialTest test;
  SqliteStatement rows =
      database.prepare("SELECT data, name, type FROM credentials_entity ORDER BY id");
  while (rows.step()) {
    ++test.total;
    bool opened = false;
    try {
      const Secret plain = openssl_salted_decrypt(rows.text(0), passphrase);
      const std::string_view text = trim(plain.reveal());
      opened = text.starts_with('{') && Json::accept(text);
      if (opened && trim(text.substr(1)) == "}") ++test.empty;
    } catch (const Error&) {
    }
    if (!opened) {
      test.failing.push_back(format("{} ({})", printable(rows.text(1)), printable(rows.text(2))));
    }
  }
  return test;
}

}  // namespace lifeboat
