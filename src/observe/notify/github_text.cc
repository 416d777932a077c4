#include "observe/notify/github_text.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/format.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "observe/notify/notice_text.h"

namespace lifeboat {
namespace {

using std::chrono::days;
using std::chrono::hours;

constexpr std::string_view mark_begin = "<!-- lifeboat:";
constexpr std::string_view state_begin = "<!-- lifeboat-state ";
constexpr std::string_view mark_end = " -->";
constexpr std::string_view end_mark = "<!-- lifeboat:end -->";

// Nights are not a day apart to the second.
constexpr hours daily = hours(20);
constexpr hours weekly = days(7) - hours(4);
constexpr hours new_cause_min = hours(1);

// All parts at their longest are well below GitHub's limit.
constexpr size_t body_characters_max = 65'536;
constexpr size_t cause_characters_max = 6000;
constexpr size_t line_characters_max = 300;
constexpr size_t hints_max = 10;
constexpr size_t warnings_max = 10;
constexpr size_t facts_max = 40;

std::string clean_line(std::string_view text, size_t characters_max) {
  return shorten(one_line(redact(text)), characters_max);
}

// Longer than any run of backticks in `text`, and at least `shortest`.
std::string fence_for(std::string_view text, std::string_view shortest) {
  std::string fence(shortest);
  while (text.find(fence) != std::string_view::npos) fence += '`';
  return fence;
}

std::string code_span(std::string_view text, size_t characters_max) {
  const std::string line = clean_line(text, characters_max);
  if (line.empty()) return "–";
  const std::string fence = fence_for(line, "`");
  const std::string_view pad = fence.size() > 1 ? " " : "";
  return format("{}{}{}{}{}", fence, pad, line, pad, fence);
}

std::string code_block(std::string_view text, size_t characters_max) {
  std::string block;
  for (const std::string& line : split(redact(text), '\n')) {
    block += printable(line) + "\n";
  }
  block = shorten(trim(block), characters_max);
  const std::string fence = fence_for(block, "```");
  return format("{}text\n{}\n{}\n", fence, block, fence);
}

std::string list_of(const std::vector<std::string>& lines, size_t max) {
  std::string list;
  for (size_t i = 0; i < std::min(max, lines.size()); ++i) {
    list += format("- {}\n", code_span(lines[i], line_characters_max));
  }
  if (lines.size() > max) list += format("- … and {} more\n", lines.size() - max);
  return list;
}

std::string runbook_section(std::string_view id) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 8> sections{{
      {"backup/", "BackupFailed"},
      {"killed/", "BackupFailed"},
      {"unit/", "BackupFailed"},
      {"service/", "BackupPartial"},
      {"drill/", "BackupDrillFailed"},
      {"watch/", "BackupStale"},
      {"notifier/", "BackupNotifierFailing"},
      {"metrics/", "BackupMetricsBroken"},
  }};
  if (id.starts_with("alert/")) {
    id.remove_prefix(6);
    return std::string(id.substr(0, id.find('/')));
  }
  for (const auto& [prefix, section] : sections) {
    if (id.starts_with(prefix)) return std::string(section);
  }
  return "";
}

std::string sightings_line(const Sightings& seen) {
  return format("Seen {} from {} to {}.", print_count(seen.count, "time", "times"),
                print_time(seen.first), print_time(seen.last));
}

std::string print_state(const Sightings& seen) {
  const Json state{{"first", print_time(seen.first)},
                   {"last", print_time(seen.last)},
                   {"told", print_time(seen.told)},
                   {"count", seen.count},
                   {"cause", seen.cause}};
  return format("{}{}{}", state_begin, print_json_line(state), mark_end);
}

}  // namespace

std::string issue_mark(const ProblemKey& key) {
  return format("{}{}:{}{}", mark_begin, percent_encode(key.host), percent_encode(key.id, "/"),
                mark_end);
}

std::optional<ProblemKey> read_issue_mark(std::string_view body) {
  const size_t begin = body.find(mark_begin);
  if (begin == std::string_view::npos) return std::nullopt;
  body.remove_prefix(begin + mark_begin.size());
  const std::string_view mark = body.substr(0, body.find(mark_end));
  const size_t colon = mark.find(':');
  if (mark.size() == body.size() || colon == std::string_view::npos) return std::nullopt;
  const auto host = percent_decode(mark.substr(0, colon));
  const auto id = percent_decode(mark.substr(colon + 1));
  if (!host || !id) return std::nullopt;
  return ProblemKey{*host, *id};
}

