// One open issue a host and problem: opened, commented, and closed once the problem is over.
//
// The issues themselves say which problems are open: nothing is remembered here that could be lost
// or differ from what people see. They are looked for by their labels and, should these be missing
// (a token that may set none; somebody took them off), among all open issues. The search API is
// not used: it lags behind and has a limit of its own.
// https://docs.github.com/en/rest/issues/issues

#include <algorithm>
#include <map>
#include <utility>

#include "base/format.h"
#include "base/log.h"
#include "observe/notify/github_api.h"
#include "observe/notify/github_text.h"
#include "observe/notify/sender.h"

namespace lifeboat {
namespace {

constexpr size_t labelled_pages_max = 50;
constexpr size_t unlabelled_pages_max = 10;  // 1000 issues and pull requests

// Of one host: its open issues by problem, oldest first.
using OpenIssues = std::map<std::string, std::vector<GithubIssue>, std::less<>>;

class GithubNotifier final : public Notifier {
 public:
  GithubNotifier(GithubTarget target, const NotifyWorld& world)
      : api_(target, world), clock_(world.clock) {
    target_id_ = hash_settings({target.api_url, target.repo, reveal(target.token)});
    log_redact(reveal(target.token));
  }

  std::string_view name() const override { return "github"; }
  std::string target_id() const override { return target_id_; }
  bool wants(const Notice& notice) const override {
    if (notice.kind == NoticeKind::started) return false;
    return is_test(notice) || !notice.problems.empty() || !notice.resolved.empty();
  }
  void tell(const Notice& notice) override;

 private:
  static bool is_test(const Notice& notice) { return notice.activity == "test"; }
  OpenIssues find_open(const Notice& notice);
  GithubIssue report(const Notice& notice, const Problem& problem,
                     const std::vector<GithubIssue>& open);
  void repeat(const Notice& notice, const Problem& problem, const GithubIssue& issue);
  void close(const Notice& notice, const GithubIssue& issue);

  GithubApi api_;
  Clock& clock_;
  std::string target_id_;
};

void GithubNotifier::tell(const Notice& given) {
  api_.begin_notice();
  Notice notice = given;
  if (notice.time == Timestamp{}) notice.time = clock_.now();
  if (is_test(notice) && notice.problems.empty()) {
    notice.problems.push_back({.id = "test",
                               .title = notice.title,
                               .cause = "This is a test: the issue is closed at once.",
                               .hints = {}});
  }
  const OpenIssues open = find_open(notice);
  for (const Problem& problem : notice.problems) {
    const auto found = open.find(problem.id);
    const GithubIssue issue =
        report(notice, problem, found == open.end() ? std::vector<GithubIssue>{} : found->second);
    if (is_test(notice)) close(notice, issue);
  }
  for (const auto& [id, issues] : open) {
    if (!resolves(notice, id)) continue;
    for (const GithubIssue& issue : issues) close(notice, issue);
  }
}

OpenIssues GithubNotifier::find_open(const Notice& notice) {
  OpenIssues open;
  const auto add = [&](const std::vector<GithubIssue>& issues) {
    for (const GithubIssue& issue : issues) {
      const auto key = read_issue_mark(issue.body);
      if (!key || key->host != notice.host) continue;
      auto& known = open[key->id];
      const auto place = std::lower_bound(
          known.begin(), known.end(), issue.number,
          [](const GithubIssue& other, uint64_t number) { return other.number < number; });
      if (place == known.end() || place->number != issue.number) known.insert(place, issue);
    }
  };
  add(api_.open_issues({"lifeboat", host_label(notice.host)}, labelled_pages_max));
  const bool all_known =
      std::all_of(notice.problems.begin(), notice.problems.end(),
                  [&open](const Problem& problem) { return open.contains(problem.id); });
  if (!all_known || !notice.resolved.empty()) add(api_.open_issues({}, unlabelled_pages_max));
  return open;
}

GithubIssue GithubNotifier::report(const Notice& notice, const Problem& problem,
                                   const std::vector<GithubIssue>& open) {
  if (!open.empty()) {
    repeat(notice, problem, open.front());
    // Two machines told the same at one time.
    for (size_t i = 1; i < open.size(); ++i) {
      api_.comment(open[i], format("The same as #{}.", open.front().number));
      api_.close(open[i], "not_planned");
    }
    return open.front();
  }
  const Sightings seen = see_again({}, problem.cause, notice.time);
  const auto find = [&]() -> std::optional<GithubIssue> {
    const OpenIssues now_open = find_open(notice);
    const auto found = now_open.find(problem.id);
    if (found == now_open.end()) return std::nullopt;
    return found->second.front();
  };
  return api_.create(issue_title(problem), issue_body(notice, problem, seen),
                     {"lifeboat", host_label(notice.host)}, find);
}

// The comment first: if the text cannot be brought up to date then, the next notice repeats the
// comment, and the other way round it would be lost.
void GithubNotifier::repeat(const Notice& notice, const Problem& problem,
                            const GithubIssue& issue) {
  const auto earlier = read_sightings(issue.body);
  const Sightings seen = see_again(earlier, problem.cause, notice.time);
  if (wants_comment(earlier, problem.cause, notice.time)) {
    api_.comment(issue, repeat_comment(problem, seen, earlier));
  }
  const std::string body = replace_issue_body(issue.body, issue_body(notice, problem, seen));
  if (body != issue.body) api_.edit_body(issue, body);
}

void GithubNotifier::close(const Notice& notice, const GithubIssue& issue) {
  api_.comment(issue, recovery_comment(notice, read_sightings(issue.body)));
  api_.close(issue, "completed");
}

}  // namespace

std::unique_ptr<Notifier> make_github_notifier(GithubTarget target, const NotifyWorld& world) {
  return std::make_unique<GithubNotifier>(std::move(target), world);
}

}  // namespace lifeboat
