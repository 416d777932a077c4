#include "recipe/mysql/backup.h"

#include <sys/statvfs.h>

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "recipe/container.h"
#include "recipe/mysql/grants.h"
#include "recipe/mysql/listing.h"
#include "recipe/mysql/rights.h"
#include "recipe/volume/folder.h"

namespace lifeboat {
namespace {

constexpr size_t names_shown_max = 5;

std::string shown_names(const std::vector<std::string>& names) {
  std::string text;
  for (size_t at = 0; at < std::min(names.size(), names_shown_max); ++at) {
    text += (at == 0 ? "" : ", ") + printable(names[at]);
  }
  return names.size() > names_shown_max ? text + " ..." : text;
}

// Tables whose rows a transaction does not hold still.
std::vector<std::string> unprotected_tables(const std::vector<MysqlDatabase>& databases) {
  std::vector<std::string> names;
  for (const MysqlDatabase& database : databases) {
    for (const MysqlTable& table : database.tables) {
      const bool is_safe = table.engine == "InnoDB" || table.engine == "ROCKSDB";
      if (table.has_rows() && !is_safe) {
        names.push_back(format("{}.{} ({})", database.name, table.name, table.engine));
      }
    }
  }
  return names;
}

// Those that were there before the dump and are there after it.
std::vector<std::string> lasting_tables(const MysqlDatabase& before, const MysqlDatabase& after) {
  std::vector<std::string> names;
  for (const MysqlTable& table : before.tables) {
    const bool is_there =
        std::any_of(after.tables.begin(), after.tables.end(),
                    [&](const MysqlTable& other) { return other.name == table.name; });
    if (is_there && table.has_rows()) names.push_back(table.name);
  }
  return names;
}

DumpedDatabase dump_one(MysqlServer& server, const MysqlDatabase& listed, RecipeContext& context) {
  DumpedDatabase made{.name = listed.name,
                      .charset = listed.charset,
                      .collation = listed.collation,
                      .summary = {},
                      .content = std::make_shared<ScratchFile>(context.spool_dir, context.random)};
  DumpCounter counter;
  try {
    const auto source = server.dump(listed.name, listed.left_out);
    for_each_piece(*source, context.stop, [&](ByteView piece) {
      counter.feed(as_text(piece));
      made.content->append(piece);
    });
  } catch (Error& error) {
    explain_mysql_error(error, false);
    throw;
  }
  made.summary = counter.summary();
  return made;
}

void add_members(MysqlBackup& backup, Timestamp now) {
  for (const DumpedDatabase& database : backup.databases) {
    Member member;
    member.meta.path = dump_member(database.name);
    member.meta.mtime = now;
    member.size = database.content->size();
    member.open = [content = database.content] { return std::make_unique<AccessSource>(content); };
    backup.bytes += database.content->size();
    backup.members.push_back(std::move(member));
  }
}

Json database_details(const std::vector<DumpedDatabase>& databases) {
  Json all = Json::object();
  for (const DumpedDatabase& database : databases) {
    Json one = summary_to_json(database.summary);
    one["charset"] = database.charset;
    one["collation"] = database.collation;
    all[database.name] = std::move(one);
  }
  return all;
}

void note_versions(MysqlBackup& backup, MysqlServer& server) {
  const MysqlVersion& ours = server.client_version();
  const MysqlVersion& theirs = server.version();
  Json& details = backup.facts.details;
  details["server"] = printable(server.version_text());
  details["family"] = theirs.family == MysqlFamily::mariadb ? "mariadb" : "mysql";
  details["client"] = server.client_text();
  if (ours.family != theirs.family) {
    backup.warnings.push_back(format(
        "The server is {} and was dumped by {}: such a dump may leave out what only the server's "
        "own program knows. Set 'container', or install the client of the server's family.",
        theirs.text, server.client_text()));
  } else if (ours.number < theirs.number &&
             (ours.number[0] != theirs.number[0] || ours.number[1] != theirs.number[1])) {
    backup.warnings.push_back(format(
        "The server ({}) is newer than the program that dumped it, {}. Set 'container', or install "
        "a newer client.",
        theirs.text, server.client_text()));
  }
}

void note_listing(MysqlBackup& backup, const std::vector<MysqlDatabase>& databases) {
  backup.facts.consistency =
      "Each database is one transaction's view: its InnoDB tables agree with each other, as long "
      "as "
      "no table was altered meanwhile; databases follow one another, seconds or minutes apart. The "
      "counts are those of the dumps themselves.";
  const std::vector<std::string> unprotected = unprotected_tables(databases);
  if (!unprotected.empty()) {
    backup.facts.consistency +=
        format(" Not covered by the transaction: {}.", shown_names(unprotected));
    backup.warnings.push_back(
        format("{} not InnoDB, rows of different moments may meet in the dump: {}",
               unprotected.size() == 1 ? "1 table is" : format("{} tables are", unprotected.size()),
               shown_names(unprotected)));
  }
  for (const MysqlDatabase& database : databases) {
    for (const std::string& table : database.left_out) {
      backup.facts.missing.push_back(format("Table {}.{}, as 'exclude_tables' asks.",
                                            printable(database.name), printable(table)));
    }
    if (database.tables.empty()) {
      backup.warnings.push_back(format("database '{}' shows no table", printable(database.name)));
    }
    std::vector<std::string> versioned;
    for (const MysqlTable& table : database.tables) {
      if (table.type == "SYSTEM VERSIONED") versioned.push_back(table.name);
    }
    if (versioned.empty()) continue;
    backup.facts.missing.push_back(format("The history of versioned tables of database '{}': {}.",
                                          printable(database.name), shown_names(versioned)));
  }
}

void note_rights(MysqlBackup& backup, MysqlServer& server,
                 const std::vector<MysqlDatabase>& databases) {
  const auto grants = server.query("SHOW GRANTS");
  for (const MysqlDatabase& database : databases) {
    for (std::string& unseen : unseen_objects(grants, database.name, server.version().family)) {
      backup.warnings.push_back("not in the backup: " + unseen);
      backup.facts.missing.push_back(std::move(unseen));
    }
  }
}

void dump_all(MysqlBackup& backup, MysqlServer& server, const std::vector<MysqlDatabase>& before,
              RecipeContext& context) {
  for (const MysqlDatabase& listed : before) {
    with_context(format("dump database '{}'", printable(listed.name)),
                 [&] { backup.databases.push_back(dump_one(server, listed, context)); });
  }
  const std::vector<MysqlDatabase> after = list_databases(server, {}, {});
  for (size_t at = 0; at < before.size(); ++at) {
    with_context(format("dump database '{}'", printable(before[at].name)), [&] {
      const auto found = std::find_if(after.begin(), after.end(),
                                      [&](const auto& one) { return one.name == before[at].name; });
      if (found == after.end()) {
        throw Error(ErrorKind::service, "list its tables again: the database is gone");
      }
      judge_dump(backup.databases[at].summary, lasting_tables(before[at], *found));
    });
  }
}

Finding check_room(const std::vector<MysqlDatabase>& databases, const RecipeContext& context) {
  uint64_t needed = 0;
  for (const MysqlDatabase& database : databases) needed += database.bytes;
  struct statvfs status {};
  if (::statvfs(context.spool_dir.c_str(), &status) != 0) {
    return finding_of(system_error(
        ErrorKind::limit, format("look at the room of '{}'", context.spool_dir.native()), errno));
  }
  const uint64_t free = uint64_t{status.f_bavail} * status.f_frsize;
  const std::string message =
      format("the dumps need about {} in '{}', which has {} free", print_bytes(needed),
             context.spool_dir.native(), print_bytes(free));
  if (needed < free) return {Finding::Level::ok, message, ""};
  return {Finding::Level::error, message, "Free space, or set 'spool_dir' to a larger disk."};
}

}  // namespace

std::string dump_member(std::string_view database) {
  return format("databases/{}.sql", percent_encode(database));
}

void judge_dump(const DumpSummary& summary, const std::vector<std::string>& tables) {
  const auto refuse = [](const std::string& why) {
    return Error(ErrorKind::service, "judge the dump: " + why)
        .hint("Run the dump by hand and look at its beginning, its end and the server's log.");
  };
  if (summary.bytes == 0) throw refuse("it is empty");
  if (summary.head.empty()) {
    throw refuse("it does not begin as mariadb-dump and mysqldump begin theirs");
  }
  if (!summary.is_complete) throw refuse("it does not end with '-- Dump completed'");
  std::vector<std::string> missing;
  for (const std::string& table : tables) {
    if (!summary.rows.contains(table)) missing.push_back(table);
  }
  if (!missing.empty()) {
    throw refuse(format("it lacks {} of {}: {}", missing.size(),
                        print_count(tables.size(), "table", "tables"), shown_names(missing)));
  }
}

MysqlBackup back_up_mysql(MysqlServer& server, const Service& service,
                          const std::vector<std::string>& databases, RecipeContext& context) {
  const std::vector<MysqlDatabase> listed =
      list_databases(server, databases, service.settings.list("exclude_tables"));
  MysqlBackup backup;
  note_versions(backup, server);
  note_listing(backup, listed);
  note_rights(backup, server, listed);
  dump_all(backup, server, listed, context);
  backup.facts.details["databases"] = database_details(backup.databases);
  add_members(backup, context.clock.now());
  if (service.settings.flag("grants", true)) {
    const GrantsText grants = read_grants(server);
    backup.facts.details["accounts"] = grants.accounts;
    backup.bytes += grants.text.size();
    backup.members.push_back(text_member("grants.sql", grants.text, context.clock.now()));
  } else {
    backup.facts.missing.push_back("Accounts and their rights: 'grants' is false.");
  }
  return backup;
}

MysqlBackup back_up_mysql(const Service& service, const std::vector<std::string>& databases,
                          RecipeContext& context) {
  std::optional<DockerDetails> container;
  const auto server = MysqlServer::connect(service, context, MysqlRights::backup, container);
  MysqlBackup backup = back_up_mysql(*server, service, databases, context);
  if (container) backup.facts.details["container"] = container_details(*container);
  return backup;
}

std::vector<Finding> check_mysql(const Service& service, const std::vector<std::string>& databases,
                                 RecipeContext& context) {
  std::vector<Finding> findings;
  try {
    std::optional<DockerDetails> container;
    const auto server = MysqlServer::connect(service, context, MysqlRights::backup, container);
    findings.push_back({Finding::Level::ok,
                        format("{} answers to {}", server->version().text, server->client_text()),
                        ""});
    const std::vector<MysqlDatabase> listed =
        list_databases(*server, databases, service.settings.list("exclude_tables"));
    MysqlBackup notes;
    note_versions(notes, *server);
    note_listing(notes, listed);
    note_rights(notes, *server, listed);
    for (const std::string& warning : notes.warnings) {
      findings.push_back({Finding::Level::warning, warning, ""});
    }
    findings.push_back(check_room(listed, context));
    if (service.settings.flag("grants", true)) read_grants(*server);
  } catch (const Error& error) {
    findings.push_back(finding_of(error));
  }
  return findings;
}

}  // namespace lifeboat
