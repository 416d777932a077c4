// Real tools in tests: run a command line, and a folder that goes away.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace lifeboat::test {

struct ShellResult {
  int status = -1;     // exit status; 128 + signal when killed
  std::string output;  // stdout and stderr together
};

// `bash -c command`, with nothing on stdin.
ShellResult shell(const std::string& command);
// The output of a command that must succeed; a test failure with its output otherwise.
std::string shell_ok(const std::string& command);

// A private folder under the system's temporary one, removed at the end.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

void write_file(const std::filesystem::path& path, std::string_view content);
void write_file(const std::filesystem::path& path, ByteView content);
std::string slurp(const std::filesystem::path& path);

}  // namespace lifeboat::test
