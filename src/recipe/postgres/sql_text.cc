#include "recipe/postgres/sql_text.h"

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"

namespace lifeboat {
namespace {

std::string quote(std::string_view text, char mark) {
  std::string quoted(1, mark);
  for (const char letter : text) {
    if (letter == mark) quoted += mark;
    quoted += letter;
  }
  return quoted += mark;
}

bool is_bare(char letter) {
  return letter == '_' || letter == '$' || (letter >= '0' && letter <= '9') ||
         (letter >= 'a' && letter <= 'z') || static_cast<unsigned char>(letter) >= 0x80;
}

bool is_wildcard(char letter) { return letter == '*' || letter == '?'; }

// One half of a pattern: runs of letters in quotes, wildcards outside.
std::string dump_form(std::string_view half) {
  std::string form;
  for (size_t at = 0; at < half.size();) {
    if (is_wildcard(half[at])) {
      form += half[at++];
      continue;
    }
    const size_t end = std::min(half.find_first_of("*?", at), half.size());
    form += quote_identifier(half.substr(at, end - at));
    at = end;
  }
  return form;
}

std::string regex_form(std::string_view half) {
  std::string form;
  for (const char letter : half) {
    if (letter == '*') {
      form += ".*";
    } else if (letter == '?') {
      form += '.';
    } else if (std::string_view("\\.^$|()[]{}+").find(letter) != std::string_view::npos) {
      form += format("\\{}", letter);
    } else {
      form += letter;
    }
  }
  return form;
}

}  // namespace

std::string quote_identifier(std::string_view name) { return quote(name, '"'); }

std::string quote_literal(std::string_view text) { return quote(text, '\''); }

std::optional<std::string> take_identifier(std::string_view& text) {
  if (!text.starts_with('"')) {
    const auto end = std::find_if_not(text.begin(), text.end(), is_bare);
    const auto length = static_cast<size_t>(end - text.begin());
    if (length == 0) return std::nullopt;
    std::string name(text.substr(0, length));
    text.remove_prefix(length);
    return name;
  }
  std::string name;
  for (size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '"') {
      if (at + 1 >= text.size() || text[at + 1] != '"') {
        text.remove_prefix(at + 1);
        return name;
      }
      ++at;
    }
    name += text[at];
  }
  return std::nullopt;
}

std::optional<TableName> parse_copy_line(std::string_view line) {
  constexpr std::string_view head = "COPY ";
  if (!line.starts_with(head) || !line.ends_with(" FROM stdin;")) return std::nullopt;
  line.remove_prefix(head.size());
  auto schema = take_identifier(line);
  if (!schema || !line.starts_with('.')) return std::nullopt;
  line.remove_prefix(1);
  auto table = take_identifier(line);
  if (!table || !line.starts_with(' ')) return std::nullopt;
  return TableName{std::move(*schema), std::move(*table)};
}

TablePattern parse_table_pattern(std::string_view text) {
  const size_t dot = text.find('.');
  const bool is_whole = dot != std::string_view::npos && dot > 0 && dot + 1 < text.size() &&
                        text.find('.', dot + 1) == std::string_view::npos;
  if (!is_whole) {
    throw Error(
        ErrorKind::service,
        format("read the options: '{}' in 'exclude_tables' names no table", printable(text)))
        .hint("Write it as SCHEMA.TABLE, where * and ? may stand for letters: public.audit_*.");
  }
  const std::string_view schema = text.substr(0, dot);
  const std::string_view table = text.substr(dot + 1);
  return {format("{}.{}", dump_form(schema), dump_form(table)),
          format("^{}\\.{}$", regex_form(schema), regex_form(table))};
}

}  // namespace lifeboat
