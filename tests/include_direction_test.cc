// Holds the direction of the rooms: the table below is the architecture, and every #include line
// under src/ keeps to it. A room may use what it can reach through the table, so "never" is what
// cannot be reached (recipe: never store or codec).
//
// Lines are read as text rather than by a compiler's dependency files: those hide who included
// what.

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tree_text.h"

namespace lifeboat::test {
namespace {

using Rooms = std::map<std::string, std::set<std::string>>;

const Rooms& direct_uses() {
  static const Rooms table{
      {"cli", {"config", "engine", "observe", "scheduler"}},
      {"scheduler", {"config", "process", "io"}},
      {"engine", {"recipe", "snapshot", "store", "codec", "observe", "crypto"}},
      {"recipe", {"docker", "process", "http", "io", "crypto"}},
      {"snapshot", {"store", "codec", "crypto"}},
      {"observe", {"http", "io"}},
      {"store", {"http", "io", "crypto"}},
      {"docker", {"http"}},
      {"process", {"io"}},
      {"http", {"io"}},
      {"codec", {"io", "crypto"}},
      {"io", {"crypto", "base"}},
      {"crypto", {"base"}},
      {"config", {"crypto", "base"}},
      {"base", {}},
  };
  return table;
}

// The room that alone may include a third-party family, by the beginning of the header's name.
const std::map<std::string, std::string>& owners_of_headers() {
  static const std::map<std::string, std::string> table{
      {"fmt/", "base"},    {"spdlog/", "base"},   {"nlohmann/", "base"}, {"openssl/", "crypto"},
      {"zstd", "codec"},   {"sqlite3", "recipe"}, {"curl/", "http"},     {"yaml-cpp/", "config"},
      {"CLI/", "cli"},     {"pugixml", "store"},  {"zlib", "codec"},     {"microhttpd", "http"},
      {"qrencode", "cli"},
  };
  return table;
}

void add_reachable(const std::string& room, std::set<std::string>& reached) {
  if (!reached.insert(room).second) return;
  for (const std::string& used : direct_uses().at(room)) add_reachable(used, reached);
}

// "src/store/dir_store.cc" -> "store"
std::string room_of(const std::string& path) {
  const size_t begin = path.find('/') + 1;
  return path.substr(begin, path.find('/', begin) - begin);
}

// What `line` includes between `open` and `close`, or "".
std::string included(const std::string& line, char open, char close) {
  if (!line.starts_with("#include ") || line.size() < 11 || line[9] != open) return "";
  return line.substr(10, line.find(close, 10) - 10);
}

// Compiled into test binaries only: "tap_test.cc", "engine_test_kit.h", "testkit.cc" ...
bool is_test_code(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  return name.find("test") != std::string::npos || name.starts_with("conformance.") ||
         name.starts_with("vector_maker.");
}

// One sentence for each #include line of `file` that breaks a rule.
std::vector<std::string> include_faults(const TreeFile& file) {
  std::vector<std::string> faults;
  const std::string room = room_of(file.path);
  if (!direct_uses().contains(room)) return {file.path + ": room '" + room + "' is in no table"};
  std::set<std::string> allowed;
  add_reachable(room, allowed);
  if (is_test_code(file.path)) allowed.insert({"support", "reliability"});
  for (const std::string& line : lines_of(file.text)) {
    const std::string own = included(line, '"', '"');
    if (!own.empty() && !allowed.contains(own.substr(0, own.find('/')))) {
      faults.push_back(file.path + ": room '" + room + "' may not use " + own);
    }
    const std::string foreign = included(line, '<', '>');
    for (const auto& [family, owner] : owners_of_headers()) {
      if (foreign.starts_with(family) && room != owner) {
        faults.push_back(file.path + ": <" + foreign + "> belongs to room '" + owner + "' alone");
      }
    }
  }
  return faults;
}

TEST(IncludeDirection, EverySourceKeepsToTheTable) {
  const std::vector<TreeFile> files = tree_files("src");
  ASSERT_GT(files.size(), 50u);
  for (const TreeFile& file : files) {
    if (!is_cxx(file.path)) continue;
    for (const std::string& fault : include_faults(file)) ADD_FAILURE() << fault;
  }
}

TEST(IncludeDirection, TheTableHasNoCycle) {
  for (const auto& [room, uses] : direct_uses()) {
    std::set<std::string> reached;
    for (const std::string& used : uses) add_reachable(used, reached);
    EXPECT_FALSE(reached.contains(room)) << room;
  }
}

TEST(IncludeDirection, ViolationsAreFound) {
  const auto faults = [](const std::string& path, const std::string& text) {
    return include_faults({path, text}).size();
  };
  EXPECT_EQ(faults("src/recipe/n8n/n8n.cc", "#include \"store/store.h\"\n"), 1u);
  EXPECT_EQ(faults("src/recipe/recipe.h", "int x;\n#include \"codec/spool.h\"\n"), 1u);
  EXPECT_EQ(faults("src/base/log.cc", "#include \"io/fd.h\"\n"), 1u);
  EXPECT_EQ(faults("src/config/load.cc", "#include \"recipe/recipe.h\"\n"), 1u);
  EXPECT_EQ(faults("src/io/tap.cc", "#include <openssl/evp.h>\n#include <zstd.h>\n"), 2u);
  EXPECT_EQ(faults("src/cli/list.cc", "#include \"support/shell.h\"\n"), 1u);
  EXPECT_EQ(faults("src/attic/old.cc", ""), 1u);
  EXPECT_EQ(faults("src/engine/backup.cc", "#include \"io/fd.h\"\n#include <map>\n"), 0u);
  EXPECT_EQ(faults("src/io/tap_test.cc", "#include \"support/shell.h\"\n"), 0u);
}

}  // namespace
}  // namespace lifeboat::test
