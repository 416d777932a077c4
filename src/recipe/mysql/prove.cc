#include "recipe/mysql/prove.h"

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "recipe/details.h"
#include "recipe/mysql/backup.h"
#include "recipe/mysql/probes.h"
#include "recipe/mysql/scratch_server.h"

namespace lifeboat {
namespace {

constexpr size_t faults_told_max = 5;

std::string some_of(const std::vector<std::string>& faults) {
  std::string text;
  for (size_t at = 0; at < std::min(faults.size(), faults_told_max); ++at) {
    text += (at == 0 ? "" : "; ") + printable(faults[at]);
  }
  if (faults.size() > faults_told_max) text += format("; {} in all", faults.size());
  return text;
}

ProbeResult answer_of(std::string name, std::string expected,
                      const std::vector<std::string>& faults, const std::string& good) {
  return {std::move(name), faults.empty(), std::move(expected),
          faults.empty() ? good : some_of(faults), ""};
}

// The name of a character set or collation, from an archive.
std::string word_of(const Json& database, const char* name) {
  const std::string word = detail_text(database, name);
  const bool is_word = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (!is_word) {
    throw Error(ErrorKind::verification, format("read facts: detail '{}' is no plain word", name));
  }
  return word;
}

void check_tables(MysqlServer& server, const std::string& database, const DumpSummary& expected,
                  std::vector<std::string>& faults) {
  std::string sql;
  for (const auto& [table, rows] : expected.rows) {
    sql += format("CHECK TABLE {}.{};\n", quote_name(database), quote_name(table));
  }
  size_t told = 0;
  for (const auto& row : server.query(sql)) {
    if (row.size() != 4) continue;
    const std::string kind = ascii_lower(row[2]);
    if (kind == "status") ++told;
    const bool is_good = kind == "note" || (kind == "status" && row[3] == "OK");
    if (!is_good) faults.push_back(format("{}: {}", row[0], row[3]));
  }
  if (told < expected.rows.size() && faults.empty()) {
    faults.push_back(
        format("{}: {} of {} tables were checked", database, told, expected.rows.size()));
  }
}

void load_all(MysqlServer& server, const RestoredService& restored,
              std::vector<std::string>& faults) {
  std::error_code ignored;
  const auto grants = restored.directory / "grants.sql";
  // For the accounts that own views and routines; what fails here is not the dumps' fault.
  if (std::filesystem::exists(grants, ignored)) server.load(open_dump(grants), "", true);
  for (const auto& [name, summary] : expected_databases(restored.expected)) {
    try {
      create_database(server, restored.expected, name, name);
      server.load(open_dump(restored.directory / dump_member(name)), name);
    } catch (const Error& error) {
      faults.push_back(format("{}: {}", name, error.what()));
    }
  }
}

std::vector<ProbeResult> ask_server(MysqlServer& server, const RestoredService& restored,
                                    const MoreQuestions& more) {
  const auto expected = expected_databases(restored.expected);
  std::vector<std::string> unloaded;
  load_all(server, restored, unloaded);
  std::vector<ProbeResult> answers;
  answers.push_back(answer_of(format("{} loads every dump", server.version().text), "no error",
                              unloaded, print_count(expected.size(), "dump", "dumps")));
  if (!unloaded.empty()) return answers;
  std::vector<std::string> broken;
  std::vector<std::string> miscounted;
  uint64_t tables = 0;
  uint64_t rows = 0;
  for (const auto& [name, summary] : expected) {
    tables += summary.rows.size();
    rows += summary.total_rows();
    if (summary.rows.empty()) continue;
    check_tables(server, name, summary, broken);
    for (std::string& fault : compare_counts(server, restored.expected, name, name)) {
      miscounted.push_back(std::move(fault));
    }
  }
  answers.push_back(answer_of("the server finds every table in order", "CHECK TABLE: OK", broken,
                              print_count(tables, "table", "tables")));
  answers.push_back(answer_of("the server counts the rows of backup time",
                              print_count(rows, "row", "rows"), miscounted,
                              print_count(rows, "row", "rows")));
  if (more) more(server, answers);
  return answers;
}

}  // namespace

void create_database(MysqlServer& server, const Facts& facts, const std::string& database,
                     const std::string& as) {
  const Json details = detail_object(detail_object(facts.details, "databases"), database);
  server.query(format("CREATE DATABASE {} CHARACTER SET {} COLLATE {}", quote_name(as),
                      word_of(details, "charset"), word_of(details, "collation")));
}

std::vector<std::string> compare_counts(MysqlServer& server, const Facts& facts,
                                        const std::string& database, const std::string& as) {
  const DumpSummary expected = expected_databases(facts).at(database);
  std::string sql;
  for (const auto& [table, rows] : expected.rows) {
    sql += format("SELECT count(*) FROM {}.{};\n", quote_name(as), quote_name(table));
  }
  std::vector<std::string> faults;
  const auto counts = server.query(sql);
  if (counts.size() != expected.rows.size()) {
    return {format("{}: {} of {} tables were counted", as, counts.size(), expected.rows.size())};
  }
  size_t at = 0;
  for (const auto& [table, rows] : expected.rows) {
    const std::string& found = counts[at++].at(0);
    if (found != std::to_string(rows)) {
      faults.push_back(format("{}.{}: {} instead of {} rows", database, table, found, rows));
    }
  }
  return faults;
}

std::vector<ProbeResult> prove_mysql(const RestoredService& restored, ProvingGround& ground,
                                     RecipeContext& context, std::string& why_not,
                                     const MoreQuestions& more) {
  const auto version = parse_server_version(detail_text(restored.expected.details, "server"));
  if (!version) {
    throw Error(ErrorKind::verification, "read facts: detail 'server' tells no version");
  }
  std::unique_ptr<ScratchMysqlServer> scratch;
  if (ground.containers != nullptr) {
    scratch = start_mysql_in_container(*ground.containers,
                                       detail_object(restored.expected.details, "container"),
                                       context, why_not);
  } else {
    scratch = start_mysql_on_host(ground.directory, *version, context, why_not);
  }
  if (!scratch) return {};
  return ask_server(scratch->server(), restored, more);
}

}  // namespace lifeboat
