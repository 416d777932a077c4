// What MySQL's own programs are asked, against a strict stand-in for them: it refuses each flag
// that the real ones refuse.

#include "recipe/mysql/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "base/format.h"
#include "base/text.h"
#include "recipe/mysql/backup.h"
#include "recipe/mysql/grants.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

using test::error_text;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr const char* mysql_dump_text =
    "-- MySQL dump 10.13  Distrib 8.4.2, for Linux (x86_64)\n--\n"
    "/*!50503 SET NAMES utf8mb4 */;\nCREATE TABLE `t` (\n  `id` int NOT NULL\n) ENGINE=InnoDB;\n"
    "INSERT INTO `t` VALUES (1),(2);\n-- Dump completed\n";

// The programs of a server, as far as backups use them.
struct FakePrograms {
  std::string dump_version = "mysqldump  Ver 8.4.2 for Linux on x86_64 (MySQL Community Server)";
  std::string server_version = "8.4.2";
  std::string dump_options =
      "--set-gtid-purged[=name] --column-statistics --single-transaction --quick";
  std::string dump_text = mysql_dump_text;
  std::string dump_failure;  // stderr of a dump that fails
  std::string own_grants = "GRANT SELECT, TRIGGER ON *.* TO `app`@`%`\n";
  bool has_mariadb_names = false;
  std::vector<std::vector<std::string>> calls;
  std::string asked;  // all SQL
};

class FailingSource final : public Source {
 public:
  FailingSource(std::string text, std::string failure)
      : text_(std::move(text)), failure_(std::move(failure)) {}
  size_t read(ByteSpan target) override {
    if (!text_.empty()) {
      const size_t count = std::min(text_.size(), target.size());
      std::copy_n(as_bytes(text_).begin(), count, target.begin());
      text_.erase(0, count);
      return count;
    }
    if (!failure_.empty()) throw Error(ErrorKind::service, failure_);
    return 0;
  }

 private:
  std::string text_;
  std::string failure_;
};

class FakeAccess final : public ProgramAccess {
 public:
  explicit FakeAccess(FakePrograms& fake) : fake_(fake) {}

  std::unique_ptr<Source> run(std::vector<std::string> argv, ProgramInput input,
                              std::chrono::seconds) override {
    fake_.calls.push_back(argv);
    const bool is_dump = argv.front() == dump_name();
    if (argv.size() > 1 && argv[1] == "--help") {
      return std::make_unique<MemorySource>(is_dump ? fake_.dump_options : "--batch --sandbox");
    }
    if (is_dump) {
      refuse_unknown(argv);
      return std::make_unique<FailingSource>(fake_.dump_text, fake_.dump_failure);
    }
    return std::make_unique<MemorySource>(answer(std::string(input.text->reveal())));
  }
  std::optional<std::string> version_of(const std::string& program) override {
    if (program != dump_name()) return std::nullopt;
    return fake_.dump_version;
  }
  std::string place() const override { return "in container 'db'"; }

 private:
  std::string dump_name() const { return fake_.has_mariadb_names ? "mariadb-dump" : "mysqldump"; }
  void refuse_unknown(const std::vector<std::string>& argv) const {
    for (const std::string& word : argv) {
      for (const char* flag : {"--set-gtid-purged", "--column-statistics"}) {
        if (word.starts_with(flag) && fake_.dump_options.find(flag) == std::string::npos) {
          throw Error(ErrorKind::service, format("unknown option '{}'", word));
        }
      }
    }
  }
  std::string answer(const std::string& sql) {
    fake_.asked += sql;
    if (sql.find("version()") != std::string::npos) return fake_.server_version + "\n";
    if (sql.find("schemata") != std::string::npos) return "app\tutf8mb4\tutf8mb4_0900_ai_ci\n";
    if (sql.find("information_schema.tables") != std::string::npos) {
      return "app\tt\tBASE TABLE\tInnoDB\t16384\n";
    }
    if (sql.find("FROM mysql.user") != std::string::npos) {
      return "app\t%\tN\nmysql.sys\tlocalhost\tN\nroot\t%\tN\n";
    }
    if (sql.find("SHOW CREATE USER") != std::string::npos) {
      return "CREATE USER `app`@`%` IDENTIFIED WITH 'caching_sha2_password' AS 0x2441\n";
    }
    if (sql.find("SHOW GRANTS FOR") != std::string::npos)
      return "GRANT USAGE ON *.* TO `app`@`%`\n";
    if (sql == "SHOW GRANTS") return fake_.own_grants;
    throw Error(ErrorKind::service, "unknown SQL: " + sql);
  }

  FakePrograms& fake_;
};

class MysqlServerTest : public testing::Test {
 protected:
  MysqlBackup backup() {
    MysqlServer server(std::make_unique<FakeAccess>(fake_), {"--user=app"}, std::chrono::hours(1));
    return back_up_mysql(server, service_, {}, context_);
  }
  std::string backup_error() {
    return error_text([&] {
      try {
        backup();
      } catch (const Error& error) {
        throw Error(error.kind(), format("{} | {}", error.what(), join(error.hints(), " ")));
      }
    });
  }
  std::string dump_call() const {
    for (const auto& call : fake_.calls) {
      if (call.size() > 2 && call.front().ends_with("dump")) return format("{}", join(call, " "));
    }
    return "";
  }

