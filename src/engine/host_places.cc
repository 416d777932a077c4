#include "engine/host_places.h"

#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "io/no_links.h"
#include "process/process.h"
#include "recipe/volume/walk.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

// "https://token@host/x" -> "https://host/x"; "git@host:x" is a name and stays.
std::string without_user(const std::string& url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string::npos) return url;
  const size_t slash = url.find('/', scheme + 3);
  const size_t at = url.rfind('@', slash);
  if (at == std::string::npos || at < scheme) return url;
  return url.substr(0, scheme + 3) + url.substr(at + 1);
}

std::string ask_git(const fs::path& folder, std::vector<std::string> words, const Clock& clock,
                    const StopToken& stop) {
  ChildOptions child;
  child.argv = {"git", "-c", "core.fsmonitor=false", "-C", folder.native()};
  child.argv.insert(child.argv.end(), words.begin(), words.end());
  child.environment = {{"GIT_OPTIONAL_LOCKS", "0"}};  // it only looks
  child.timeout = std::chrono::minutes(1);
  child.stop = stop;
  return run_command(std::move(child), clock).output;
}

// Folders that can be made again. What else git ignores tends to be secrets and data.
bool is_cache(std::string_view path) {
  if (!path.ends_with('/')) return false;
  path.remove_suffix(1);
  const std::string_view name = path.substr(path.rfind('/') + 1);
  constexpr std::array<std::string_view, 8> caches{
      "node_modules", "__pycache__", ".venv", "venv", ".cache", ".terraform", "dist", "target"};
  return std::find(caches.begin(), caches.end(), name) != caches.end();
}

// Reads `git status --porcelain --branch --ignored`.
std::string problem_of(const std::string& status) {
  size_t changed = 0;
  std::vector<std::string> ignored;
  for (const std::string& line : split(status, '\n')) {
    if (line.starts_with("## ")) {
      if (line.find("...") == std::string::npos) return "its branch has no remote one";
      if (line.find("[ahead ") != std::string::npos) return "it has commits that are not pushed";
    } else if (line.starts_with("!! ")) {
      if (!is_cache(line.substr(3))) ignored.push_back(printable(line.substr(3)));
    } else if (!line.empty()) {
      ++changed;
    }
  }
  if (changed > 0) return format("{} changed or new", print_count(changed, "file is", "files are"));
  if (ignored.empty()) return "";
  const size_t more = ignored.size() - 1;
  return format("git ignores '{}'{}", ignored.front(),
                more == 0 ? "" : format(" and {} more", more));
}

void expand(const fs::path& at, const std::vector<std::string>& parts, size_t part,
            std::vector<fs::path>& found) {
  if (part == parts.size()) {
    found.push_back(at);
    return;
  }
  if (parts[part].find('*') == std::string::npos) {
    expand(at / parts[part], parts, part + 1, found);
    return;
  }
  std::error_code error;
  auto entry = fs::directory_iterator(at, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().native();
    if (::fnmatch(parts[part].c_str(), name.c_str(), FNM_PERIOD) != 0) continue;
    expand(entry->path(), parts, part + 1, found);
  }
}

}  // namespace

std::optional<PlaceSize> measure_place(const fs::path& path, const StopToken& stop) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  if (S_ISREG(status.st_mode)) return PlaceSize{static_cast<uint64_t>(status.st_size), false};
  if (!S_ISDIR(status.st_mode)) return PlaceSize{};
  PlaceSize size;
  try {
    TreeWalk walk(trusted_path(path), {}, stop);
    for (uint64_t entries = 0; const auto entry = walk.next(); ++entries) {
      if (entries == entries_counted_max) {
        size.is_larger = true;
        break;
      }
      if (S_ISREG(entry->status.st_mode)) {
        size.bytes += static_cast<uint64_t>(entry->status.st_size);
      }
    }
  } catch (const Error&) {
    return std::nullopt;
  }
  return size;
}

std::vector<std::string> find_places(const fs::path& root, std::string_view pattern) {
  std::vector<std::string> parts = split(pattern, '/');
  std::erase(parts, "");
  std::vector<fs::path> found;
  expand(root, parts, 0, found);
  std::vector<std::string> places;
  for (const fs::path& path : found) {
    std::error_code error;
    const auto status = fs::symlink_status(path, error);
    const bool is_file = fs::is_regular_file(status);
    const bool is_folder = fs::is_directory(status) && !fs::is_empty(path, error) && !error;
    if (is_file || is_folder) {
      places.push_back((fs::path("/") / path.lexically_relative(root)).native());
    }
  }
  std::sort(places.begin(), places.end());
  return places;
}

std::optional<GitState> git_state(const fs::path& place, Clock& clock, const StopToken& stop) {
  std::error_code error;
  const bool is_folder = fs::is_directory(place, error);
  const fs::path folder = is_folder ? place : place.parent_path();
  const std::string inside = is_folder ? "." : place.filename().native();
  if (!has_program("git")) return std::nullopt;
  try {
    GitState state;
    if (ask_git(folder, {"ls-files", "--", inside}, clock, stop).empty()) return std::nullopt;
    const std::string remotes = ask_git(folder, {"remote"}, clock, stop);
    const std::string remote = split(remotes, '\n').front();
    if (remote.empty()) return GitState{"", "the checkout has no remote"};
    const std::string url = ask_git(folder, {"remote", "get-url", remote}, clock, stop);
    state.remote = without_user(std::string(trim(url)));
    state.problem = problem_of(ask_git(
        folder, {"status", "--porcelain", "--branch", "--ignored", "--", inside}, clock, stop));
    return state;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace lifeboat
