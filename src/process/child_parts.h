// What every way to run a child shares: its environment, its program's path, and how its end is
// told.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace lifeboat {

using Environment = std::map<std::string, std::string>;

// PATH (the system's folders), HOME, LANG=C and, where set, TZ; then `added`, which replaces.
Environment make_environment(const std::vector<std::pair<std::string, std::string>>& added);
// The absolute path of `name` in `search_path`; empty if there is no such program.
std::string find_program(const std::string& name, const std::string& search_path);
// As execve(2) wants them; `words` must outlive the result.
std::vector<char*> pointers(std::vector<std::string>& words);
// "it ended with exit status 1", for what waitpid(2) gave.
std::string status_text(int status);
// The last lines of what a child printed, in one line, registered secrets removed.
std::string last_words(const std::string& tail);

}  // namespace lifeboat
