#include "cli/table.h"

#include <algorithm>

#include "base/error.h"
#include "base/format.h"

namespace lifeboat::cli {
namespace {

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

}  // namespace

size_t display_width(std::string_view text) {
  size_t width = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\x1b') {
      at = std::min(text.find('m', at), text.size() - 1);
    } else if (!continues(text[at])) {
      ++width;
    }
  }
  return width;
}

std::string cut_to_width(std::string_view text, size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return "";
  size_t columns = 0;
  size_t at = 0;
  while (at < text.size()) {
    if (!continues(text[at]) && ++columns == width) break;
    ++at;
  }
  return std::string(text.substr(0, at)) + "…";
}

std::string Table::print() const {
  std::vector<size_t> widths;
  for (const Column& column : columns_) widths.push_back(display_width(column.title));
  for (const auto& row : rows_) {
    ensure(row.size() == columns_.size(), "a table row has as many cells as columns");
    for (size_t at = 0; at < row.size(); ++at) {
      widths[at] = std::max(widths[at], display_width(row[at]));
    }
  }
  std::string text;
  const auto add_line = [&](const auto& cell_at) {
    std::string line;
    for (size_t at = 0; at < columns_.size(); ++at) {
      const std::string& cell = cell_at(at);
      const std::string padding(widths[at] - display_width(cell), ' ');
      if (at > 0) line += "  ";
      line += columns_[at].align == Align::left ? cell + padding : padding + cell;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  add_line([&](size_t at) -> const std::string& { return columns_[at].title; });
  for (const auto& row : rows_) {
    add_line([&](size_t at) -> const std::string& { return row[at]; });
  }
  return text;
}

std::string Style::paint(std::string_view code, std::string_view text) const {
  if (!colours_) return std::string(text);
  return format("\x1b[{}m{}\x1b[0m", code, text);
}

}  // namespace lifeboat::cli
