// Databases among the files of a folder: files read one after another do not agree with each other,
// so a raw copy of a live database may not open again.
//
// SQLite's can be snapshotted through its own locks. The others are named, with the recipe that
// does it right; they are known by names that their servers always make:
//
//   ibdata1                                MySQL, MariaDB
//   PG_VERSION beside base/                PostgreSQL
//   WiredTiger                             MongoDB
//   CURRENT beside MANIFEST-000001         LevelDB, RocksDB
//
// Redis is none of them: it writes its snapshots beside and renames them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "recipe/recipe.h"
#include "recipe/volume/tree.h"
#include "recipe/volume/walk.h"

namespace lifeboat {

// The databases of servers among the entries of a walk.
class ServerDatabases {
 public:
  // `prefix` is what comes before the entry's path for people: "" or "etc/".
  void look(const TreeEntry& entry, const std::string& prefix = "");
  // One sentence for each folder with a database.
  std::vector<std::string> warnings() const;

 private:
  std::map<std::string, unsigned> marks_;  // by folder
};

// Hands out SQLite files as snapshots. One that cannot be had (a browser holds its databases
// exclusively) is copied as it lies there and named in `notes`.
SqliteHook sqlite_snapshots(RecipeContext& context, std::shared_ptr<Notes> notes);
// Copies SQLite files as they lie there and names each.
SqliteHook sqlite_named(std::shared_ptr<Notes> notes);

// True for the "-wal", "-shm" or "-journal" of a file beside it: no file of its own to a database's
// reader.
bool is_side_file(const TreeEntry& entry);

}  // namespace lifeboat
