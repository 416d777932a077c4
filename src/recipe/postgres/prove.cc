#include "recipe/postgres/prove.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "recipe/details.h"
#include "recipe/postgres/scratch_server.h"

namespace lifeboat {
namespace {

constexpr uint64_t version_parts = 10000;
constexpr size_t faults_told_max = 3;

// What `databases` want and the server has not.
std::vector<std::string> missing_extensions(PostgresClient& client,
                                            const std::vector<NotedDatabase>& databases) {
  std::set<std::string> available;
  for (const Json& name : client.query("", "SELECT to_jsonb(name) FROM pg_available_extensions;")) {
    available.insert(name.get<std::string>());
  }
  std::set<std::string> missing;
  for (const NotedDatabase& database : databases) {
    for (const std::string& name : database.extensions) {
      if (!available.contains(name)) missing.insert(printable(name));
    }
  }
  return {missing.begin(), missing.end()};
}

}  // namespace

std::string lack_of_server(const Error& error) {
  for (const std::string_view words :
       {"invalid locale name", "invalid LC_COLLATE locale", "shared_preload_libraries",
        "is not available", "could not open extension control file"}) {
    if (error.message().find(words) != std::string::npos) {
      return format("the server at hand lacks what the databases need: {}", error.message());
    }
  }
  return "";
}

ProbeResult probe_counts(PostgresClient& client, const std::string& database,
                         const std::vector<ListedTable>& expected) {
  std::vector<ListedTable> found = expected;
  uint64_t rows = 0;
  for (const ListedTable& table : expected) rows += table.rows;
  ProbeResult answer{format("the server counts the rows of '{}'", printable(database)), true,
                     print_count(rows, "row", "rows"), print_count(rows, "row", "rows"), ""};
  std::vector<std::string> faults;
  try {
    count_rows(client, database, "", found);
    for (size_t index = 0; index < expected.size(); ++index) {
      if (found[index].rows == expected[index].rows) continue;
      faults.push_back(format("'{}' has {} instead of {}", printable(found[index].name.text()),
                              found[index].rows, expected[index].rows));
    }
  } catch (const Error& error) {
    faults.emplace_back(error.what());
  }
  if (faults.empty()) return answer;
  answer.passed = false;
  const size_t count = faults.size();
  faults.resize(std::min(count, faults_told_max));
  answer.found = format("{}{}", join(faults, ", "), count > faults_told_max ? " ..." : "");
  return answer;
}

std::vector<ProbeResult> prove_postgres(const RestoredService& restored, ProvingGround& ground,
                                        RecipeContext& context, std::string& why_not) {
  const Json& details = restored.expected.details;
  const auto databases = read_noted_databases(details);
  const uint64_t major = detail_number(details, "server_version_num") / version_parts;
  const auto scratch =
      start_scratch_postgres(ground, major, detail_object(details, "container"), context, why_not);
  if (!scratch) return {};
  PostgresClient& client = scratch->client();
  const auto missing = missing_extensions(client, databases);
  if (!missing.empty()) {
    why_not = format("the server at hand lacks the extensions {}", join(missing, ", "));
    return {};
  }
  std::vector<ProbeResult> answers;
  ProbeResult loads{format("{} loads roles and dumps without an error", client.client_version()),
                    true, "no error", "no error", ""};
  try {
    client.run_script("", restored.directory / "globals.sql");
    client.run_script("", restored.directory / "databases.sql");
    for (const NotedDatabase& database : databases) {
      client.run_script(database.name, restored.directory / database.file);
    }
  } catch (const Error& error) {
    why_not = lack_of_server(error);
    if (!why_not.empty()) return {};
    loads.passed = false;
    loads.found = error.what();
  }
  answers.push_back(loads);
  if (!loads.passed) return answers;
  for (const NotedDatabase& database : databases) {
    answers.push_back(probe_counts(client, database.name, database.tables));
  }
  return answers;
}

}  // namespace lifeboat
