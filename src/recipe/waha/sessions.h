// Where WAHA keeps its sessions.
//
// Below the base folder (WAHA_LOCAL_STORE_BASE_DIR, "/app/.sessions") lie `<namespace>/<session>/`,
// one folder a session, and `<namespace>/waha.sqlite3`. A folder two levels down counts as a
// session if it holds
//
//   .waha.session.config.json     every engine
//   creds.json                    NOWEB
//   gows.db                       GOWS
//   Default/ or */Default/        WEBJS: the profile of a Chromium
//
// https://waha.devlike.pro/docs/how-to/storages/
#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "base/stop.h"

namespace lifeboat {

struct WahaSessions {
  std::set<std::string> names;     // "<namespace>/<session>"
  std::set<std::string> profiles;  // folders that are Chromium profiles
};

// Throws Error(service) if the base folder cannot be read.
WahaSessions find_sessions(const std::filesystem::path& base, const StopToken& stop);

// True for the JSON files without which a session is lost.
bool is_session_json(std::string_view path);

}  // namespace lifeboat
