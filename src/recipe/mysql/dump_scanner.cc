#include "recipe/mysql/dump_scanner.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"

namespace lifeboat {
namespace {

constexpr size_t statement_bytes_max = size_t{1} << 20;
constexpr size_t comment_bytes_max = 200;
constexpr size_t begin_looked_at = 4096;
constexpr size_t words_looked_at = 16;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The beginning of a statement, taken out of comments for certain versions:
// "/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 TRIGGER ..." begins with CREATE.
std::string without_versions(std::string_view statement) {
  std::string text;
  statement = statement.substr(0, begin_looked_at);
  for (size_t at = 0; at < statement.size(); ++at) {
    const std::string_view rest = statement.substr(at);
    const size_t open = rest.starts_with("/*!") ? 3 : rest.starts_with("/*M!") ? 4 : 0;
    if (open > 0) {
      at += open;
      while (at < statement.size() && is_digit(statement[at])) ++at;
      --at;
      text += ' ';
    } else if (rest.starts_with("*/")) {
      ++at;
      text += ' ';
    } else {
      text += is_blank(statement[at]) ? ' ' : statement[at];
    }
  }
  return text;
}

// The first name in backticks.
std::string first_name(std::string_view statement) {
  std::string name;
  const size_t begin = statement.find('`');
  if (begin == std::string_view::npos) return name;
  for (size_t at = begin + 1; at < statement.size(); ++at) {
    if (statement[at] == '`') {
      if (at + 1 >= statement.size() || statement[at + 1] != '`') break;
      ++at;
    }
    name += statement[at];
  }
  return name;
}

// The name at the begin of `text`: "`v` AS select" or "twice(x INT)".
std::string leading_name(std::string_view text) {
  text = trim(text);
  if (text.starts_with('`')) return first_name(text);
  return std::string(text.substr(0, text.find_first_of(" (")));
}

void tell_object(std::string_view statement, DumpEvents& events) {
  static const std::map<std::string, DumpObject> kinds{
      {"view", DumpObject::view},        {"trigger", DumpObject::trigger},
      {"event", DumpObject::event},      {"sequence", DumpObject::sequence},
      {"function", DumpObject::routine}, {"procedure", DumpObject::routine},
      {"package", DumpObject::routine}};
  const std::string text = without_versions(statement);
  bool has_algorithm = false;
  size_t words = 0;
  for (size_t at = text.find_first_not_of(' '); at != std::string::npos && words < words_looked_at;
       at = text.find_first_not_of(' ', at), ++words) {
    const size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = ascii_lower(std::string_view(text).substr(at, end - at));
    at = end;
    if (words == 0 && word != "create") return;
    // Without ALGORITHM, a view or table is a stand-in that makes later views possible.
    if (word == "table" || (word == "view" && !has_algorithm)) return;
    if (word.starts_with("algorithm=")) has_algorithm = true;
    const auto kind = kinds.find(word);
    if (kind == kinds.end()) continue;
    std::string_view name = std::string_view(text).substr(end);
    if (word == "package" && ascii_lower(trim(name)).starts_with("body "))
      name = trim(name).substr(5);
    return events.on_object(kind->second, leading_name(name), statement);
  }
}

bool begins_completed(std::string_view comment) {
  return trim(comment).starts_with("Dump completed");
}

}  // namespace

void DumpScanner::feed(std::string_view bytes) {
  const uint64_t base = offset_;
  piece_ = bytes;
  row_begin_ = 0;
  for (index_ = 0; index_ < bytes.size();) {
    offset_ = base + index_;
    if (mode_ == Mode::string) {
      index_ += feed_string(bytes.substr(index_));
    } else {
      feed_byte(bytes[index_]);
      ++index_;
    }
  }
  offset_ = base + bytes.size();
  if (depth_ > 0) events_.on_row_bytes(table_, bytes.substr(row_begin_));
  piece_ = {};
}

void DumpScanner::feed_byte(char c) {
  switch (mode_) {
    case Mode::text:
      return in_rows_ ? feed_rows(c) : feed_text(c);
    case Mode::line_comment:
      if (c == '\n') return end_line_comment();
      if (comment_.size() < comment_bytes_max) comment_ += c;
      return;
    case Mode::comment_open:
      return feed_comment_open(c);
    case Mode::block_comment:
      if (c == '/' && last_two_ == "*") {
        mode_ = Mode::text;
        last_two_.clear();
        if (!statement_.empty()) keep(" ");
      } else {
        last_two_ = c == '*' ? "*" : "";
      }
      return;
    case Mode::delimiter:
      if (c != '\n') {
        comment_ += c;
        return;
      }
      delimiter_ = std::string(trim(comment_));
      if (delimiter_.empty() || delimiter_.size() > 2) {
        throw Error(
            ErrorKind::verification,
            format("read a dump: '{}' is no DELIMITER that a dump uses", printable(delimiter_)));
      }
      comment_.clear();
      mode_ = Mode::text;
      reset_statement();
      return;
    case Mode::string:
      return;  // by feed_string()
  }
}

void DumpScanner::feed_text(char c) {
  if (statement_.empty()) {
    if (is_blank(c)) return;
    statement_offset_ = offset_;
  }
  if (is_blank(c) && last_two_ == "--") {
    drop_last_two();
    begin_line_comment();
    if (c == '\n') end_line_comment();
    return;
  }
  if (c == '#') return begin_line_comment();
  if (c == '*' && last_two_.ends_with('/')) {
    mode_ = Mode::comment_open;
    return keep("*");
  }
  const bool begins_rows =
      c == '(' && (statement_.starts_with("INSERT ") || statement_.starts_with("REPLACE ")) &&
      trim(statement_).ends_with("VALUES");
  if (begins_rows) return begin_rows();
  keep({&c, 1});
  if (c == '\'' || c == '"' || c == '`') {
    mode_ = Mode::string;
    quote_ = c;
    return;
  }
  if (last_two_.ends_with(delimiter_)) return end_statement();
  // The client's own commands, which are no SQL: "\-" enters the sandbox for the rest of a dump.
  if (c == '-' && (statement_ == "/*!999999\\-" || statement_ == "/*M!999999\\-")) {
    reset_statement();
    begin_line_comment();
  } else if (statement_ == "DELIMITER ") {
    mode_ = Mode::delimiter;
    comment_.clear();
  }
}

void DumpScanner::feed_comment_open(char c) {
  if (c == '!' || c == 'M') {  // for certain versions: SQL, not a comment
    mode_ = Mode::text;
    return keep({&c, 1});
  }
  drop_last_two();
  mode_ = Mode::block_comment;
  last_two_ = c == '*' ? "*" : "";
}

size_t DumpScanner::feed_string(std::string_view bytes) {
  size_t at = 0;
  while (at < bytes.size()) {
    const char c = bytes[at++];
    if (is_escaped_) {
      is_escaped_ = false;
    } else if (c == '\\' && quote_ != '`') {
      is_escaped_ = true;
    } else if (c == quote_) {
      mode_ = Mode::text;  // a doubled quote is two strings side by side
      break;
    }
  }
  if (!in_rows_) keep(bytes.substr(0, at));
  last_two_.clear();
  return at;
}

void DumpScanner::feed_rows(char c) {
  if (c == '\'' || c == '"' || c == '`') {
    mode_ = Mode::string;
    quote_ = c;
  } else if (c == '(') {
    if (depth_++ > 0) return;
    row_offset_ = offset_;
    row_begin_ = index_;
  } else if (c == ')') {
    if (depth_ > 0 && --depth_ == 0) end_row();
  } else if (c == ';' && depth_ == 0) {
    in_rows_ = false;
    last_comment_.clear();
    events_.on_rows_end(statement_offset_, offset_ + 1 - statement_offset_);
    reset_statement();
  }
}

void DumpScanner::begin_rows() {
  in_rows_ = true;
  table_ = first_name(statement_);
  depth_ = 1;
  row_offset_ = offset_;
  row_begin_ = index_;
}

void DumpScanner::end_row() {
  events_.on_row_bytes(table_, piece_.substr(row_begin_, index_ + 1 - row_begin_));
  events_.on_row(table_, row_offset_, offset_ + 1 - row_offset_);
}

void DumpScanner::keep(std::string_view text) {
  append_tail(last_two_, text, 2);
  is_cut_ = is_cut_ || statement_.size() + text.size() > statement_bytes_max;
  if (!is_cut_) statement_ += text;
}

void DumpScanner::drop_last_two() {
  if (!is_cut_) statement_.resize(statement_.size() - std::min<size_t>(2, statement_.size()));
  last_two_.clear();
}

void DumpScanner::begin_line_comment() {
  mode_ = Mode::line_comment;
  comment_.clear();
}

void DumpScanner::end_line_comment() {
  mode_ = Mode::text;
  const std::string comment(trim(comment_));
  comment_.clear();
  if (!statement_.empty()) return keep("\n");
  if (comment.empty() || comment.starts_with("enable the sandbox")) return;
  if (!has_comment_ && (comment.starts_with("MariaDB dump") || comment.starts_with("MySQL dump"))) {
    head_ = comment;
  }
  has_comment_ = true;
  last_comment_ = comment;
}

void DumpScanner::end_statement() {
  last_comment_.clear();
  std::string_view text = statement_;
  if (!is_cut_) text.remove_suffix(delimiter_.size());
  if (text.starts_with("CREATE TABLE ")) {
    events_.on_table(first_name(text), text, statement_offset_);
  } else {
    tell_object(text, events_);
  }
  reset_statement();
}

void DumpScanner::reset_statement() {
  statement_.clear();
  last_two_.clear();
  is_cut_ = false;
}

bool DumpScanner::is_complete() const {
  if (mode_ == Mode::line_comment) return statement_.empty() && begins_completed(comment_);
  return mode_ == Mode::text && !in_rows_ && statement_.empty() && begins_completed(last_comment_);
}

}  // namespace lifeboat
