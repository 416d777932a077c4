#include "observe/notify/notice_text.h"

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"

namespace lifeboat {
namespace {

size_t units_of(size_t utf8_bytes) { return utf8_bytes == 4 ? 2 : 1; }

// Lines of `text`, printable, each behind `indent`.
void append_lines(std::string& target, std::string_view indent, std::string_view text) {
  for (const std::string& line : split(trim(text), '\n')) {
    target += format("{}{}\n", indent, printable(trim(line)));
  }
}

}  // namespace

size_t utf16_units(std::string_view utf8) {
  size_t units = 0;
  while (!utf8.empty()) {
    const size_t length = std::max<size_t>(1, utf8_length(utf8));
    units += units_of(length);
    utf8.remove_prefix(length);
  }
  return units;
}

std::string shorten(std::string_view text, size_t units_max) {
  const size_t units = utf16_units(text);
  if (units <= units_max) return std::string(text);
  constexpr size_t told_units = 32;  // "… (N more)"
  ensure(units_max >= told_units, "there is room to tell what is left out");
  size_t kept_bytes = 0;
  size_t kept_units = 0;
  for (;;) {
    const size_t length = std::max<size_t>(1, utf8_length(text.substr(kept_bytes)));
    if (kept_units + units_of(length) > units_max - told_units) break;
    kept_bytes += length;
    kept_units += units_of(length);
  }
  return format("{}… ({} more)", text.substr(0, kept_bytes), units - kept_units);
}

std::string one_line(std::string_view text) {
  std::string line(trim(text));
  std::replace_if(
      line.begin(), line.end(), [](char letter) { return letter == '\n' || letter == '\r'; }, ' ');
  return printable(line);
}

std::string_view recovery_line(const Notice& notice) {
  return notice.is_recovery ? "What did not work before works again." : "";
}

std::string print_plain(const Notice& notice) {
  std::string text;
  if (notice.is_recovery) text += format("{}\n\n", recovery_line(notice));
  for (const Problem& problem : notice.problems) {
    if (problem.title != notice.title) append_lines(text, "", problem.title);
    append_lines(text, "  ", problem.cause);
    for (const std::string& hint : problem.hints) append_lines(text, "  hint: ", hint);
    text += '\n';
  }
  for (const NoticeFact& fact : notice.facts) {
    text += format("{}: {}\n", one_line(fact.name), one_line(fact.value));
  }
  for (const std::string& warning : notice.warnings) append_lines(text, "warning: ", warning);
  return text;
}

}  // namespace lifeboat
