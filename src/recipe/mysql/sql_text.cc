#include "recipe/mysql/sql_text.h"

#include <charconv>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"

namespace lifeboat {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string doubled(std::string_view text, char quote) {
  std::string made(1, quote);
  for (const char c : text) {
    if (c == quote) made += quote;
    made += c;
  }
  return made + quote;
}

char unescaped(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case '0':
      return '\0';
    case 'Z':
      return '\x1a';
    case 'b':
      return '\b';
    default:
      return c;
  }
}

std::string without_escapes(std::string_view text) {
  std::string made;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\' && at + 1 < text.size()) {
      made += unescaped(text[++at]);
    } else {
      made += text[at];
    }
  }
  return made;
}

// The first number with a dot in `text`: "10.11.19" of "10.11.19-MariaDB".
std::optional<std::array<unsigned, 3>> find_number(std::string_view text) {
  for (size_t at = 0; at < text.size(); ++at) {
    if (!is_digit(text[at]) || (at > 0 && (is_digit(text[at - 1]) || text[at - 1] == '.'))) {
      continue;
    }
    std::array<unsigned, 3> number{};
    const char* next = text.data() + at;
    const char* const end = text.data() + text.size();
    size_t parts = 0;
    while (parts < number.size()) {
      const auto [stop, failure] = std::from_chars(next, end, number[parts]);
      if (failure != std::errc()) break;
      ++parts;
      next = stop;
      if (next == end || *next != '.') break;
      ++next;
    }
    if (parts >= 2) return number;
  }
  return std::nullopt;
}

std::optional<MysqlVersion> make_version(std::string_view where, bool is_mariadb) {
  const auto number = find_number(where);
  if (!number) return std::nullopt;
  MysqlVersion version;
  version.family = is_mariadb ? MysqlFamily::mariadb : MysqlFamily::mysql;
  version.number = *number;
  version.text = format("{} {}.{}.{}", is_mariadb ? "MariaDB" : "MySQL", version.number[0],
                        version.number[1], version.number[2]);
  return version;
}

}  // namespace

std::string quote_name(std::string_view name) { return doubled(name, '`'); }

std::string quote_text(std::string_view text) {
  if (text.find('\\') != std::string_view::npos) {
    throw Error(ErrorKind::service,
                format("quote '{}' for SQL: it holds a backslash", printable(text)));
  }
  return doubled(text, '\'');
}

std::vector<std::vector<std::string>> parse_batch(std::string_view output) {
  std::vector<std::vector<std::string>> rows;
  if (output.empty()) return rows;
  if (output.ends_with('\n')) output.remove_suffix(1);
  for (const std::string& line : split(output, '\n')) {
    std::vector<std::string>& row = rows.emplace_back();
    for (const std::string& value : split(line, '\t')) row.push_back(without_escapes(value));
  }
  return rows;
}

std::optional<std::vector<std::string>> split_row(std::string_view row) {
  if (row.size() < 2 || row.front() != '(' || row.back() != ')') return std::nullopt;
  row = row.substr(1, row.size() - 2);
  std::vector<std::string> values(1);
  bool in_text = false;
  for (size_t at = 0; at < row.size(); ++at) {
    const char c = row[at];
    if (c == ',' && !in_text) {
      values.emplace_back();
      continue;
    }
    values.back() += c;
    if (c == '\'') in_text = !in_text;
    if (c == '\\' && in_text && at + 1 < row.size()) values.back() += row[++at];
  }
  if (in_text) return std::nullopt;
  return values;
}

std::string unquote_value(std::string_view value) {
  value = trim(value);
  if (value.starts_with("_binary ")) value.remove_prefix(8);
  if (value.starts_with("0x") && value.size() % 2 == 0) {
    std::string made;
    for (size_t at = 2; at < value.size(); at += 2) {
      unsigned byte = 0;
      const char* const end = value.data() + at + 2;
      if (std::from_chars(value.data() + at, end, byte, 16).ptr != end) return std::string(value);
      made += static_cast<char>(byte);
    }
    return made;
  }
  if (value.size() < 2 || value.front() != '\'' || value.back() != '\'') return std::string(value);
  value = value.substr(1, value.size() - 2);
  std::string made;
  for (size_t at = 0; at < value.size(); ++at) {
    if (value[at] == '\\' && at + 1 < value.size()) {
      made += unescaped(value[++at]);
    } else {
      if (value[at] == '\'') ++at;
      if (at < value.size()) made += value[at];
    }
  }
  return made;
}

std::vector<std::string> columns_of(std::string_view create_table) {
  std::vector<std::string> columns;
  for (const std::string& line : split(create_table, '\n')) {
    const std::string_view text = trim(line);
    if (!text.starts_with('`')) continue;
    std::string name;
    for (size_t at = 1; at < text.size(); ++at) {
      if (text[at] == '`' && (at + 1 == text.size() || text[at + 1] != '`')) break;
      if (text[at] == '`') ++at;
      name += text[at];
    }
    columns.push_back(std::move(name));
  }
  return columns;
}

std::optional<MysqlVersion> parse_server_version(std::string_view text) {
  // Old MariaDB servers begin with "5.5.5-", for clients that know no 10.
  if (text.starts_with("5.5.5-1")) text.remove_prefix(6);
  return make_version(text, ascii_lower(text).find("mariadb") != std::string::npos);
}

std::optional<MysqlVersion> parse_program_version(std::string_view text) {
  const bool is_mariadb = ascii_lower(text).find("mariadb") != std::string::npos;
  // "Ver 10.19 Distrib 10.11.19-MariaDB", "from 11.4.2-MariaDB, client 10.19", "Ver 8.0.36 for".
  for (const char* word : {"Distrib ", "from "}) {
    const size_t at = text.find(word);
    if (at == std::string_view::npos) continue;
    if (const auto version = make_version(text.substr(at), is_mariadb)) return version;
  }
  const size_t at = text.find("Ver ");
  return at == std::string_view::npos ? std::nullopt : make_version(text.substr(at), is_mariadb);
}

}  // namespace lifeboat
