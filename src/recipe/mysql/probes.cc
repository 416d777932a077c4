#include "recipe/mysql/probes.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <optional>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "io/no_links.h"
#include "recipe/details.h"
#include "recipe/mysql/backup.h"
#include "recipe/mysql/grants.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr const char* grants_member = "grants.sql";
constexpr uint64_t grants_bytes_max = uint64_t{64} << 20;
constexpr size_t faults_told_max = 5;

// One answer over all databases: what was found wrong, where.
class Question {
 public:
  Question(std::string name, std::string expected)
      : answer_{std::move(name), true, std::move(expected), "", ""} {}
  void fault(const std::string& told) {
    answer_.passed = false;
    if (++faults_ <= faults_told_max) {
      answer_.found += (answer_.found.empty() ? "" : "; ") + printable(told);
    }
  }
  ProbeResult answer(const std::string& good) {
    if (answer_.passed) answer_.found = good;
    if (faults_ > faults_told_max) answer_.found += format("; {} in all", faults_);
    return answer_;
  }

 private:
  ProbeResult answer_;
  size_t faults_ = 0;
};

struct Questions {
  Question whole{"every dump is there and whole", "head and '-- Dump completed'"};
  Question tables{"every table is made", "all tables of backup time"};
  Question rows{"every table holds its rows", "the rows of backup time"};
  Question objects{"views, triggers, routines and events are there", "those of backup time"};
};

void compare(const std::string& name, const DumpSummary& expected, const DumpSummary& found,
             Questions& ask) {
  if (found.head.empty()) ask.whole.fault(format("{}: no head", name));
  if (!found.is_complete) ask.whole.fault(format("{}: no end mark", name));
  for (const auto& [table, rows] : expected.rows) {
    const auto there = found.rows.find(table);
    if (there == found.rows.end()) {
      ask.tables.fault(format("{}.{} is missing", name, table));
    } else if (there->second != rows) {
      ask.rows.fault(format("{}.{}: {} instead of {}", name, table, there->second, rows));
    }
  }
  for (const auto& [table, rows] : found.rows) {
    if (!expected.rows.contains(table)) ask.tables.fault(format("{}.{} is new", name, table));
  }
  const auto objects = [](const DumpSummary& summary) {
    return format("{} views, {} triggers, {} routines, {} events, {} sequences", summary.views,
                  summary.triggers, summary.routines, summary.events, summary.sequences);
  };
  if (objects(expected) != objects(found)) {
    ask.objects.fault(format("{}: {} instead of {}", name, objects(found), objects(expected)));
  }
}

ProbeResult probe_grants(const RestoredService& restored, uint64_t expected) {
  ProbeResult answer{"every account is kept", false, print_count(expected, "account", "accounts"),
                     "", ""};
  try {
    const uint64_t found = count_accounts(read_file_without_links(
        restored.directory / grants_member, grants_bytes_max, ErrorKind::verification));
    answer.found = print_count(found, "account", "accounts");
    answer.passed = found == expected;
  } catch (const Error& error) {
    answer.found = error.what();
  }
  return answer;
}

// Where the first thing to damage lies.
class DamageFinder final : public DumpEvents {
 public:
  void on_table(const std::string&, std::string_view statement, uint64_t offset) override {
    if (!table) table = {offset, statement.size() + 1};
  }
  void on_row(const std::string&, uint64_t offset, uint64_t size) override {
    if (!row && last_row_) row = {last_row_->first, offset - last_row_->first};
    last_row_ = {offset, size};
  }
  void on_rows_end(uint64_t offset, uint64_t size) override {
    if (!row) single = {offset, size};
    last_row_.reset();
  }
  using Range = std::pair<uint64_t, uint64_t>;
  std::optional<Range> table;
  std::optional<Range> row;     // with the comma behind it
  std::optional<Range> single;  // a whole statement of one row

 private:
  std::optional<Range> last_row_;
};

DamageFinder find_damage(const RestoredService& restored, const std::string& database) {
  DamageFinder finder;
  DumpScanner scanner(finder);
  read_dump(restored, database, {}, [&](std::string_view piece) { scanner.feed(piece); });
  return finder;
}

