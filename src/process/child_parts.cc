#include "process/child_parts.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/format.h"
#include "base/log.h"
#include "base/text.h"

namespace lifeboat {
namespace {

constexpr size_t words_bytes_max = 1024;
// Fixed, so that a command that works in a terminal works under cron as well.
constexpr std::string_view path_default =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

bool is_program(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

Environment make_environment(const std::vector<std::pair<std::string, std::string>>& added) {
  const char* home = ::getenv("HOME");
  Environment all{
      {"PATH", std::string(path_default)}, {"HOME", home != nullptr ? home : "/"}, {"LANG", "C"}};
  if (const char* zone = ::getenv("TZ")) all["TZ"] = zone;
  for (const auto& [name, value] : added) all[name] = value;
  return all;
}

std::string find_program(const std::string& name, const std::string& search_path) {
  if (name.find('/') != std::string::npos) return is_program(name) ? name : "";
  for (const std::string& folder : split(search_path, ':')) {
    // An empty entry would mean the current folder, which is no place to find programs.
    if (folder.starts_with('/') && is_program(folder + "/" + name)) return folder + "/" + name;
  }
  return "";
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> all;
  for (std::string& word : words) all.push_back(word.data());
  all.push_back(nullptr);
  return all;
}

std::string status_text(int status) {
  if (WIFEXITED(status)) return format("it ended with exit status {}", WEXITSTATUS(status));
  const char* name = ::sigabbrev_np(WTERMSIG(status));
  return format("it was killed by signal {} (SIG{})", WTERMSIG(status),
                name != nullptr ? name : "?");
}

std::string last_words(const std::string& tail) {
  // Redacted before it is cut, so that no half of a secret can stay.
  std::string shown = redact(tail);
  if (shown.size() > words_bytes_max) shown.erase(0, shown.size() - words_bytes_max);
  std::string words;
  for (const std::string& line : split(shown, '\n')) {
    const std::string_view trimmed = trim(line);
    if (trimmed.empty()) continue;
    words += format("{}{}", words.empty() ? "" : " | ", printable(trimmed));
  }
  return words;
}

}  // namespace lifeboat
