#include "observe/notice.h"

#include <algorithm>

#include "base/error.h"

namespace lifeboat {

std::string_view notice_kind_name(NoticeKind kind) {
  switch (kind) {
    case NoticeKind::started:
      return "started";
    case NoticeKind::success:
      return "success";
    case NoticeKind::warning:
      return "warning";
    case NoticeKind::failure:
      return "failure";
  }
  throw Bug("unknown kind of notice");
}

bool resolves(const Notice& notice, std::string_view id) {
  const auto is_it = [id](const Problem& problem) { return problem.id == id; };
  if (std::any_of(notice.problems.begin(), notice.problems.end(), is_it)) return false;
  return std::any_of(notice.resolved.begin(), notice.resolved.end(), [id](const std::string& over) {
    return over == id || (over.ends_with('/') && id.starts_with(over));
  });
}

}  // namespace lifeboat
