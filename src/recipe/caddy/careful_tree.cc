#include "recipe/caddy/careful_tree.h"

#include "base/format.h"
#include "base/text.h"

namespace lifeboat {

CarefulTree::CarefulTree(std::filesystem::path folder, TreeOptions options)
    : folder_(std::move(folder)),
      prefix_(options.prefix + "/"),
      stop_(options.stop),
      tree_(folder_, std::move(options)) {}

void CarefulTree::hold(SettledFile file) {
  std::string path = file.meta.path;
  held_.insert_or_assign(std::move(path), std::move(file));
}

void CarefulTree::hold_json(const std::string& path) {
  SettledFile file = read_until_valid(folder_, path, check_json_object, stop_);
  if (!file.fault.empty()) note(format("'{}': {}", printable(path), file.fault));
  hold(std::move(file));
}

std::optional<Member> CarefulTree::next(const std::function<bool(const std::string& path)>& wants) {
  while (std::optional<Member> member = tree_.next()) {
    if (member->meta.type != FileType::file) return member;
    const std::string path = member->meta.path.substr(prefix_.size());
    // It comes again because it changed under the tree: what was held is what was meant.
    if (given_.contains(path) || !wants(path)) continue;
    if (holds(path)) return give(path);
    return member;
  }
  if (held_.empty()) return std::nullopt;
  return give(held_.begin()->first);
}

Member CarefulTree::give(const std::string& path) {
  SettledFile file = std::move(held_.extract(path).mapped());
  given_.insert(file.meta.path);
  file.meta.path = prefix_ + file.meta.path;
  Member member = text_member(file.meta.path, std::move(file.text), file.meta.mtime);
  member.meta = std::move(file.meta);
  return member;
}

std::vector<std::string> CarefulTree::warnings() const {
  std::vector<std::string> all = tree_.warnings();
  for (std::string& note : notes_.list()) all.push_back(std::move(note));
  return all;
}

}  // namespace lifeboat
