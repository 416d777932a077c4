#include "recipe/postgres/dump_scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace lifeboat {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view head = "--\n-- PostgreSQL database dump\n--\n\n\\restrict x'y\n\n";
constexpr std::string_view tail =
    "--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict x'y\n\n";

DumpScan scan(const std::string& text, size_t step = 7) {
  DumpScan result({.hash_rows = true});
  for (size_t at = 0; at < text.size(); at += step) {
    result.feed(as_bytes(std::string_view(text).substr(at, step)));
  }
  return result;
}

std::string dump(std::string_view body) {
  return std::string(head) + std::string(body) + std::string(tail);
}

TEST(DumpScan, CountsRowsHoweverTheBytesCome) {
  const std::string text = dump(
      "COPY public.a (x) FROM stdin;\n1\n\\\\.\n\n\\.\n\n"
      "COPY \"s.p\".\"b\"\"c\"  FROM stdin;\n\\.\n");
  for (size_t step = 1; step < 40; ++step) {
    const DumpScan result = scan(text, step);
    EXPECT_EQ(result.fault(), "");
    ASSERT_EQ(result.tables().size(), 2U);
    EXPECT_EQ(result.first_row_end(), text.find("\n1\n") + 2);
    EXPECT_EQ(result.tables().at({"public", "a"}).rows, 3U);
    EXPECT_EQ(result.tables().at({"s.p", "b\"c"}).rows, 0U);
  }
}

TEST(DumpScan, TextThatLooksLikeACopyIsNone) {
  for (const std::string body :
       {"CREATE FUNCTION f() AS $a$\n$b$ '\nCOPY s.t (x) FROM stdin;\n$a$;\n",
        "COMMENT ON x IS 'it''s\nCOPY s.t (x) FROM stdin;\n';\n",
        "SELECT E'\\'\nCOPY s.t (x) FROM stdin;\n';\n", "/* /* */\nCOPY s.t (x) FROM stdin;\n*/\n",
        "CREATE VIEW \"a'b\" AS SELECT 1; -- it's\n", "SELECT a$b$c, $1 FROM \"x\ny\";\n"}) {
    const DumpScan result = scan(dump(body));
    EXPECT_EQ(result.fault(), "") << body;
    EXPECT_THAT(result.tables(), IsEmpty()) << body;
  }
}

TEST(DumpScan, CommandsOfPsqlAreRefused) {
  for (const char* body : {"\\! id\n", "SELECT 1 \\! id\n", "SELECT 1; \\i /etc/passwd\n",
                           "\\connect other\n", "SELECT 'a' \\gexec\n"}) {
    EXPECT_THAT(scan(dump(body)).fault(), HasSubstr("a command for psql")) << body;
  }
  EXPECT_EQ(scan(dump("SELECT '\\! id', E'\\\\', $$\\!$$; -- \\!\n")).fault(), "");
}

TEST(DumpScan, EveryShorterDumpIsRefused) {
  const std::string text = dump("COPY public.a (x) FROM stdin;\n1\n\\.\n");
  const size_t end = text.find("dump complete") + std::string_view("dump complete").size();
  for (size_t size = 0; size <= end; ++size) {
    EXPECT_NE(scan(text.substr(0, size)).fault(), "") << size;
  }
}

TEST(DumpScan, AnEndMarkerThatIsNotTheEndIsNone) {
  EXPECT_THAT(scan(dump("") + "SELECT 1;\n").fault(), HasSubstr("does not end"));
  EXPECT_THAT(scan(std::string(head) + "SELECT '\n" + std::string(tail)).fault(),
              HasSubstr("does not end"));
  EXPECT_THAT(scan(std::string(head) + "COPY a.b (c) FROM stdin;\n" + std::string(tail)).fault(),
              HasSubstr("within the rows"));
  EXPECT_THAT(scan("SELECT 1;\n" + std::string(tail)).fault(), HasSubstr("does not begin"));
}

TEST(DumpScan, HashesTellContentButNotOrder) {
  const auto hash_of = [](std::string_view rows) {
    const DumpScan result = scan(dump("COPY a.b (c) FROM stdin;\n" + std::string(rows) + "\\.\n"));
    return result.tables().begin()->second.hash_sum;
  };
  EXPECT_EQ(hash_of("1\n2\n"), hash_of("2\n1\n"));
  EXPECT_NE(hash_of("1\n2\n"), hash_of("1\n3\n"));
  EXPECT_NE(hash_of("12\n"), hash_of("1\n2\n"));
}

TEST(SqlText, PatternsMeanTheSameToPgDumpAndTheServer) {
  const TablePattern pattern = parse_table_pattern("Audit.log_*$?");
  EXPECT_EQ(pattern.dump_form, "\"Audit\".\"log_\"*\"$\"?");
  EXPECT_EQ(pattern.regex, "^Audit\\.log_.*\\$.$");
  for (const char* wrong : {"", "users", ".users", "public.", "a.b.c"}) {
    EXPECT_THROW(parse_table_pattern(wrong), Error) << wrong;
  }
}

}  // namespace
}  // namespace lifeboat
