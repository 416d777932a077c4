// Text in columns, for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::cli {

// Columns on a terminal that UTF-8 `text` takes: one a code point, none for escape sequences.
size_t display_width(std::string_view text);
// The first `width` columns of one line without escape sequences; "…" at the end if any is lost.
std::string cut_to_width(std::string_view text, size_t width);

enum class Align { left, right };

struct Column {
  std::string title;
  Align align = Align::left;
};

// Rows of equally many cells; two blanks between columns, none at the end of a line.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add_row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }
  std::string print() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// Colours and marks; every function gives its text back unchanged when colours are off.
class Style {
 public:
  explicit Style(bool colours = false) : colours_(colours) {}
  bool has_colours() const { return colours_; }
  std::string good(std::string_view text) const { return paint("32", text); }
  std::string bad(std::string_view text) const { return paint("31", text); }
  std::string caution(std::string_view text) const { return paint("33", text); }
  std::string faint(std::string_view text) const { return paint("2", text); }
  std::string strong(std::string_view text) const { return paint("1", text); }

 private:
  std::string paint(std::string_view code, std::string_view text) const;

  bool colours_;
};

}  // namespace lifeboat::cli
