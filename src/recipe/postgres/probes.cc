#include "recipe/postgres/probes.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "io/no_links.h"
#include "recipe/details.h"
#include "recipe/postgres/dump_notes.h"
#include "recipe/postgres/dump_scan.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t globals_bytes_max = 64 * 1024 * 1024;
constexpr off_t cut_bytes = 200;

ProbeResult answer(std::string name, std::string expected, const std::string& fault,
                   std::string evidence = "") {
  ProbeResult result{std::move(name), fault.empty(), std::move(expected), "", std::move(evidence)};
  result.found = fault.empty() ? result.expected : fault;
  return result;
}

ProbeResult probe_roles(const RestoredService& restored, const StopToken& stop) {
  const auto expected = detail_list(restored.expected.details, "roles");
  RoleScan roles;
  std::string fault;
  try {
    const DumpScan scan = scan_dump_file(
        restored.directory / "globals.sql",
        {.kind = DumpKind::cluster,
         .on_line = [&](std::string_view line, bool top) { roles.on_line(line, top); }},
        stop);
    fault = scan.fault();
  } catch (const Error& error) {
    fault = error.what();
  }
  if (fault.empty() && roles.roles() != expected) {
    fault = print_count(roles.roles().size(), "role", "roles") + ", not those of backup time";
  }
  return answer("globals.sql is whole and makes the same roles",
                print_count(expected.size(), "role", "roles"), fault);
}

// Every database has its section with CREATE DATABASE.
ProbeResult probe_create(const RestoredService& restored,
                         const std::vector<NotedDatabase>& databases) {
  std::string fault;
  try {
    const std::string text =
        read_file_without_links(restored.directory / "databases.sql", globals_bytes_max);
    for (const NotedDatabase& database : databases) {
      const std::string wanted =
          format("\n-- database: {}\nCREATE DATABASE {} ", percent_encode(database.name),
                 quote_identifier(database.name));
      if (text.find(wanted) == std::string::npos) {
        fault = format("database '{}' is not made", printable(database.name));
      }
    }
  } catch (const Error& error) {
    fault = error.what();
  }
  return answer("databases.sql makes every database",
                print_count(databases.size(), "database", "databases"), fault);
}

fs::path first_dump(const RestoredService& restored) {
  const auto databases = read_noted_databases(restored.expected.details);
  if (databases.empty()) throw Error(ErrorKind::service, "damage a dump: there is none");
  return restored.directory / databases.front().file;
}

void remove_row_of_any(const RestoredService& restored) {
  for (const NotedDatabase& database : read_noted_databases(restored.expected.details)) {
    if (remove_first_row(restored.directory / database.file)) return;
  }
  throw Error(ErrorKind::service, "damage a dump: none has a row");
}

void remove_first_role(const RestoredService& restored) {
  const fs::path path = restored.directory / "globals.sql";
  std::string text = read_file_without_links(path, globals_bytes_max);
  const size_t begin = text.find("\nCREATE ROLE ");
  if (begin == std::string::npos) throw Error(ErrorKind::service, "damage the roles: none is left");
  text.erase(begin, text.find('\n', begin + 1) - begin);
  const UniqueFd fd = open_file(path, O_WRONLY | O_TRUNC | O_NOFOLLOW);
  write_fd(fd.get(), as_bytes(text), path.native(), ErrorKind::service);
}

std::string print_hash(const DumpedTable& table) {
  return format("{}:{:016x}{:016x}{:016x}{:016x}", table.rows, table.hash_sum[0], table.hash_sum[1],
                table.hash_sum[2], table.hash_sum[3]);
}

// Lines that tell nothing of the content: when, by what, and with which throw-away key.
bool is_noise(std::string_view line, bool at_top) {
  return at_top && (line.empty() || line.starts_with("--") || line.starts_with("\\restrict ") ||
                    line.starts_with("\\unrestrict ") || line.starts_with("SET "));
}

}  // namespace

std::vector<ProbeResult> probe_dump(const fs::path& directory, const NotedDatabase& database,
                                    const StopToken& stop) {
  const std::string name = printable(database.name);
  std::string whole_fault;
  std::string rows_fault;
  std::string evidence;
  try {
    const DumpScan scan = scan_dump_file(directory / database.file, {}, stop);
    whole_fault = scan.fault();
    rows_fault = compare_tables(database.tables, scan);
    evidence = print_count(scan.tables().size(), "table", "tables") + " with rows in the dump";
  } catch (const Error& error) {
    whole_fault = rows_fault = error.what();
  }
  uint64_t rows = 0;
  for (const ListedTable& table : database.tables) rows += table.rows;
  return {answer(format("the dump of '{}' is whole", name), "its end marker", whole_fault),
          answer(format("the dump of '{}' holds every table and row", name),
                 format("{}, {}", print_count(database.tables.size(), "table", "tables"),
                        print_count(rows, "row", "rows")),
                 rows_fault, evidence)};
}

