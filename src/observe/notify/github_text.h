// What a GitHub issue says, and how its problem is found again in it.
//
// An issue's body begins with a hidden mark that names host and problem, and a second one with what
// was seen so far: the issue itself is the memory, so that any machine with the token can go on
// from it, and a lost state file files nothing twice. Foreign text stands in code: there
// GitHub makes no links, mentions nobody and touches no other issue, and a command can be copied as
// it is. Escaping would take invisible letters for that, which are copied too.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "observe/notice.h"

namespace lifeboat {

// https://docs.github.com/en/rest/issues: a title has 256 characters at most, a body 65,536 and a
// label's name 50.
inline constexpr size_t issue_title_characters_max = 256;
inline constexpr size_t label_characters_max = 50;

struct ProblemKey {
  std::string host;
  std::string id;
};

// Of one problem, since its issue was opened.
struct Sightings {
  Timestamp first{};
  Timestamp last{};
  Timestamp told{};  // when the issue was opened, or commented for the last time
  uint64_t count = 0;
  std::string cause;  // digest of the cause, its numbers left out
};

// "<!-- lifeboat:vps-h1:backup/nightly -->"
std::string issue_mark(const ProblemKey& key);
// Nothing for a body without a mark, or with a broken one.
std::optional<ProblemKey> read_issue_mark(std::string_view body);
std::optional<Sightings> read_sightings(std::string_view body);

std::string cause_digest(std::string_view cause);
// With one more sighting. Nothing known: the first.
Sightings see_again(const std::optional<Sightings>& earlier, std::string_view cause, Timestamp now);
// Whether to comment on a problem that is still there. Its issue's text is brought up to date each
// time; a comment rings somebody's phone. One a night for a year would be muted, and none would be
// forgotten: a new cause is told at once (at most hourly), the same one daily for a week, then
// weekly.
bool wants_comment(const std::optional<Sightings>& earlier, std::string_view cause, Timestamp now);

// A label's name for `host`.
std::string host_label(std::string_view host);
std::string issue_title(const Problem& problem);
std::string issue_body(const Notice& notice, const Problem& problem, const Sightings& seen);
// `ours` in place of what we wrote into `body` earlier; what people wrote around it stays.
std::string replace_issue_body(std::string_view body, std::string_view ours);
std::string repeat_comment(const Problem& problem, const Sightings& seen,
                           const std::optional<Sightings>& earlier);
std::string recovery_comment(const Notice& notice, const std::optional<Sightings>& seen);

}  // namespace lifeboat
