#include "recipe/mysql/mysql_test_kit.h"

#include "base/error.h"
#include "base/format.h"

namespace lifeboat::test {

const char* const mysql_sample_sql = R"(
CREATE DATABASE app CHARACTER SET utf8mb4; USE app;
CREATE TABLE people (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(80), photo BLOB, is_in BIT(1));
INSERT INTO people (name, photo, is_in) VALUES ('O''Neil; -- (x),(y)', x'00FF27', b'1'),
  ('line
break', NULL, b'0'), ('ünï💾', '', NULL);
CREATE TABLE nothing (id INT);
CREATE TABLE log (entry TEXT);
CREATE VIEW names AS SELECT name FROM people;
CREATE FUNCTION twice(x INT) RETURNS INT DETERMINISTIC RETURN 2 * x;
DELIMITER ;;
CREATE TRIGGER note AFTER INSERT ON people FOR EACH ROW BEGIN
  -- don't
  INSERT INTO log VALUES (1);
END ;;
CREATE EVENT tidy ON SCHEDULE EVERY 1 DAY DO DELETE FROM log ;;
DELIMITER ;
CREATE DATABASE `odd/na me`;
CREATE TABLE `odd/na me`.`t``x` (id INT); INSERT INTO `odd/na me`.`t``x` VALUES (1);
CREATE USER 'app'@'%' IDENTIFIED BY 'geheim'; GRANT SELECT, INSERT ON app.* TO 'app'@'%';
CREATE ROLE reader; GRANT SELECT ON app.people TO reader; GRANT reader TO 'app'@'%';
)";

const char* const mysql_plain_sql = R"(
CREATE DATABASE shop CHARACTER SET utf8mb4; USE shop;
CREATE TABLE customer (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(80));
CREATE TABLE purchase (id INT PRIMARY KEY, customer INT, FOREIGN KEY (customer)
  REFERENCES customer (id));
INSERT INTO customer (name) VALUES ('Ada'), ('Bob');
INSERT INTO purchase VALUES (10, 1), (11, 2);
)";

void MysqlTest::SetUp() {
  std::string why_not;
  live_ = start_mysql_on_host(live_folder_.path(), {}, context_, why_not);
  if (!live_) GTEST_SKIP() << why_not << ": install mariadb-server-core and mariadb-client";
  service_.settings.set("socket", scratch_mysql_socket(live_folder_.path()).native());
  service_.settings.set("user", std::string("root"));
}

std::string MysqlTest::sql(const std::string& text) const {
  write_file(folder_ / "test.sql", text);
  return shell_ok(client() + " < " + (folder_ / "test.sql").native());
}

std::string MysqlTest::client() const {
  return format("mariadb --no-defaults --default-character-set=utf8mb4 -N -u root --socket={}",
                scratch_mysql_socket(live_folder_.path()).native());
}

void MysqlTest::use_backup_user() {
  const std::string docs = slurp(LIFEBOAT_SOURCE_DIR "/docs/recipes/mysql.md");
  const size_t begin = docs.find("```sql\n") + 7;
  sql(docs.substr(begin, docs.find("```", begin) - begin));
  service_.settings.set("user", std::string("lifeboat"));
  service_.settings.set("password", std::make_shared<const Secret>("a long password"));
}

RestoredService MysqlTest::backup() {
  driven_ = drive_backup(*recipe_, service_, context_, folder_ / "db");
  return {"db", folder_ / "db", driven_.facts};
}

std::string MysqlTest::backup_error() {
  return error_text([&] {
    try {
      recipe_->plan(service_, context_);
    } catch (const Error& error) {
      throw Error(error.kind(), format("{} | {}", error.what(), join(error.hints(), " ")));
    }
  });
}

std::vector<std::string> MysqlTest::failed(const RestoredService& restored) {
  return failed_probes(recipe_->probe(restored, context_));
}

}  // namespace lifeboat::test
