#include "observe/notify/discord_message.h"

#include <algorithm>
#include <vector>

#include "base/format.h"
#include "base/text.h"
#include "observe/notify/notice_text.h"

namespace lifeboat {
namespace {

// Discord counts code points (github.com/discord/discord-api-docs/issues/1315); we count UTF-16
// units, of which there are never fewer.
constexpr size_t title_max = 256;
constexpr size_t description_max = 4096;
constexpr size_t fields_max = 25;
constexpr size_t field_name_max = 256;
constexpr size_t field_value_max = 1024;
constexpr size_t all_max = 6000;
// Ours, so that one long text does not push all others out.
constexpr size_t footer_max = 200;
constexpr size_t cause_max = 1500;
constexpr size_t hint_max = 300;
constexpr size_t hints_max = 4;
constexpr size_t fields_share = 1500;  // of all, if the description is long
constexpr size_t inline_max = 40;

// Whether the letter at `at` would mean something to Discord.
bool is_markup(std::string_view text, size_t at) {
  constexpr std::string_view always = "\\*_~`|[]<>@";
  if (always.find(text[at]) != std::string_view::npos) return true;
  if (text[at] == ':') return text.substr(at + 1, 2) == "//";  // else the URL would be a link
  constexpr std::string_view at_line_start = "#-+.)";
  if (at_line_start.find(text[at]) == std::string_view::npos) return false;
  const size_t line_end = text.rfind('\n', at);
  const size_t begin = line_end == std::string_view::npos ? 0 : line_end + 1;
  const std::string_view before = trim(text.substr(begin, at - begin));
  if (before.empty()) return text[at] != '.' && text[at] != ')';
  const bool is_number = before.find_first_not_of("0123456789") == std::string_view::npos;
  return is_number && (text[at] == '.' || text[at] == ')');
}

std::string printable_lines(std::string_view text) {
  std::string lines;
  for (const std::string& line : split(trim(text), '\n')) {
    if (!lines.empty()) lines += '\n';
    lines += printable(trim(line));
  }
  return lines;
}

// Lines that stop where there is no more room, and then say how many there were.
class Lines {
 public:
  explicit Lines(size_t units_max) : room_(units_max - told_units) {}

  void add(const std::string& block) {
    const size_t units = utf16_units(block) + 1;
    if (left_out_ == 0 && units <= room_) {
      if (!text_.empty()) text_ += '\n';
      text_ += block;
      room_ -= units;
    } else {
      ++left_out_;
    }
  }
  std::string text() const {
    return left_out_ == 0 ? text_ : format("{}\n… ({} more)", text_, left_out_);
  }

 private:
  static constexpr size_t told_units = 32;
  size_t room_;
  size_t left_out_ = 0;
  std::string text_;
};

std::string describe(const Problem& problem, const Notice& notice) {
  std::string block;
  if (problem.title != notice.title) {
    block = format("**{}**\n", escape_markdown(one_line(problem.title), title_max));
  }
  block += escape_markdown(problem.cause, cause_max);
  for (size_t at = 0; at < std::min(problem.hints.size(), hints_max); ++at) {
    block += format("\n→ {}", escape_markdown(problem.hints[at], hint_max));
  }
  return block;
}

std::string describe(const Notice& notice, size_t units_max) {
  Lines lines(units_max);
  if (notice.is_recovery) lines.add(std::string(recovery_line(notice)));
  for (const Problem& problem : notice.problems) lines.add(describe(problem, notice));
  for (const std::string& warning : notice.warnings) {
    lines.add("⚠ " + escape_markdown(warning, cause_max));
  }
  return lines.text();
}

struct Field {
  std::string name;
  std::string value;

  size_t units() const { return utf16_units(name) + utf16_units(value); }
  Json json() const {
    return {{"name", name}, {"value", value}, {"inline", utf16_units(value) <= inline_max}};
  }
};

// Discord refuses a field without a name or value.
std::string or_dash(std::string text) { return text.empty() ? "–" : text; }

std::vector<Field> fields_of(const Notice& notice) {
  std::vector<Field> fields;
  for (const NoticeFact& fact : notice.facts) {
    fields.push_back({or_dash(escape_markdown(one_line(fact.name), field_name_max)),
                      or_dash(escape_markdown(fact.value, field_value_max))});
  }
  return fields;
}

Json print_fields(const std::vector<Field>& fields, size_t room) {
  constexpr size_t told_units = 32;
  Json printed = Json::array();
  for (size_t at = 0; at < fields.size(); ++at) {
    const size_t left = fields.size() - at;
    const size_t reserve = left == 1 ? 0 : told_units;
    const bool is_last_place = printed.size() + 1 == fields_max && left > 1;
    if (is_last_place || fields[at].units() + reserve > room) {
      printed.push_back(Field{"…", format("{} more", left)}.json());
      break;
    }
    room -= fields[at].units();
    printed.push_back(fields[at].json());
  }
  return printed;
}

struct Look {
  std::string_view sign;  // for those who do not see the colour
  int color;
};

Look look_of(NoticeKind kind) {
  switch (kind) {
    case NoticeKind::failure:
      return {"❌", 0xE0'3E'3E};
    case NoticeKind::warning:
      return {"⚠️", 0xE6'A1'17};
    default:
      return {"✅", 0x2E'A0'43};
  }
}

}  // namespace

std::string escape_markdown(std::string_view text, size_t units_max) {
  constexpr size_t told_units = 32;  // "… (N more)"
  const std::string lines = printable_lines(text);
  std::string escaped;
  size_t units = 0;
  size_t kept_bytes = 0;    // of `escaped`, if it becomes too long
  size_t kept_letters = 0;  // bytes of `lines` in these
  for (size_t at = 0; at < lines.size();) {
    const size_t length = utf8_length(std::string_view(lines).substr(at));
    const size_t before = escaped.size();
    if (is_markup(lines, at)) escaped += '\\';
    escaped.append(lines, at, length);
    at += length;
    units += utf16_units(std::string_view(escaped).substr(before));
    if (units + told_units <= units_max) {
      kept_bytes = escaped.size();
      kept_letters = at;
    }
  }
  if (units <= units_max) return escaped;
  return format("{}… ({} more)", escaped.substr(0, kept_bytes),
                utf16_units(std::string_view(lines).substr(kept_letters)));
}

Json make_discord_message(const Notice& notice) {
  const Look look = look_of(notice.kind);
  const std::string title =
      format("{} {}", look.sign, escape_markdown(one_line(notice.title), title_max - 4));
  std::string where = one_line(notice.host);
  for (const auto& [separator, part] : {std::pair(" · ", notice.activity), {" ", notice.job}}) {
    if (!part.empty()) where += (where.empty() ? "" : separator) + one_line(part);
  }
  const std::string footer = shorten(or_dash(where), footer_max);
  const std::vector<Field> fields = fields_of(notice);
  size_t fields_units = 0;
  for (const Field& field : fields) fields_units += field.units();
  size_t room = all_max - utf16_units(title) - utf16_units(footer);
  const std::string description =
      describe(notice, std::min(description_max, room - std::min(fields_units, fields_share)));
  room -= utf16_units(description);

  Json embed{{"title", title}, {"color", look.color}};
  if (!description.empty()) embed["description"] = description;
  if (!fields.empty()) embed["fields"] = print_fields(fields, room);
  embed["footer"] = {{"text", footer}};
  embed["timestamp"] = print_time(notice.time);
  return {{"embeds", Json::array({embed})}, {"allowed_mentions", {{"parse", Json::array()}}}};
}

}  // namespace lifeboat
