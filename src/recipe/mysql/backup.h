// The databases of a server, dumped one after another.
//
// All of them are dumped by the time a plan exists, each into a ScratchFile: the counts in the
// facts, which come before any dump in the archive, are then those of the dumps themselves, and a
// dump that breaks off keeps the service out of the archive altogether. The price is free space in
// the spool folder for the dumps as they are, not compressed. Rejected: COUNT(*) beside the dump,
// which is another moment.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "recipe/mysql/dump_summary.h"
#include "recipe/mysql/server.h"
#include "recipe/recipe.h"
#include "recipe/scratch_file.h"

namespace lifeboat {

struct DumpedDatabase {
  std::string name;
  std::string charset;
  std::string collation;
  DumpSummary summary;
  std::shared_ptr<ScratchFile> content;
};

struct MysqlBackup {
  std::vector<DumpedDatabase> databases;
  Facts facts;  // details, consistency, missing; the items are for the recipe to add
  std::vector<std::string> warnings;
  std::deque<Member> members;
  uint64_t bytes = 0;
};

// `databases` as configured; empty: all but the server's own. Throws Error(service), or
// Error(limit) if the spool folder is full.
MysqlBackup back_up_mysql(const Service& service, const std::vector<std::string>& databases,
                          RecipeContext& context);

// The same of a server that is spoken to already.
MysqlBackup back_up_mysql(MysqlServer& server, const Service& service,
                          const std::vector<std::string>& databases, RecipeContext& context);

// One finding a question: programs, login, databases, rights, tables that a snapshot does not
// cover, room for the dumps.
std::vector<Finding> check_mysql(const Service& service, const std::vector<std::string>& databases,
                                 RecipeContext& context);

// "databases/app.sql"
std::string dump_member(std::string_view database);

// Refuses what is no whole dump, or lacks one of `tables`.
void judge_dump(const DumpSummary& summary, const std::vector<std::string>& tables);

}  // namespace lifeboat
