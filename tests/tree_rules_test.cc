// Holds the rules about the text of the tree: length of files and lines, calls that are banned, and
// words that belong to one person's machine and not into a project.

#include <gtest/gtest.h>

#include <cctype>

#include "tree_text.h"

namespace lifeboat::test {
namespace {

constexpr size_t file_lines_max = 500;
constexpr size_t line_columns_max = 100;

// Columns, counting a UTF-8 sequence as one.
size_t columns(const std::string& line) {
  return static_cast<size_t>(std::count_if(line.begin(), line.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  }));
}

// True if `code` has `call` where no longer name ends: "system(" but not "file_system(".
bool calls(const std::string& code, const std::string& call) {
  for (size_t at = code.find(call); at != std::string::npos; at = code.find(call, at + 1)) {
    const bool inside_name =
        at > 0 && call[0] != '.' &&
        (std::isalnum(static_cast<unsigned char>(code[at - 1])) != 0 || code[at - 1] == '_');
    if (!inside_name) return true;
  }
  return false;
}

// Tests may use remove_all, on what they made themselves.
std::vector<std::string> banned_calls(const TreeFile& file) {
  std::vector<std::string> banned{"system(", "popen(", ".detach()"};
  if (!file.path.starts_with("src/cli/")) banned.push_back("std::cout");
  if (!file.path.ends_with("_test.cc")) banned.push_back("remove_all(");
  std::vector<std::string> faults;
  for (const std::string& line : lines_of(file.text)) {
    const std::string code = line.substr(0, line.find("//"));
    for (const std::string& call : banned) {
      if (calls(code, call)) faults.push_back(file.path + ": banned: " + call);
    }
  }
  return faults;
}

// Paths of a workplace, and hosts that a build must not depend on. Put together from halves, so
// that this file does not contain them.
std::vector<std::string> foreign_words(const TreeFile& file) {
  std::vector<std::string> faults;
  for (const std::string& word :
       {std::string("/wo") + "rk/", std::string(".lib") + "rary",
        std::string("registry.np") + "mjs", std::string("npm.") + "pkg"}) {
    if (file.text.find(word) != std::string::npos) faults.push_back(file.path + " names " + word);
  }
  return faults;
}

std::vector<std::string> length_faults(const TreeFile& file) {
  const std::vector<std::string> lines = lines_of(file.text);
  std::vector<std::string> faults;
  if (lines.size() > file_lines_max) {
    faults.push_back(file.path + ": " + std::to_string(lines.size()) + " lines");
  }
  if (!is_cxx(file.path)) return faults;
  for (size_t i = 0; i < lines.size(); ++i) {
    const bool is_address = lines[i].find("// http") != std::string::npos;  // cannot be broken
    if (columns(lines[i]) > line_columns_max && !is_address) {
      faults.push_back(file.path + ":" + std::to_string(i + 1) + ": over 100 columns");
    }
  }
  return faults;
}

// Each block of a page is fenced and says what it holds, since its tag decides whether a test runs
// it (tests/docs/README.md); other names of a shell, and blocks that are indented only, would go by
// unrun.
std::vector<std::string> fence_faults(const TreeFile& file) {
  std::vector<std::string> faults;
  if (!file.path.ends_with(".md")) return faults;
  const std::vector<std::string> lines = lines_of(file.text);
  bool inside = false;
  std::string above;  // the last line with text
  for (size_t i = 0; i < lines.size(); ++i) {
    const size_t at = lines[i].find_first_not_of(' ');
    if (at == std::string::npos) continue;
    const bool in_list = std::string("-*0123456789 ").find(above[0]) != std::string::npos;
    if (!inside && at >= 4 && i > 0 && lines[i - 1].empty() && !in_list) {
      faults.push_back(file.path + ":" + std::to_string(i + 1) + ": a block without a fence");
    }
    above = lines[i];
    if (!lines[i].substr(at).starts_with("```")) continue;
    const std::string tag = lines[i].substr(at + 3);
    inside = !inside;
    if (!inside) continue;
    const bool other_shell = tag == "bash" || tag == "shell" || tag == "zsh" || tag == "terminal";
    if (tag.empty() || other_shell) {
      faults.push_back(file.path + ":" + std::to_string(i + 1) + ": " +
                       (tag.empty() ? "a block without a tag" : "tag it sh or console"));
    }
  }
  if (inside) faults.push_back(file.path + ": a block without an end");
  return faults;
}

// Everything that is written by hand: the folders below and the files of the root.
std::vector<TreeFile> whole_tree() {
  std::vector<TreeFile> all;
  for (const char* folder : {"src", "tests", "docs", "bench", "deploy", "demo", "cmake", ".ci"}) {
    for (TreeFile& file : tree_files(folder)) all.push_back(std::move(file));
  }
  for (const auto& entry : std::filesystem::directory_iterator(LIFEBOAT_SOURCE_DIR)) {
    if (entry.is_regular_file() && entry.path().filename() != ".git") {
      all.push_back({entry.path().filename().native(), slurp(entry.path())});
    }
  }
  return all;
}

TEST(TreeRules, EveryFileKeepsThem) {
  const std::vector<TreeFile> files = whole_tree();
  ASSERT_GT(files.size(), 100u);
  for (const TreeFile& file : files) {
    if (file.text.find('\0') != std::string::npos) continue;  // binary test data
    for (const std::string& fault : length_faults(file)) ADD_FAILURE() << fault;
    for (const std::string& fault : foreign_words(file)) ADD_FAILURE() << fault;
    for (const std::string& fault : fence_faults(file)) ADD_FAILURE() << fault;
    if (!is_cxx(file.path) || !file.path.starts_with("src/")) continue;
    for (const std::string& fault : banned_calls(file)) ADD_FAILURE() << fault;
  }
}

TEST(TreeRules, ViolationsAreFound) {
  const std::string long_line(101, 'x');
  std::string long_file;
  for (int i = 0; i < 501; ++i) long_file += "x\n";
  EXPECT_EQ(length_faults({"src/io/a.cc", long_line}).size(), 1u);
  EXPECT_EQ(length_faults({"src/io/a.cc", long_line.substr(1) + "\n"}).size(), 0u);
  EXPECT_EQ(length_faults({"docs/a.md", long_file}).size(), 1u);
  EXPECT_EQ(length_faults({"docs/a.md", long_file.substr(2)}).size(), 0u);
  EXPECT_EQ(banned_calls({"src/io/a.cc", "  std::system(\"ls\");"}).size(), 1u);
  EXPECT_EQ(banned_calls({"src/io/a.cc", "  file_system(x);  // system(x)"}).size(), 0u);
  EXPECT_EQ(banned_calls({"src/io/a.cc", "auto f = popen(x); t.detach();"}).size(), 2u);
  EXPECT_EQ(banned_calls({"src/io/a.cc", "std::filesystem::remove_all(x);"}).size(), 1u);
  EXPECT_EQ(banned_calls({"src/io/a.cc", "std::cout << 1;"}).size(), 1u);
  EXPECT_EQ(banned_calls({"src/io/a_test.cc", "std::filesystem::remove_all(x);"}).size(), 0u);
  EXPECT_EQ(banned_calls({"src/cli/a.cc", "std::cout << 1;"}).size(), 0u);
  EXPECT_EQ(fence_faults({"docs/a.md", "```\nls\n```\n"}).size(), 1u);
  EXPECT_EQ(fence_faults({"docs/a.md", "1. x\n   ```bash\n   ls\n   ```\n"}).size(), 1u);
  EXPECT_EQ(fence_faults({"docs/a.md", "```sh\nls\n```\n```sh\n"}).size(), 1u);
  EXPECT_EQ(fence_faults({"docs/a.md", "x\n\n    ls\n"}).size(), 1u);
  EXPECT_EQ(fence_faults({"docs/a.md", "- x\n\n    more\n"}).size(), 0u);
  EXPECT_EQ(fence_faults({"docs/a.md", "```sh\nls\n```\n```text\nls\n```\n"}).size(), 0u);
  EXPECT_EQ(foreign_words({"docs/a.md", std::string("see /wo") + "rk/x"}).size(), 1u);
}

}  // namespace
}  // namespace lifeboat::test
