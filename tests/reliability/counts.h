// What the tests of reliability did, in figures: the closing table of `./dev test` is made of these
// lines (table.sh). The shell's half is counts.sh.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace lifeboat::test {

// One line of the table: a figure with its unit for what this part did ("fault sweep", "effects
// failed", "812"). `part` and `what` are a line of parts.txt; a later figure for the same line
// replaces it. Does nothing unless LIFEBOAT_COUNTS names the folder that `./dev test` reads.
// One write with O_APPEND, so that tests in parallel processes do not mix their lines.
inline void counted(const std::string& part, const std::string& what, const std::string& figure) {
  const char* folder = std::getenv("LIFEBOAT_COUNTS");
  if (folder == nullptr) return;
  const std::string line = part + '\t' + what + '\t' + figure + '\n';
  const std::string path = std::string(folder) + "/lines";
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return;
  [[maybe_unused]] const auto written = ::write(file, line.data(), line.size());
  ::close(file);
}

// True in `./dev test --long`: hours are at hand, and gigabytes of disk.
inline bool long_form() { return std::getenv("LIFEBOAT_LONG") != nullptr; }

}  // namespace lifeboat::test