std::optional<Sightings> read_sightings(std::string_view body) {
  const size_t begin = body.find(state_begin);
  if (begin == std::string_view::npos) return std::nullopt;
  body.remove_prefix(begin + state_begin.size());
  const std::string text(body.substr(0, body.find(mark_end)));
  // A person may have edited it: what cannot be understood is not known.
  const Json state = Json::parse(text, nullptr, false);
  if (!state.is_object()) return std::nullopt;
  const auto time = [&state](const char* name) -> std::optional<Timestamp> {
    const auto found = state.find(name);
    if (found == state.end() || !found->is_string()) return std::nullopt;
    try {
      return parse_time(found->get<std::string>());
    } catch (const Error&) {
      return std::nullopt;
    }
  };
  const auto first = time("first");
  const auto last = time("last");
  const auto told = time("told");
  const auto count = state.find("count");
  const auto cause = state.find("cause");
  if (!first || !last || !told || count == state.end() || !count->is_number_unsigned() ||
      cause == state.end() || !cause->is_string()) {
    return std::nullopt;
  }
  return Sightings{*first, *last, *told, count->get<uint64_t>(), cause->get<std::string>()};
}

std::string cause_digest(std::string_view cause) {
  std::string words;
  for (const char letter : cause) {
    const bool is_digit = letter >= '0' && letter <= '9';
    if (!is_digit) words += letter;
  }
  return sha256_hex(as_bytes(words)).substr(0, 16);
}

Sightings see_again(const std::optional<Sightings>& earlier, std::string_view cause,
                    Timestamp now) {
  Sightings seen = earlier.value_or(Sightings{});
  if (!earlier) seen.first = now;
  if (wants_comment(earlier, cause, now)) {
    seen.told = now;
    seen.cause = cause_digest(cause);
  }
  seen.last = now;
  ++seen.count;
  return seen;
}

bool wants_comment(const std::optional<Sightings>& earlier, std::string_view cause, Timestamp now) {
  if (!earlier) return true;
  const auto silence = now - earlier->told;
  if (cause_digest(cause) != earlier->cause) return silence >= new_cause_min;
  return silence >= (now - earlier->first < days(7) ? daily : weekly);
}

std::string host_label(std::string_view host) {
  std::string label = printable(host);
  std::replace(label.begin(), label.end(), ',', '_');  // separates labels in a query
  return shorten(label, label_characters_max);
}

std::string issue_title(const Problem& problem) {
  return clean_line(problem.title.empty() ? problem.id : problem.title, issue_title_characters_max);
}

std::string issue_body(const Notice& notice, const Problem& problem, const Sightings& seen) {
  std::string body = issue_mark({notice.host, problem.id}) + "\n" + print_state(seen) + "\n";
  body += format("Host {}, problem {}. {}\n\n### Cause\n\n{}",
                 code_span(notice.host, line_characters_max),
                 code_span(problem.id, line_characters_max), sightings_line(seen),
                 code_block(problem.cause, cause_characters_max));
  const std::string section = runbook_section(problem.id);
  std::string next = list_of(problem.hints, hints_max);
  if (!section.empty()) {
    next += format("- Section {} of Lifeboat's docs/runbook.md says what to check.\n",
                   code_span("Alert: " + section, line_characters_max));
  }
  if (!next.empty()) body += "\n### What to do\n\n" + next;
  if (!notice.warnings.empty()) {
    body += "\n### Warnings\n\n" + list_of(notice.warnings, warnings_max);
  }
  std::vector<std::string> facts;
  for (const NoticeFact& fact : notice.facts) facts.push_back(fact.name + ": " + fact.value);
  if (!facts.empty()) body += "\n### Facts\n\n" + list_of(facts, facts_max);
  body += "\nLifeboat keeps this text up to date, and closes the issue once the problem is over.\n";
  return body + std::string(end_mark);
}

std::string replace_issue_body(std::string_view body, std::string_view ours) {
  const size_t begin = body.find(mark_begin);
  const size_t end = body.find(end_mark);
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) {
    return std::string(body);  // somebody made it theirs
  }
  std::string made(body.substr(0, begin));
  made += ours;
  made += body.substr(end + end_mark.size());
  return made.size() <= body_characters_max ? made : std::string(body);
}

std::string repeat_comment(const Problem& problem, const Sightings& seen,
                           const std::optional<Sightings>& earlier) {
  const bool is_new_cause = earlier && earlier->cause != seen.cause;
  return format(
      "It is still there{}. {}\n\n{}\nThe text above is brought up to date each time. A comment "
      "follows when the "
      "cause changes, once a day in the first week, and once a week after that.",
      is_new_cause ? ", with another cause than before" : "", sightings_line(seen),
      code_block(problem.cause, cause_characters_max));
}

std::string recovery_comment(const Notice& notice, const std::optional<Sightings>& seen) {
  const std::string title = code_span(notice.title, line_characters_max);
  return format("It is over: {}.{}", title, seen ? " " + sightings_line(*seen) : "");
}

}  // namespace lifeboat
