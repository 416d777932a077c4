#include "recipe/mysql/sql_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/doubles.h"

namespace lifeboat {
namespace {

using test::error_text;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(SqlText, QuotesNamesAndValues) {
  EXPECT_EQ(quote_name("app"), "`app`");
  EXPECT_EQ(quote_name("a`; DROP"), "`a``; DROP`");
  EXPECT_EQ(quote_text("O'Neil"), "'O''Neil'");
  EXPECT_THAT(error_text([] { quote_text("a\\'"); }), HasSubstr("backslash"));
}

TEST(SqlText, ReadsBatchOutput) {
  EXPECT_THAT(parse_batch(""), ElementsAre());
  EXPECT_THAT(parse_batch("a\tb\n\\n\\t\\\\\t\n"),
              ElementsAre(ElementsAre("a", "b"), ElementsAre("\n\t\\", "")));
  EXPECT_THAT(parse_batch("\n"), ElementsAre(ElementsAre(""))) << "one empty value";
}

TEST(SqlText, SplitsRowsIntoValues) {
  EXPECT_THAT(*split_row("(1,'a,b)',NULL)"), ElementsAre("1", "'a,b)'", "NULL"));
  EXPECT_THAT(*split_row("('it''s','a\\'b,c','\\\\')"),
              ElementsAre("'it''s'", "'a\\'b,c'", "'\\\\'"));
  EXPECT_FALSE(split_row("1,2"));
  EXPECT_FALSE(split_row("('open)"));
  EXPECT_EQ(unquote_value("'it''s \\'x\\'\\n'"), "it's 'x'\n");
  EXPECT_EQ(unquote_value("0x4142"), "AB");
  EXPECT_EQ(unquote_value("_binary 'a'"), "a");
  EXPECT_EQ(unquote_value("NULL"), "NULL");
  EXPECT_EQ(unquote_value("-1.5"), "-1.5");
  EXPECT_EQ(unquote_value("0xZZ"), "0xZZ");
}

TEST(SqlText, NamesTheColumnsOfATable) {
  EXPECT_THAT(columns_of("CREATE TABLE `t` (\n  `id` int(11),\n  `a``b` text,\n"
                         "  PRIMARY KEY (`id`)\n) ENGINE=InnoDB"),
              ElementsAre("id", "a`b"));
}

TEST(SqlText, ReadsVersionsOfServersAndPrograms) {
  const auto server = [](const char* text) { return parse_server_version(text)->text; };
  EXPECT_EQ(server("10.11.19-MariaDB-0+deb12u1"), "MariaDB 10.11.19");
  EXPECT_EQ(server("5.5.5-10.3.39-MariaDB"), "MariaDB 10.3.39");
  EXPECT_EQ(server("8.4.2"), "MySQL 8.4.2");
  EXPECT_EQ(server("5.7.44-log"), "MySQL 5.7.44");
  EXPECT_FALSE(parse_server_version("none"));
  const auto program = [](const char* text) { return parse_program_version(text)->text; };
  EXPECT_EQ(program("mysqldump  Ver 10.19 Distrib 10.11.19-MariaDB, for debian-linux-gnu (x86_64)"),
            "MariaDB 10.11.19");
  EXPECT_EQ(program("mariadb-dump from 11.4.2-MariaDB, client 10.19 for Linux (x86_64)"),
            "MariaDB 11.4.2");
  EXPECT_EQ(program("mysqldump  Ver 8.0.36 for Linux on x86_64 (MySQL Community Server - GPL)"),
            "MySQL 8.0.36");
  EXPECT_EQ(program("mysqldump  Ver 10.13 Distrib 5.7.44, for Linux (x86_64)"), "MySQL 5.7.44");
  EXPECT_EQ(program("mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu"),
            "MariaDB 10.11.19");
  EXPECT_FALSE(parse_program_version("usage: x"));
}

}  // namespace
}  // namespace lifeboat
