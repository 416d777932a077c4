// Days are tried one by one over the 400 years after which the calendar repeats (146097 days, whole
// weeks): two milliseconds, and no rule of the calendar is written a second time. The longest gap
// of a schedule is often not in the next years: the 29th of February skips 2100.
#include "config/schedule.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <charconv>

#include "base/error.h"
#include "base/schedule_grace.h"
#include "base/text.h"

namespace lifeboat {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Names = std::array<std::string_view, 12>;

constexpr Names no_names{};
constexpr Names month_names{"jan", "feb", "mar", "apr", "may", "jun",
                            "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr Names weekday_names{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct FieldRule {
  unsigned min;
  unsigned max;
  const Names& names;  // of `min` and what follows
};

struct Field {
  std::bitset<60> values;
  bool is_star = false;  // begins with '*', as cron looks at it
};

struct Cron {
  Field minute;
  Field hour;
  Field day;  // of the month
  Field month;
  Field weekday;  // 0 is Sunday, 7 is not used
};

std::optional<unsigned> parse_number(std::string_view text) {
  unsigned value = 0;
  const auto end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return value;
}

std::optional<unsigned> parse_value(std::string_view text, const FieldRule& rule) {
  const auto named = std::find(rule.names.begin(), rule.names.end(), ascii_lower(text));
  if (!text.empty() && named != rule.names.end()) {
    return rule.min + static_cast<unsigned>(named - rule.names.begin());
  }
  const auto value = parse_number(text);
  return value && *value >= rule.min && *value <= rule.max ? value : std::nullopt;
}

// "*", "5", "1-5", "mon-fri", "*/15", "1-30/2".
bool add_item(std::string_view item, const FieldRule& rule, Field& field) {
  unsigned step = 1;
  const size_t slash = item.find('/');
  if (slash != std::string_view::npos) {
    const auto parsed = parse_number(item.substr(slash + 1));
    if (!parsed || *parsed == 0 || *parsed > rule.max) return false;
    step = *parsed;
    item = item.substr(0, slash);
    if (item != "*" && item.find('-') == std::string_view::npos) return false;
  }
  std::optional<unsigned> first = rule.min;
  std::optional<unsigned> last = rule.max;
  if (item != "*") {
    const size_t dash = item.find('-');
    first = parse_value(item.substr(0, dash), rule);
    last = dash == std::string_view::npos ? first : parse_value(item.substr(dash + 1), rule);
  }
  if (!first || !last || *first > *last) return false;
  for (unsigned value = *first; value <= *last; value += step) field.values.set(value);
  return true;
}

std::optional<Cron> parse_cron(std::string_view text) {
  std::vector<std::string> words = split(text, ' ');
  std::erase(words, "");
  if (words.size() != 5) return std::nullopt;
  Cron cron;
  const auto parse = [&](size_t at, const FieldRule& rule, Field& field) {
    field.is_star = words[at].starts_with('*');
    for (const std::string& item : split(words[at], ',')) {
      if (!add_item(item, rule, field)) return false;
    }
    return true;
  };
  if (!parse(0, {0, 59, no_names}, cron.minute) || !parse(1, {0, 23, no_names}, cron.hour) ||
      !parse(2, {1, 31, no_names}, cron.day) || !parse(3, {1, 12, month_names}, cron.month) ||
      !parse(4, {0, 7, weekday_names}, cron.weekday)) {
    return std::nullopt;
  }
  if (cron.weekday.values.test(7)) cron.weekday.values.set(0);
  return cron;
}

bool runs_on(const Cron& cron, std::chrono::sys_days day) {
  const Date date{day};
  if (!cron.month.values.test(unsigned{date.month()})) return false;
  const bool is_day = cron.day.values.test(unsigned{date.day()});
  const bool is_weekday = cron.weekday.values.test(std::chrono::weekday{day}.c_encoding());
  return cron.day.is_star || cron.weekday.is_star ? is_day && is_weekday : is_day || is_weekday;
}

constexpr std::chrono::sys_days begin = std::chrono::January / 1 / 2000;
constexpr std::chrono::sys_days end = std::chrono::January / 1 / 2400;

std::optional<seconds> longest_gap_of(const Cron& cron) {
  std::vector<minutes> times;  // of one day
  for (unsigned at = 0; at < 24 * 60; ++at) {
    if (cron.hour.values.test(at / 60) && cron.minute.values.test(at % 60)) times.emplace_back(at);
  }
  std::optional<std::chrono::sys_days> first;
  std::chrono::sys_days last;
  days longest{0};
  for (auto day = begin; day < end; day += days(1)) {
    if (!runs_on(cron, day)) continue;
    if (first) longest = std::max(longest, day - last);
    if (!first) first = day;
    last = day;
  }
  if (!first) return std::nullopt;
  longest = std::max(longest, (end - last) + (*first - begin));
  seconds gap = longest + times.front() - times.back();
  for (size_t at = 1; at < times.size(); ++at) {
    gap = std::max<seconds>(gap, times[at] - times[at - 1]);
  }
  return gap;
}

std::optional<double> runs_per_day_of(const Cron& cron) {
  size_t run_days = 0;
  for (auto day = begin; day < end; day += days(1)) run_days += runs_on(cron, day) ? 1 : 0;
  if (run_days == 0) return std::nullopt;
  const size_t a_day = cron.hour.values.count() * cron.minute.values.count();
  return static_cast<double>(run_days * a_day) / static_cast<double>((end - begin).count());
}

struct Word {
  std::string_view text;
  seconds gap;
  double runs_per_day;
};
constexpr std::array<Word, 4> words{{{"hourly", hours(1), 24},
                                     {"daily", days(1), 1},
                                     {"weekly", days(7), 1.0 / 7},
                                     {"monthly", days(31), 12.0 / 365}}};

const Word* find_word(std::string_view text) {
  const auto found = std::find_if(words.begin(), words.end(),
                                  [text](const Word& word) { return word.text == text; });
  return found == words.end() ? nullptr : &*found;
}

bool is_time_of_day(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return false;
  const auto hour = parse_number(text.substr(0, 2));
  const auto minute = parse_number(text.substr(3));
  return hour && minute && *hour < 24 && *minute < 60;
}

constexpr std::string_view manual = "manual";

}  // namespace

