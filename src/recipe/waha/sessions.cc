#include "recipe/waha/sessions.h"

#include <sys/stat.h>

#include "base/text.h"
#include "recipe/volume/walk.h"

namespace lifeboat {
namespace {

constexpr std::string_view config_name = ".waha.session.config.json";
constexpr std::string_view noweb_name = "creds.json";
constexpr std::string_view gows_name = "gows.db";
constexpr std::string_view profile_name = "Default";

std::string parent_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

}  // namespace

bool is_session_json(std::string_view path) {
  const size_t slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  return name == config_name || name == noweb_name;
}

WahaSessions find_sessions(const std::filesystem::path& base, const StopToken& stop) {
  WahaSessions found;
  TreeWalk walk(base, {}, stop);
  while (const std::optional<TreeEntry> entry = walk.next()) {
    const std::vector<std::string> parts = split(entry->path, '/');
    if (parts.size() != 3 && parts.size() != 4) continue;
    const bool is_mark = parts.size() == 3 && S_ISREG(entry->status.st_mode) &&
                         (is_session_json(entry->path) || entry->name == gows_name);
    const bool is_profile = S_ISDIR(entry->status.st_mode) && entry->name == profile_name;
    if (is_profile) found.profiles.insert(parent_of(entry->path));
    if (is_mark || is_profile) found.names.insert(parts[0] + "/" + parts[1]);
  }
  return found;
}

}  // namespace lifeboat
