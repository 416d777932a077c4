#include "cli/invocations.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "cli/environment_variable.h"
#include "io/files.h"

namespace lifeboat::cli {
namespace {

constexpr size_t kept_max = 32;
constexpr size_t file_bytes_max = 64 * 1024;

// Nothing of a file that is missing or damaged: then something is told twice.
std::vector<std::string> read_ids(const std::filesystem::path& directory) {
  try {
    return split(trim(read_file(directory / "told-invocations", file_bytes_max)), '\n');
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

std::string own_invocation() {
  const std::string id = environment_variable("INVOCATION_ID");
  return id.find('\n') == std::string::npos ? id : "";
}

std::string own_unit() {
  try {
    const std::string groups = read_file("/proc/self/cgroup", file_bytes_max);
    const std::vector<std::string> lines = split(trim(groups), '\n');
    const std::string& last = lines.back();
    const std::string unit = last.substr(last.rfind('/') + 1);
    return unit.ends_with(".service") ? unit : "";
  } catch (const Error&) {
    return "";
  }
}

void note_told(const std::filesystem::path& directory, const std::string& id, Random& random) {
  std::vector<std::string> ids = read_ids(directory);
  ids.push_back(id);
  std::string text;
  for (size_t at = ids.size() - std::min(ids.size(), kept_max); at < ids.size(); ++at) {
    if (!ids[at].empty()) text += ids[at] + "\n";
  }
  AtomicFile file(directory / "told-invocations", random,
                  {.replace = true, .kind = ErrorKind::config});
  file.write(as_bytes(text));
  file.finish();
}

bool was_told(const std::filesystem::path& directory, std::string_view id) {
  const std::vector<std::string> ids = read_ids(directory);
  return !id.empty() && std::find(ids.begin(), ids.end(), id) != ids.end();
}

}  // namespace lifeboat::cli
