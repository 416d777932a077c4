#include "cli/render_install.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"

namespace lifeboat::cli {
namespace {

using Action = FileChange::Action;
using Kind = FileChange::Kind;

std::string_view name_of(Action action) {
  switch (action) {
    case Action::create:
      return "create";
    case Action::change:
      return "change";
    case Action::remove:
      return "remove";
    case Action::keep:
      return "keep";
  }
  throw Bug("unknown action");
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines = split(text, '\n');
  if (lines.back().empty()) lines.pop_back();
  return lines;
}

// What is between the lines that both texts begin and end with.
std::string changed_lines(const FileChange& one, const Style& style) {
  const std::vector<std::string> before = lines_of(one.before);
  const std::vector<std::string> after = lines_of(one.after);
  const auto [old_begin, new_begin] =
      std::mismatch(before.begin(), before.end(), after.begin(), after.end());
  const size_t head = static_cast<size_t>(old_begin - before.begin());
  const size_t most = std::min(before.size(), after.size()) - head;
  size_t tail = 0;
  while (tail < most && before[before.size() - 1 - tail] == after[after.size() - 1 - tail]) ++tail;
  std::string text;
  for (size_t at = head; at + tail < before.size(); ++at) {
    text += style.bad(format("- {}", printable(before[at]))) + "\n";
  }
  for (size_t at = head; at + tail < after.size(); ++at) {
    text += style.good(format("+ {}", printable(after[at]))) + "\n";
  }
  return text;
}

std::string render_change(const FileChange& one, const Style& style) {
  std::string text =
      style.strong(format("{} {}", name_of(one.action), printable(one.path.native())));
  if (one.kind == Kind::folder) return text + "/\n";
  if (one.kind == Kind::record) return text + " (what was there before)\n";
  if (one.kind == Kind::link && one.action != Action::remove) {
    return text + format(" -> {}\n", printable(one.after));
  }
  text += "\n";
  return one.action == Action::remove ? text : text + changed_lines(one, style);
}

}  // namespace

std::string render_install(const InstallPlan& plan, const Style& style) {
  if (!plan.changes_anything()) return "nothing to change\n";
  std::string text;
  for (const FileChange& one : plan.files) {
    if (one.action != Action::keep) text += render_change(one, style);
  }
  for (const std::vector<std::string>& command : plan.commands) {
    text += style.strong(format("run {}", join(command, " "))) + "\n";
  }
  return text;
}

Json install_to_json(const InstallPlan& plan, bool dry_run) {
  Json files = Json::array();
  for (const FileChange& one : plan.files) {
    files.push_back({{"action", name_of(one.action)},
                     {"path", one.path.native()},
                     {"mode", format("{:04o}", one.mode)},
                     {"before", one.before},
                     {"after", one.after}});
  }
  return {{"dry_run", dry_run},
          {"changed", plan.changes_anything()},
          {"files", files},
          {"commands", plan.commands},
          {"warnings", plan.warnings}};
}

}  // namespace lifeboat::cli
