// Reads what mariadb-dump and mysqldump write, as it passes, and tells what it holds.
//
// A dump is only worth what can be counted in it: the rows of each table come from the very stream
// that is archived, so that no second question at another moment is compared with it. It needs to
// know strings, names, comments and DELIMITER, since a trigger's body may hold "INSERT INTO" and a
// comment an apostrophe. It is no parser of SQL, and takes any piece of any size; memory is bounded
// by the longest statement that is kept (1 MiB), rows are never kept.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lifeboat {

// What is made by a statement, other than a table with rows.
enum class DumpObject { view, trigger, routine, event, sequence };

// Told in the order of the dump. Names are as the server has them.
class DumpEvents {
 public:
  virtual ~DumpEvents() = default;
  // The whole statement, from `offset`, without its end mark.
  virtual void on_table(const std::string& name, std::string_view statement, uint64_t offset) = 0;
  // The whole statement, or its first MiB.
  virtual void on_object(DumpObject object, const std::string& name, std::string_view statement) {
    (void)object, (void)name, (void)statement;
  }
  // A piece of a row, from '(' to ')'.
  virtual void on_row_bytes(const std::string& table, std::string_view piece) {
    (void)table, (void)piece;
  }
  // A row's end; it lies at `offset`.
  virtual void on_row(const std::string& table, uint64_t offset, uint64_t size) = 0;
  // The end of a statement with rows, which begins at `offset` and includes its end mark.
  virtual void on_rows_end(uint64_t offset, uint64_t size) { (void)offset, (void)size; }
};

class DumpScanner {
 public:
  explicit DumpScanner(DumpEvents& events) : events_(events) {}

  void feed(std::string_view bytes);

  uint64_t bytes() const { return offset_; }
  // "MariaDB dump 10.19  Distrib ...": the first comment, empty if it is another.
  const std::string& head() const { return head_; }
  // Whether the last thing so far is the comment by which a whole dump ends.
  bool is_complete() const;

 private:
  enum class Mode { text, string, line_comment, comment_open, block_comment, delimiter };

  void feed_byte(char c);
  void feed_text(char c);
  void feed_rows(char c);
  void feed_comment_open(char c);
  // Takes the bytes of a string up to its end or theirs; returns how many.
  size_t feed_string(std::string_view bytes);
  void keep(std::string_view text);
  void drop_last_two();
  void begin_line_comment();
  void end_line_comment();
  void begin_rows();
  void end_row();
  void end_statement();
  void reset_statement();

  DumpEvents& events_;
  uint64_t offset_ = 0;  // of the byte being fed
  Mode mode_ = Mode::text;
  char quote_ = 0;
  bool is_escaped_ = false;
  bool in_rows_ = false;
  unsigned depth_ = 0;
  std::string statement_;
  uint64_t statement_offset_ = 0;
  bool is_cut_ = false;   // more of the statement came than is kept
  std::string last_two_;  // of the text outside strings and comments
  std::string delimiter_ = ";";
  std::string comment_;
  std::string last_comment_;
  std::string head_;
  bool has_comment_ = false;
  std::string table_;
  uint64_t row_offset_ = 0;
  std::string_view piece_;  // what is being fed
  size_t index_ = 0;        // the byte of it that is looked at
  size_t row_begin_ = 0;    // where the row begins in it
};

}  // namespace lifeboat