bool is_schedule(std::string_view text) {
  return text == manual || find_word(text) != nullptr || is_time_of_day(text) ||
         parse_cron(text).has_value();
}

std::optional<CronTimes> cron_times(std::string_view fields) {
  const auto cron = parse_cron(fields);
  if (!cron) return std::nullopt;
  const auto values_of = [](const Field& field, unsigned max) {
    std::vector<unsigned> values;
    for (unsigned value = 0; value <= max; ++value) {
      if (field.values.test(value)) values.push_back(value);
    }
    return values;
  };
  return CronTimes{.minutes = values_of(cron->minute, 59),
                   .hours = values_of(cron->hour, 23),
                   .days = values_of(cron->day, 31),
                   .months = values_of(cron->month, 12),
                   .weekdays = values_of(cron->weekday, 6),
                   .either_day = !cron->day.is_star && !cron->weekday.is_star};
}

std::optional<seconds> longest_gap(std::string_view schedule) {
  if (schedule == manual) return std::nullopt;
  if (const Word* word = find_word(schedule)) return word->gap;
  if (is_time_of_day(schedule)) return days(1);
  const auto cron = parse_cron(schedule);
  if (!cron) throw Bug("no schedule: " + std::string(schedule));
  return longest_gap_of(*cron);
}

std::optional<double> runs_per_day(std::string_view schedule) {
  if (schedule == manual) return std::nullopt;
  if (const Word* word = find_word(schedule)) return word->runs_per_day;
  if (is_time_of_day(schedule)) return 1;
  const auto cron = parse_cron(schedule);
  if (!cron) throw Bug("no schedule: " + std::string(schedule));
  return runs_per_day_of(*cron);
}

std::optional<seconds> stale_after(std::string_view schedule) {
  const auto gap = longest_gap(schedule);
  if (!gap) return std::nullopt;
  return *gap + schedule_grace;
}

}  // namespace lifeboat