std::vector<ProbeResult> probe_postgres(const RestoredService& restored, RecipeContext& context) {
  const auto databases = read_noted_databases(restored.expected.details);
  std::vector<ProbeResult> answers;
  const Item* item = restored.expected.find("databases");
  const uint64_t expected = item != nullptr ? item->count : 0;
  answers.push_back(
      answer("facts name every database", std::to_string(expected),
             expected == databases.size() && expected > 0 ? "" : std::to_string(databases.size())));
  for (const NotedDatabase& database : databases) {
    for (auto& one : probe_dump(restored.directory, database, context.stop)) {
      answers.push_back(std::move(one));
    }
  }
  answers.push_back(probe_roles(restored, context.stop));
  answers.push_back(probe_create(restored, databases));
  return answers;
}

void cut_dump(const fs::path& file) {
  const auto size = static_cast<off_t>(fs::file_size(file));
  if (::truncate(file.c_str(), std::max<off_t>(0, size - cut_bytes)) != 0) {
    throw system_error(ErrorKind::service, format("cut '{}'", file.native()), errno);
  }
}

bool remove_first_row(const fs::path& file) {
  const auto row_end = scan_dump_file(file, {}, {}).first_row_end();
  if (!row_end) return false;
  // Without its end the row is one with what follows; no copy of the file is needed.
  const UniqueFd fd = open_file(file, O_WRONLY | O_NOFOLLOW);
  if (::pwrite(fd.get(), " ", 1, static_cast<off_t>(*row_end)) != 1) {
    throw system_error(ErrorKind::service, "damage the dump", errno);
  }
  return true;
}

std::vector<Sabotage> postgres_sabotages() {
  return {
      {"missing dump", "the first database's dump was removed",
       [](const RestoredService& restored) {
         if (::unlink(first_dump(restored).c_str()) != 0) {
           throw system_error(ErrorKind::service, "remove the dump", errno);
         }
       }},
      {"truncated dump", "the end of the first database's dump was cut off",
       [](const RestoredService& restored) { cut_dump(first_dump(restored)); }},
      {"missing row", "the first row of a dump was joined with what follows", remove_row_of_any},
      {"missing role", "the first role was taken out of globals.sql", remove_first_role}};
}

void add_dump_inventory(const fs::path& file, const std::string& database, const StopToken& stop,
                        std::vector<InventoryEntry>& entries) {
  Sha256 structure;
  std::vector<InventoryEntry> sequences;
  const auto on_line = [&](std::string_view line, bool at_top) {
    constexpr std::string_view setval = "SELECT pg_catalog.setval('";
    if (at_top && line.starts_with(setval)) {
      const std::string_view rest = line.substr(setval.size());
      const std::string name(rest.substr(0, rest.find("',")));
      sequences.push_back({"sequence", format("{}/{}", database, name), name, std::string(rest)});
    } else if (!is_noise(line, at_top)) {
      structure.update(as_bytes(line));
      structure.update(as_bytes("\n"));
    }
  };
  const DumpScan scan = scan_dump_file(file, {.hash_rows = true, .on_line = on_line}, stop);
  entries.push_back(
      {"structure", database, format("structure of {}", database), hex_encode(structure.finish())});
  for (const auto& [name, table] : scan.tables()) {
    entries.push_back({"table", format("{}/{}", database, name.text()),
                       format("{} in {}", name.text(), database), print_hash(table)});
  }
  std::ranges::move(sequences, std::back_inserter(entries));
}

void add_role_inventory(const fs::path& file, const StopToken& stop,
                        std::vector<InventoryEntry>& entries) {
  std::map<std::string, std::string> lines;
  const auto on_line = [&](std::string_view line, bool at_top) {
    for (const std::string_view head : {"CREATE ROLE ", "ALTER ROLE "}) {
      if (!at_top || !line.starts_with(head)) continue;
      std::string_view rest = line.substr(head.size());
      const auto role = take_identifier(rest);
      if (role) lines[*role] += format("{}\n", line);
    }
  };
  scan_dump_file(file, {.kind = DumpKind::cluster, .on_line = on_line}, stop);
  for (const auto& [role, text] : lines) {
    entries.push_back({"role", role, role, sha256_hex(as_bytes(text))});
  }
}

std::vector<InventoryEntry> postgres_inventory(const RestoredService& restored,
                                               RecipeContext& context) {
  std::vector<InventoryEntry> entries;
  for (const NotedDatabase& database : read_noted_databases(restored.expected.details)) {
    entries.push_back({"database", database.name, database.name, ""});
    add_dump_inventory(restored.directory / database.file, database.name, context.stop, entries);
  }
  add_role_inventory(restored.directory / "globals.sql", context.stop, entries);
  return entries;
}

}  // namespace lifeboat
