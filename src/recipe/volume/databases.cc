#include "recipe/volume/databases.h"

#include <fcntl.h>

#include <array>
#include <utility>

#include "base/format.h"
#include "base/text.h"
#include "recipe/sqlite/snapshot.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

enum Mark : unsigned {
  mysql_space = 1,
  postgres_version = 2,
  postgres_base = 4,
  wired_tiger = 8,
  level_current = 16,
  level_manifest = 32,
};

unsigned mark_of(const TreeEntry& entry) {
  if (S_ISDIR(entry.status.st_mode)) return entry.name == "base" ? postgres_base : 0U;
  if (!S_ISREG(entry.status.st_mode)) return 0;
  if (entry.name == "ibdata1") return mysql_space;
  if (entry.name == "PG_VERSION") return postgres_version;
  if (entry.name == "WiredTiger") return wired_tiger;
  if (entry.name == "CURRENT") return level_current;
  if (entry.name.starts_with("MANIFEST-")) return level_manifest;
  return 0;
}

struct Kind {
  unsigned marks;  // all of them
  const char* what;
  const char* way;
};
constexpr std::array<Kind, 4> kinds{{
    {mysql_space, "MySQL or MariaDB", "protect it with the recipe 'mysql'"},
    {postgres_version | postgres_base, "PostgreSQL", "protect it with the recipe 'postgres'"},
    {wired_tiger, "MongoDB", "protect it with mongodump and the recipe 'command'"},
    {level_current | level_manifest, "LevelDB or RocksDB",
     "protect it with an export of its own and the recipe 'command'"},
}};

}  // namespace

void ServerDatabases::look(const TreeEntry& entry, const std::string& prefix) {
  const unsigned mark = mark_of(entry);
  if (mark == 0) return;
  const std::string path = prefix + entry.path;
  const size_t slash = path.rfind('/');
  marks_[slash == std::string::npos ? "." : path.substr(0, slash)] |= mark;
}

std::vector<std::string> ServerDatabases::warnings() const {
  std::vector<std::string> all;
  for (const auto& [folder, marks] : marks_) {
    for (const Kind& kind : kinds) {
      if ((marks & kind.marks) != kind.marks) continue;
      all.push_back(
          format("'{}' holds a database of {}, which may not open again from a raw copy of a "
                 "running server's files: {}, or set 'stop: stop'",
                 printable(folder), kind.what, kind.way));
    }
  }
  return all;
}

SqliteHook sqlite_snapshots(RecipeContext& context, std::shared_ptr<Notes> notes) {
  return [&context, notes = std::move(notes)](const fs::path& file,
                                              const FileMeta& meta) -> std::optional<Member> {
    try {
      return snapshot_member(SqliteSnapshot::open(file, context), meta);
    } catch (const Error& error) {
      notes->add(
          format("'{}' is a SQLite database of which no snapshot could be taken; its raw "
                 "copy may be torn: {}",
                 printable(meta.path), error.what()));
      return std::nullopt;
    }
  };
}

SqliteHook sqlite_named(std::shared_ptr<Notes> notes) {
  return [notes = std::move(notes)](const fs::path&, const FileMeta& meta) {
    notes->add(
        format("'{}' is a SQLite database inside a raw copy, which a writer may have torn: take "
               "it as a snapshot with 'sqlite: true', or set 'stop: stop'",
               printable(meta.path)));
    return std::optional<Member>();
  };
}

bool is_side_file(const TreeEntry& entry) {
  for (const std::string_view end : {"-wal", "-shm", "-journal"}) {
    if (!entry.name.ends_with(end)) continue;
    const std::string main = entry.name.substr(0, entry.name.size() - end.size());
    struct stat status {};
    return ::fstatat(entry.parent_fd, main.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(status.st_mode);
  }
  return false;
}

}  // namespace lifeboat