  FakePrograms fake_;
  test::ManualClock clock_;
  test::SeededRandom random_;
  test::TempFolder folder_;
  RecipeContext context_{clock_, random_, {}, folder_.path()};
  Service service_{"db", "mysql", {}};
};

TEST_F(MysqlServerTest, FlagsOfMysqlAreGivenToMysqlOnly) {
  const MysqlBackup made = backup();
  EXPECT_THAT(dump_call(),
              AllOf(HasSubstr("--set-gtid-purged=OFF"), HasSubstr("--column-statistics=0"),
                    HasSubstr("--no-tablespaces"), testing::EndsWith("-- app")));
  EXPECT_EQ(made.facts.details["family"], "mysql");
  EXPECT_THAT(made.warnings, testing::IsEmpty());
  EXPECT_EQ(made.databases.at(0).summary.rows.at("t"), 2u);
  EXPECT_THAT(fake_.asked, HasSubstr("print_identified_with_as_hex"));
  fake_ = {};
  fake_.has_mariadb_names = true;
  fake_.dump_version = "mariadb-dump from 11.4.2-MariaDB, client 10.19 for Linux (x86_64)";
  fake_.server_version = "11.4.2-MariaDB";
  fake_.dump_options = "--single-transaction";
  EXPECT_THAT(backup().warnings, testing::IsEmpty());
  EXPECT_THAT(dump_call(), AllOf(Not(HasSubstr("gtid")), Not(HasSubstr("statistics"))));
}

TEST_F(MysqlServerTest, GrantsOfMysqlCanBeRunTwice) {
  MysqlServer server(std::make_unique<FakeAccess>(fake_), {}, std::chrono::hours(1));
  const GrantsText grants = read_grants(server);
  EXPECT_EQ(grants.accounts, 1u);
  EXPECT_THAT(grants.text, HasSubstr("CREATE USER IF NOT EXISTS `app`@`%` IDENTIFIED WITH "
                                     "'caching_sha2_password' AS 0x2441;\n"));
  EXPECT_EQ(count_accounts(grants.text), 1u);
}

TEST_F(MysqlServerTest, ClientThatDoesNotFitTheServerIsTold) {
  fake_.server_version = "11.4.2-MariaDB";
  EXPECT_THAT(backup().warnings, Contains(HasSubstr("MariaDB 11.4.2 and was dumped by mysqldump")));
  fake_.server_version = "9.1.0";
  EXPECT_THAT(backup().warnings, Contains(HasSubstr("The server (MySQL 9.1.0) is newer")));
  fake_.dump_text = "";
  fake_.dump_failure =
      "mysqldump: Got error: 1045: Plugin caching_sha2_password could not be loaded";
  EXPECT_THAT(backup_error(), AllOf(HasSubstr("dump database 'app'"),
                                    HasSubstr("| The client is too old for this server")));
}

TEST_F(MysqlServerTest, DumpThatIsNotWholeIsRefusedThoughItsProgramEndsWell) {
  fake_.dump_text = "";
  EXPECT_THAT(backup_error(), HasSubstr("judge the dump: it is empty"));
  const std::string text = mysql_dump_text;
  fake_.dump_text = text.substr(0, text.size() - 19);
  EXPECT_THAT(backup_error(), HasSubstr("does not end with '-- Dump completed'"));
  fake_.dump_text = text.substr(0, text.find("CREATE")) + "-- Dump completed\n";
  EXPECT_THAT(backup_error(), HasSubstr("lacks 1 of 1 table: t"));
  fake_.dump_text = text;
  fake_.dump_failure = "run 'mysqldump': it ended with exit status 3: Error 1034: Index corrupt";
  EXPECT_THAT(backup_error(), HasSubstr("Index corrupt"));
}

TEST_F(MysqlServerTest, WhatTheUserCannotSeeIsMissing) {
  EXPECT_THAT(backup().facts.missing, testing::IsEmpty());
  fake_.own_grants = "GRANT SELECT ON `app`.* TO `app`@`%`\n";
  const MysqlBackup made = backup();
  EXPECT_THAT(made.facts.missing, Contains(HasSubstr("Triggers of database 'app'")));
  EXPECT_THAT(made.warnings, Contains(HasSubstr("not in the backup: Routines of database 'app'")));
}

TEST_F(MysqlServerTest, ProgramsThatAreMissingAreNamed) {
  fake_.dump_version = "";
  EXPECT_THAT(backup_error(), HasSubstr("ask 'mysqldump' for its version"));
  fake_.server_version = "strange";
  fake_.dump_version = "mysqldump  Ver 8.4.2 for Linux";
  EXPECT_THAT(backup_error(), HasSubstr("ask the server for its version: 'strange'"));
}

TEST(OpenDump, SkipsTheLineThatEntersTheSandbox) {
  test::TempFolder folder;
  for (const char* line : {"/*!999999\\- enable the sandbox mode */ \n",
                           "/*M!999999\\- enable the sandbox mode */ \n", ""}) {
    test::write_file(folder / "dump.sql", std::string(line) + "SELECT 1;\n");
    const auto file = open_dump(folder / "dump.sql");
    char text[32] = {};
    EXPECT_EQ(::read(file->get(), text, sizeof text), 10);
    EXPECT_STREQ(text, "SELECT 1;\n");
  }
}

}  // namespace
}  // namespace lifeboat
