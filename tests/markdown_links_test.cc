// Holds that what the pages point to exists: files, folders and headings behind relative links, and
// the tests that a page names as "(test: `name`)". Addresses on the web are not asked.

#include <gtest/gtest.h>

#include <cctype>
#include <map>
#include <regex>
#include <set>

#include "tree_text.h"

namespace lifeboat::test {
namespace {

namespace fs = std::filesystem;

std::vector<TreeFile> all_pages() {
  std::vector<TreeFile> pages;
  for (const char* folder : {"docs", "deploy", "tests", "bench", "demo"}) {
    for (TreeFile& file : tree_files(folder)) {
      if (file.path.ends_with(".md")) pages.push_back(std::move(file));
    }
  }
  for (const auto& entry : fs::directory_iterator(LIFEBOAT_SOURCE_DIR)) {
    if (entry.path().extension() != ".md") continue;
    pages.push_back({entry.path().filename().native(), slurp(entry.path())});
  }
  return pages;
}

// The lines outside of fenced blocks, where "#" begins a heading and brackets are links.
std::vector<std::string> prose_lines(const std::string& text) {
  std::vector<std::string> prose;
  bool fenced = false;
  for (const std::string& line : lines_of(text)) {
    if (line.find("```") < line.size() && line.find_first_not_of(' ') == line.find("```")) {
      fenced = !fenced;
    } else if (!fenced) {
      prose.push_back(line);
    }
  }
  return prose;
}

// What GitHub makes of a heading: small letters, spaces as hyphens, no other punctuation.
std::string anchor_of(const std::string& heading) {
  std::string anchor;
  for (const char c : heading) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '_' || c == '-' || byte >= 0x80) {
      anchor += static_cast<char>(std::tolower(byte));
    } else if (c == ' ') {
      anchor += '-';
    }
  }
  return anchor;
}

std::set<std::string> anchors_of(const std::string& text) {
  std::map<std::string, int> seen;
  std::set<std::string> anchors;
  for (const std::string& line : prose_lines(text)) {
    const size_t level = line.find_first_not_of('#');
    if (level == 0 || level == std::string::npos || line[level] != ' ') continue;
    const std::string anchor = anchor_of(line.substr(level + 1));
    const int before = seen[anchor]++;
    anchors.insert(before == 0 ? anchor : anchor + "-" + std::to_string(before));
  }
  return anchors;
}

// `link` as it stands in `page`; what is wrong with it, or nothing.
std::string link_fault(const TreeFile& page, const std::string& link) {
  if (std::regex_search(link, std::regex("^[a-z]+:"))) return "";
  const size_t hash = link.find('#');
  const fs::path root = LIFEBOAT_SOURCE_DIR;
  const std::string file = link.substr(0, hash);
  const fs::path target =
      file.empty() ? root / page.path : root / fs::path(page.path).parent_path() / file;
  if (!file.empty() && !fs::exists(target)) return page.path + ": no such file: " + link;
  if (hash == std::string::npos) return "";
  const std::string text = file.empty() ? page.text : slurp(target);
  if (anchors_of(text).contains(link.substr(hash + 1))) return "";
  return page.path + ": no such heading: " + link;
}

std::vector<std::string> matches(const std::string& text, const char* pattern) {
  const std::regex expression(pattern);
  std::vector<std::string> found;
  for (std::sregex_iterator it(text.begin(), text.end(), expression), end; it != end; ++it) {
    found.push_back((*it)[1]);
  }
  return found;
}

// Without code spans, whose brackets are no links; joined, since a link may be broken at its text.
std::string prose_without_code(const TreeFile& page) {
  std::string prose;
  for (const std::string& line : prose_lines(page.text)) prose += line + "\n";
  return std::regex_replace(prose, std::regex("`[^`]*`"), "");
}

std::vector<std::string> links_of(const TreeFile& page) {
  return matches(prose_without_code(page), "\\]\\(([^)\\s]+)\\)");
}

std::vector<std::string> link_faults(const TreeFile& page) {
  std::vector<std::string> faults;
  for (const std::string& link : links_of(page)) {
    if (std::string fault = link_fault(page, link); !fault.empty()) faults.push_back(fault);
  }
  return faults;
}

