#include "recipe/mysql/dump_scanner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "base/bytes.h"
#include "recipe/mysql/backup.h"
#include "recipe/mysql/dump_summary.h"
#include "support/doubles.h"

namespace lifeboat {
namespace {

using test::error_text;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr const char* head =
    "/*M!999999\\- enable the sandbox mode */ \n"
    "-- MariaDB dump 10.19  Distrib 10.11.19-MariaDB, for debian-linux-gnu (x86_64)\n--\n"
    "/*!40101 SET NAMES utf8mb4 */;\n";
constexpr const char* end = "\n/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;\n\n-- Dump completed\n";

class Recorder final : public DumpEvents {
 public:
  void on_table(const std::string& name, std::string_view statement, uint64_t offset) override {
    tables[name] = std::string(statement);
    offsets[name] = offset;
  }
  void on_object(DumpObject object, const std::string& name, std::string_view) override {
    objects.push_back(object);
    names.push_back(name);
  }
  void on_row_bytes(const std::string&, std::string_view piece) override { row += piece; }
  void on_row(const std::string& table, uint64_t offset, uint64_t size) override {
    rows.push_back(table + row);
    EXPECT_EQ(row.size(), size);
    places.emplace_back(offset, size);
    row.clear();
  }
  std::map<std::string, std::string> tables;
  std::map<std::string, uint64_t> offsets;
  std::vector<DumpObject> objects;
  std::vector<std::string> names;
  std::vector<std::string> rows;
  std::vector<std::pair<uint64_t, uint64_t>> places;
  std::string row;
};

struct Scan {
  Recorder events;
  DumpScanner scanner{events};
};

void scan(Scan& scan, std::string_view text, size_t step) {
  for (size_t at = 0; at < text.size(); at += step) scan.scanner.feed(text.substr(at, step));
}

// The same in pieces of every small size.
void for_every_step(const std::string& text, const std::function<void(Scan&)>& expect) {
  for (const size_t step : {size_t{1}, size_t{2}, size_t{3}, size_t{7}, text.size()}) {
    SCOPED_TRACE(step);
    Scan made;
    scan(made, text, step);
    EXPECT_EQ(made.scanner.bytes(), text.size());
    for (size_t at = 0; at < made.events.rows.size(); ++at) {
      const auto [offset, size] = made.events.places[at];
      EXPECT_THAT(made.events.rows[at], testing::EndsWith(text.substr(offset, size)));
    }
    expect(made);
  }
}

TEST(DumpScanner, CountsRowsWhateverTheirValuesHold) {
  const std::string text = std::string(head) +
                           "CREATE TABLE `t` (\n  `id` int COMMENT 'a; -- b'\n) ENGINE=InnoDB;\n"
                           "INSERT INTO `t` VALUES\n(1,'a\\'b;\\n-- (x),(y)'),\n"
                           "(2,'it''s /* no comment'),(3,0x00FF),(4,'\\\\');\n"
                           "INSERT INTO `t` (`id`, `x(y)`) VALUES (5,'#');\n" +
                           end;
  for_every_step(text, [](Scan& made) {
    EXPECT_THAT(made.events.rows,
                ElementsAre("t(1,'a\\'b;\\n-- (x),(y)')", "t(2,'it''s /* no comment')",
                            "t(3,0x00FF)", "t(4,'\\\\')", "t(5,'#')"));
    EXPECT_THAT(made.events.tables.at("t"), HasSubstr("COMMENT 'a; -- b'\n) ENGINE=InnoDB"));
    EXPECT_TRUE(made.scanner.is_complete());
    EXPECT_THAT(made.scanner.head(), testing::StartsWith("MariaDB dump 10.19"));
  });
}

TEST(DumpScanner, BodiesOfTriggersAndRoutinesAreNoRows) {
  const std::string text =
      std::string(head) +
      "DELIMITER ;;\n/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`%`*/ /*!50003 TRIGGER `x` BEFORE\n"
      "INSERT ON t FOR EACH ROW begin\n-- don't count\nINSERT INTO `log` VALUES (1),(2);\nend "
      "*/;;\n"
      "CREATE DEFINER=`a`@`%` PROCEDURE `p`()\nbegin /* it's */ select ';;'; # don't\nend ;;\n"
      "/*!50106 CREATE*/ /*!50117 DEFINER=`a`@`%`*/ /*!50106 EVENT `e` ON SCHEDULE EVERY 1 DAY */ "
      ";;\nDELIMITER ;\n/*!50001 CREATE VIEW `v` AS SELECT\n NULL AS `id` */;\n"
      "/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`a`@`%` SQL SECURITY DEFINER */\n"
      "/*!50001 VIEW `v` AS select 1 AS `id` */;\nCREATE SEQUENCE `s` start with 1;\n"
      "/*!50001 CREATE TABLE `old_stand_in` (`id` tinyint) */;\n/* plain\n 'comment' */\n"
      "CREATE TABLE `a``b` (`id` int);\nINSERT INTO `a``b` VALUES (1);\n" +
      end;
  for_every_step(text, [](Scan& made) {
    EXPECT_THAT(made.events.rows, ElementsAre("a`b(1)"));
    EXPECT_THAT(made.events.objects,
                ElementsAre(DumpObject::trigger, DumpObject::routine, DumpObject::event,
                            DumpObject::view, DumpObject::sequence));
    EXPECT_THAT(made.events.names, ElementsAre("x", "p", "e", "v", "s"));
    EXPECT_THAT(made.events.tables, ElementsAre(Pair("a`b", "CREATE TABLE `a``b` (`id` int)")));
    EXPECT_TRUE(made.scanner.is_complete());
  });
}

TEST(DumpScanner, EveryPrefixIsIncomplete) {
  const std::string text = std::string(head) + "CREATE TABLE `t` (`id` int);\n" +
                           "INSERT INTO `t` VALUES (1,'-- Dump completed\\n');\n" + end;
  const size_t marker = text.rfind("-- Dump completed") + std::string("-- Dump completed").size();
  for (size_t size = 0; size < marker; ++size) {
    Scan made;
    made.scanner.feed(text.substr(0, size));
    EXPECT_FALSE(made.scanner.is_complete()) << size;
  }
  for (const char* more : {"", "\n", " on 2026-05-07  2:00:00\n\n"}) {
    Scan made;
    made.scanner.feed(text.substr(0, marker) + more);
    EXPECT_TRUE(made.scanner.is_complete()) << more;
  }
  for (const char* more : {"\nINSERT", "\nSELECT 1;", "\n-- warning", "\n'"}) {
    Scan made;
    made.scanner.feed(text.substr(0, marker) + more);
    EXPECT_FALSE(made.scanner.is_complete()) << more;
  }
}

TEST(DumpScanner, HugeStatementsTakeNoMemory) {
  Scan made;
  made.scanner.feed(std::string(head) + "CREATE DEFINER=`a`@`%` PROCEDURE `p`() begin ");
  for (int i = 0; i < 64; ++i) made.scanner.feed(std::string(size_t{1} << 16, 'x'));
  made.scanner.feed("--");
  made.scanner.feed("\n;\nCREATE TABLE `t` (`id` int);\nINSERT INTO `t` VALUES (1);" +
                    std::string(end));
  EXPECT_THAT(made.events.objects, ElementsAre(DumpObject::routine));
  EXPECT_THAT(made.events.rows, ElementsAre("t(1)"));
  EXPECT_TRUE(made.scanner.is_complete());
  EXPECT_THAT(error_text([&] { made.scanner.feed("DELIMITER abc\n"); }), HasSubstr("DELIMITER"));
}

// Whatever the bytes: nothing is read out of bounds, and the pieces they come in do not matter.
TEST(DumpScanner, DamagedDumpsReadTheSameInAllPieces) {
  const std::string good = std::string(head) + "DELIMITER ;;\nCREATE FUNCTION f() -- 'x\n;;\n" +
                           "DELIMITER ;\nCREATE TABLE `t` (`id` int); /* 'c' */\n" +
                           "INSERT INTO `t` VALUES (1,'a\\'b'),(2,_binary 'x');\n" + end;
  test::SeededRandom random(7);
  const std::string letters = "'`\"\\-/*;#()!M\n A";
  for (int round = 0; round < 2000; ++round) {
    std::string text = good;
    for (uint64_t change = random.below(4) + 1; change > 0; --change) {
      text[random.below(text.size())] = letters[random.below(letters.size())];
    }
    std::vector<std::string> told;
    for (const size_t step : {text.size(), size_t{1}, size_t{5}}) {
      Scan made;
      std::string outcome = "read";
      try {
        scan(made, text, step);
      } catch (const Error& error) {
        outcome = error.message();
      }
      for (const std::string& row : made.events.rows) outcome += row;
      for (const std::string& name : made.events.names) outcome += name;
      for (const auto& [name, statement] : made.events.tables) outcome += name + statement;
      told.push_back(outcome + (made.scanner.is_complete() ? " whole" : " broken"));
    }
    ASSERT_EQ(told[0], told[1]) << text;
    ASSERT_EQ(told[0], told[2]) << text;
  }
}

TEST(DumpSummaryTest, JudgesWhatIsNoWholeDump) {
  const auto judge = [](const std::string& text, const std::vector<std::string>& tables) {
    return error_text([&] {
      DumpCounter counter;
      counter.feed(text);
      judge_dump(counter.summary(), tables);
      throw Error(ErrorKind::service, "accepted");
    });
  };
  const std::string good = std::string(head) + "CREATE TABLE `t` (`id` int);\n" + end;
  EXPECT_EQ(judge(good, {"t"}), "accepted");
  EXPECT_THAT(judge("", {}), HasSubstr("it is empty"));
  EXPECT_THAT(judge("ERROR\n-- Dump completed\n", {}), HasSubstr("does not begin as"));
  EXPECT_THAT(judge(good.substr(0, good.size() - 10), {"t"}), HasSubstr("does not end with"));
  EXPECT_THAT(judge(good, {"t", "u", "w"}), HasSubstr("lacks 2 of 3 tables: u, w"));
}

TEST(DumpSummaryTest, GoesToFactsAndBack) {
  DumpCounter counter;
  counter.feed(std::string(head) +
               "CREATE TABLE `t` (`id` int);\nINSERT INTO `t` VALUES (1),(2);\n"
               "INSERT INTO `never_made` VALUES (1);\n" +
               end);
  const DumpSummary summary = summary_from_json(summary_to_json(counter.summary()));
  EXPECT_THAT(summary.rows, ElementsAre(Pair("t", 2)));
  EXPECT_EQ(summary.total_rows(), 2u);
  EXPECT_THAT(error_text([] {
                summary_from_json({{"tables", {{"t", "x"}}}});
              }),
              HasSubstr("whole number"));
}

}  // namespace
}  // namespace lifeboat
