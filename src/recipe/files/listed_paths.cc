#include "recipe/files/listed_paths.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "io/no_links.h"
#include "recipe/volume/glob.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

fs::path clean(const std::string& named) {
  const bool is_absolute = named.starts_with('/');
  std::string path = fs::path(named).lexically_normal().native();
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (is_absolute && path != "/") return path;
  throw Error(ErrorKind::service, format("read option 'paths': '{}' is {}", printable(named),
                                         is_absolute ? "the whole disk" : "not an absolute path"))
      .hint("Write each path from the root, like /etc/caddy.");
}

// Nothing if it is not there.
std::optional<ListedPath> look(const fs::path& named) {
  struct stat status {};
  const fs::path path = trusted_path(named.parent_path()) / named.filename();
  if (::lstat(path.c_str(), &status) == 0) return {{path, S_ISDIR(status.st_mode)}};
  const int reason = errno;
  if (reason == ENOENT || reason == ENOTDIR) return std::nullopt;
  throw system_error(ErrorKind::service, format("read '{}'", printable(named.native())), reason)
      .hint("Run as root, or leave the path out.");
}

bool is_inside(const fs::path& inner, const fs::path& outer) {
  return inner.native().starts_with(outer.native() + "/");
}

// `pattern` as the tree of `listed` counts it; nothing if it concerns others only.
std::optional<std::string> pattern_for(const std::string& pattern, const ListedPath& listed) {
  if (!pattern.starts_with('/')) {
    return listed.is_folder || pattern.find('/') == std::string::npos ? std::optional(pattern)
                                                                      : std::nullopt;
  }
  if (!listed.is_folder || !is_inside(pattern, listed.path)) return std::nullopt;
  return pattern.substr(listed.path.native().size());
}

}  // namespace

ListedPaths list_paths(const Settings& settings) {
  ListedPaths all;
  for (const std::string& named : settings.list("paths")) {
    const auto found = look(clean(named));
    if (!found) {
      throw Error(ErrorKind::service,
                  format("read '{}': it must be there and is missing", printable(named)))
          .hint("Correct 'paths', or name it under 'optional' if it need not be there.");
    }
    all.there.push_back(*found);
  }
  for (const std::string& named : settings.list("optional")) {
    if (const auto found = look(clean(named))) {
      all.there.push_back(*found);
    } else {
      all.missing.push_back(named);
    }
  }
  if (all.there.empty() && all.missing.empty()) {
    throw Error(ErrorKind::service, "read option 'paths': it names nothing")
        .hint("List files and folders under 'paths', like [/etc/caddy].");
  }
  // A folder comes before what is in it, which it holds already.
  std::sort(all.there.begin(), all.there.end(),
            [](const ListedPath& a, const ListedPath& b) { return a.path < b.path; });
  std::vector<ListedPath> apart;
  for (const ListedPath& one : all.there) {
    const bool is_held = std::any_of(apart.begin(), apart.end(), [&](const ListedPath& other) {
      return one.path == other.path || (other.is_folder && is_inside(one.path, other.path));
    });
    if (!is_held) apart.push_back(one);
  }
  all.there = std::move(apart);
  return all;
}

std::set<std::string> configured_members(const Settings& settings) {
  std::set<std::string> members;
  for (const char* option : {"paths", "optional"}) {
    for (const std::string& named : settings.list(option)) {
      const fs::path path = clean(named);
      members.insert(path.native().substr(1));
      std::error_code error;
      const fs::path parent = fs::canonical(path.parent_path(), error);
      if (!error) members.insert((parent / path.filename()).native().substr(1));
    }
  }
  return members;
}

TreeOptions options_for(const ListedPath& listed, const Settings& settings, const StopToken& stop) {
  const fs::path folder = listed.is_folder ? listed.path : listed.path.parent_path();
  TreeOptions options;
  options.prefix = folder.native().substr(1);
  if (!listed.is_folder) options.only = listed.path.filename().native();
  for (const std::string& pattern : settings.list("exclude")) {
    if (auto concerned = pattern_for(pattern, listed)) {
      options.exclude.push_back(*std::move(concerned));
    }
  }
  options.stop = stop;
  return options;
}

void check_excludes(const Settings& settings, const ListedPaths& listed) {
  for (const std::string& pattern : settings.list("exclude")) {
    const Glob glob(pattern);  // throws for one that can match nothing
    const bool is_near =
        !pattern.starts_with('/') ||
        std::any_of(listed.there.begin(), listed.there.end(),
                    [&](const ListedPath& one) { return pattern_for(pattern, one).has_value(); }) ||
        !listed.missing.empty();
    if (is_near) continue;
    throw Error(ErrorKind::service,
                format("read option 'exclude': '{}' is in none of the folders", printable(pattern)))
        .hint("Begin it with a folder of 'paths' as it is named there, or write no slash first.");
  }
}

}  // namespace lifeboat