// The pages that `start` leads to, by links, over as many pages as it takes; the list of changes,
// which names them all, is none of the ways.
std::set<std::string> reached_from(const std::string& start) {
  std::map<std::string, TreeFile> pages;
  for (TreeFile& page : all_pages()) pages[page.path] = page;
  pages.erase("CHANGELOG.md");
  std::set<std::string> reached;
  for (std::vector<std::string> open{start}; !open.empty();) {
    const std::string path = open.back();
    open.pop_back();
    if (!pages.contains(path) || !reached.insert(path).second) continue;
    const fs::path folder = fs::path(path).parent_path();
    for (const std::string& link : links_of(pages.at(path))) {
      open.push_back((folder / link.substr(0, link.find('#'))).lexically_normal().native());
    }
  }
  return reached;
}

std::vector<std::string> tests_named_in(const std::string& text) {
  std::vector<std::string> names;
  for (const std::string& list : matches(text, "\\(tests?: ([^)]*)\\)")) {
    for (const std::string& name : matches(list, "`([^`]*)`")) names.push_back(name);
  }
  return names;
}

// GoogleTest's cases as Suite.Case and ctest's scripts by their own names, as far as the text
// tells.
std::set<std::string> known_tests() {
  std::set<std::string> known;
  for (const char* folder : {"src", "tests"}) {
    for (const TreeFile& file : tree_files(folder)) {
      if (!file.path.ends_with("_test.cc")) continue;
      const std::regex macro("TEST(_F|_P)?\\(\\s*(\\w+),\\s*(\\w+)\\s*\\)");
      for (std::sregex_iterator it(file.text.begin(), file.text.end(), macro), end; it != end;
           ++it) {
        known.insert((*it)[2].str() + "." + (*it)[3].str());
      }
    }
  }
  for (const TreeFile& file : tree_files("tests/script")) {
    known.insert("script_" + fs::path(file.path).stem().native());
  }
  const std::string list = slurp(fs::path(LIFEBOAT_SOURCE_DIR) / "tests/CMakeLists.txt");
  for (const std::string& name : matches(list, "lifeboat_script\\((\\w+) ")) known.insert(name);
  const std::string counting =
      slurp(fs::path(LIFEBOAT_SOURCE_DIR) / "tests/reliability/CMakeLists.txt");
  for (const std::string& name : matches(counting, "lifeboat_reliability\\((\\w+) ")) {
    known.insert("reliability_" + name);
  }
  return known;
}

TEST(MarkdownLinks, EveryOneLeadsSomewhere) {
  const std::vector<TreeFile> pages = all_pages();
  ASSERT_GT(pages.size(), 20u);
  size_t links = 0;
  for (const TreeFile& page : pages) {
    links += links_of(page).size();
    for (const std::string& fault : link_faults(page)) ADD_FAILURE() << fault;
  }
  EXPECT_GT(links, 50u);
}

TEST(MarkdownLinks, FaultsAreFound) {
  const std::string text =
      "# A `b`, c\n# A `b`, c\n[x](#a-b-c-1) [y](#a-b-d) [z](nowhere.md)\n```\n# d\n```\n[d](#d)\n";
  EXPECT_EQ(link_faults({"docs/a.md", text}),
            (std::vector<std::string>{"docs/a.md: no such heading: #a-b-d",
                                      "docs/a.md: no such file: nowhere.md",
                                      "docs/a.md: no such heading: #d"}));
}

TEST(MarkdownLinks, TheReadmeLeadsToEveryPage) {
  const std::set<std::string> reached = reached_from("README.md");
  for (const TreeFile& page : tree_files("docs")) {
    if (!page.path.ends_with(".md")) continue;
    EXPECT_TRUE(reached.contains(page.path)) << page.path << ": no page links to it";
  }
}

TEST(TestsNamedByPages, Exist) {
  const std::set<std::string> known = known_tests();
  EXPECT_FALSE(known.contains("Nothing.OfThisName"));
  EXPECT_TRUE(known.contains("TestsNamedByPages.Exist"));
  for (const TreeFile& page : all_pages()) {
    for (const std::string& name : tests_named_in(page.text)) {
      EXPECT_TRUE(known.contains(name)) << page.path << " names the test " << name;
    }
  }
  EXPECT_EQ(tests_named_in("x (tests: `A.B`,\n`c`) `d`"), (std::vector<std::string>{"A.B", "c"}));
}

}  // namespace
}  // namespace lifeboat::test