// Blanks the first of what `choose` gives in any of the dumps.
void blank_first(
    const RestoredService& restored,
    const std::function<std::optional<DamageFinder::Range>(const DamageFinder&)>& choose) {
  for (const auto& [name, summary] : expected_databases(restored.expected)) {
    const auto range = choose(find_damage(restored, name));
    if (!range) continue;
    return blank_out(restored.directory / dump_member(name), range->first, range->second);
  }
  throw Error(ErrorKind::service, "damage a dump: it holds nothing of the kind");
}

void cut_dump(const RestoredService& restored) {
  const std::string name = expected_databases(restored.expected).begin()->first;
  const fs::path path = restored.directory / dump_member(name);
  const auto size = static_cast<off_t>(fs::file_size(path));
  if (::truncate(path.c_str(), size > 40 ? size - 40 : 0) != 0) {
    throw system_error(ErrorKind::service, "cut a dump", errno);
  }
}

void remove_member(const fs::path& path) {
  if (::unlink(path.c_str()) != 0) {
    throw system_error(ErrorKind::service, format("remove '{}'", path.native()), errno);
  }
}

}  // namespace

std::map<std::string, DumpSummary> expected_databases(const Facts& facts) {
  std::map<std::string, DumpSummary> all;
  const Json databases = detail_object(facts.details, "databases");
  for (const auto& [name, value] : databases.items()) all[name] = summary_from_json(value);
  if (all.empty()) throw Error(ErrorKind::verification, "read facts: they name no database");
  return all;
}

void read_dump(const RestoredService& restored, const std::string& database, const StopToken& stop,
               const std::function<void(std::string_view)>& take) {
  const fs::path path = restored.directory / dump_member(database);
  FdSource source(open_file(path, O_RDONLY | O_NOFOLLOW, 0, ErrorKind::verification), path.native(),
                  ErrorKind::verification);
  for_each_piece(source, stop, [&](ByteView piece) { take(as_text(piece)); });
}

std::vector<ProbeResult> probe_mysql(const RestoredService& restored, RecipeContext& context) {
  const auto expected = expected_databases(restored.expected);
  Questions ask;
  uint64_t tables = 0;
  uint64_t rows = 0;
  for (const auto& [name, summary] : expected) {
    DumpCounter counter;
    try {
      read_dump(restored, name, context.stop, [&](std::string_view piece) { counter.feed(piece); });
    } catch (const Error& error) {
      ask.whole.fault(error.what());
    }
    compare(name, summary, counter.summary(), ask);
    tables += summary.rows.size();
    rows += summary.total_rows();
  }
  std::vector<ProbeResult> answers;
  answers.push_back(ask.whole.answer(print_count(expected.size(), "dump", "dumps")));
  answers.push_back(ask.tables.answer(print_count(tables, "table", "tables")));
  answers.push_back(ask.rows.answer(print_count(rows, "row", "rows")));
  answers.push_back(ask.objects.answer("all"));
  if (restored.expected.details.contains("accounts")) {
    answers.push_back(probe_grants(restored, detail_number(restored.expected.details, "accounts")));
  }
  return answers;
}

std::vector<Sabotage> mysql_sabotages() {
  return {{"missing dump", "the dump of a database was removed",
           [](const RestoredService& restored) {
             remove_member(restored.directory /
                           dump_member(expected_databases(restored.expected).begin()->first));
           }},
          {"truncated dump", "the last 40 bytes of a dump were cut off", cut_dump},
          {"missing row", "a row was taken out of a dump, the SQL left whole",
           [](const RestoredService& restored) {
             blank_first(restored, [](const DamageFinder& found) {
               return found.row ? found.row : found.single;
             });
           }},
          {"missing table", "the statement that makes a table was taken out of a dump",
           [](const RestoredService& restored) {
             blank_first(restored, [](const DamageFinder& found) { return found.table; });
           }}};
}

void blank_out(const fs::path& dump, uint64_t offset, uint64_t size) {
  const UniqueFd fd = open_file(dump, O_WRONLY | O_NOFOLLOW);
  ::lseek(fd.get(), static_cast<off_t>(offset), SEEK_SET);
  write_fd(fd.get(), as_bytes(std::string(size, ' ')), dump.native(), ErrorKind::service);
}

}  // namespace lifeboat
