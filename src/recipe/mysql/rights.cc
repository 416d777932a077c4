#include "recipe/mysql/rights.h"

#include <algorithm>
#include <initializer_list>

#include "base/format.h"
#include "base/text.h"

namespace lifeboat {
namespace {

// One line: "GRANT SELECT, TRIGGER ON `app`.* TO ...".
struct Grant {
  std::vector<std::string> rights;  // upper case as the server writes them
  std::string database;             // "*" for all
  std::string table;                // "*" for all

  bool has(std::initializer_list<const char*> any_of) const {
    return std::any_of(any_of.begin(), any_of.end(), [&](const char* right) {
      return std::find(rights.begin(), rights.end(), right) != rights.end();
    });
  }
};

// "`app\_x`" is app_x, as a pattern that stands for itself.
std::string plain_name(std::string_view word) {
  std::string name;
  for (const char c : word) {
    if (c != '`' && c != '\\') name += c;
  }
  return name;
}

bool parse_grant(const std::string& line, Grant& grant) {
  constexpr std::string_view begin = "GRANT ";
  const size_t on = line.find(" ON ");
  if (!line.starts_with(begin) || on == std::string::npos) return false;
  for (const std::string& right :
       split(std::string_view(line).substr(begin.size(), on - begin.size()), ',')) {
    grant.rights.emplace_back(trim(right));
  }
  const size_t to = line.find(" TO ", on);
  const std::string target = line.substr(on + 4, to == std::string::npos ? to : to - on - 4);
  const size_t dot =
      target.find("`.") == std::string::npos ? target.find('.') : target.find("`.") + 1;
  if (dot == std::string::npos) return false;
  grant.database = plain_name(std::string_view(target).substr(0, dot));
  grant.table = plain_name(std::string_view(target).substr(dot + 1));
  return true;
}

bool covers(const Grant& grant, const std::string& database) {
  if (grant.table != "*") return false;
  if (grant.database == "*" || grant.database == database) return true;
  const size_t wild = grant.database.find('%');
  return wild != std::string::npos && database.starts_with(grant.database.substr(0, wild));
}

bool reads_routines(const Grant& grant, const std::string& database) {
  const bool is_global = grant.database == "*";
  if (is_global && grant.has({"SELECT", "ALL PRIVILEGES", "SHOW_ROUTINE"})) return true;
  if (grant.database == "mysql" && (grant.table == "*" || grant.table == "proc")) {
    return grant.has({"SELECT", "ALL PRIVILEGES"});
  }
  // With these it sees that there is one, and a dump that may not read it fails aloud.
  return covers(grant, database) && grant.has({"ALL PRIVILEGES", "EXECUTE", "ALTER ROUTINE"});
}

}  // namespace

std::vector<std::string> unseen_objects(const std::vector<std::vector<std::string>>& grants,
                                        const std::string& database, MysqlFamily family) {
  bool sees_triggers = false;
  bool sees_routines = false;
  for (const auto& row : grants) {
    Grant grant;
    if (row.empty()) continue;
    if (!parse_grant(row.front(), grant)) {
      if (family == MysqlFamily::mysql && row.front().starts_with("GRANT ")) return {};
      continue;
    }
    if (covers(grant, database) && grant.has({"TRIGGER", "ALL PRIVILEGES"})) sees_triggers = true;
    if (reads_routines(grant, database)) sees_routines = true;
  }
  std::vector<std::string> unseen;
  if (!sees_triggers) {
    unseen.push_back(format(
        "Triggers of database '{}', if it has any: the user may not see them (right TRIGGER).",
        printable(database)));
  }
  if (!sees_routines) {
    unseen.push_back(
        format("Routines of database '{}', if it has any: the user may not see them (right SELECT "
               "on *.*).",
               printable(database)));
  }
  return unseen;
}

}  // namespace lifeboat
