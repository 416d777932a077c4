#include "io/folder.h"

#include <algorithm>
#include <system_error>

#include "base/format.h"
#include "base/text.h"

namespace lifeboat {

namespace fs = std::filesystem;

std::vector<fs::path> list_folder(const fs::path& folder, ErrorKind kind) {
  std::vector<fs::path> children;
  std::error_code error;
  fs::directory_iterator at(folder, error);
  if (error == std::errc::no_such_file_or_directory) return children;
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    children.push_back(at->path());
  }
  if (error) {
    throw system_error(kind, format("list folder '{}'", printable(folder.native())), error.value());
  }
  std::sort(children.begin(), children.end());
  return children;
}

}  // namespace lifeboat
