#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <map>

#include "base/format.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "io/files.h"
#include "observe/monitoring/pack.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr const char* checksums_name = ".lifeboat-sha256";
constexpr uint64_t file_bytes_max = 16ULL << 20;
// Prometheus and Grafana have users of their own.
constexpr mode_t public_mode = 0644;
constexpr mode_t folder_mode = 0755;

using Checksums = std::map<std::string, std::string>;  // path -> SHA-256 in hex

std::optional<std::string> read_if_there(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) return std::nullopt;
  return read_file(path, file_bytes_max, ErrorKind::usage);
}

// Lines that are none of sha256sum's are skipped: what is not known was changed by a person.
Checksums read_checksums(const fs::path& folder) {
  Checksums sums;
  for (const std::string& line : split(read_if_there(folder / checksums_name).value_or(""), '\n')) {
    const size_t gap = line.find("  ");
    if (gap != std::string::npos) sums[line.substr(gap + 2)] = line.substr(0, gap);
  }
  return sums;
}

void write_public(const fs::path& path, std::string_view text, Random& random) {
  AtomicFile file(path, random, {.mode = public_mode, .replace = true, .kind = ErrorKind::usage});
  file.write(as_bytes(text));
  file.finish();
}

// With its parents, for all to enter whatever the umask.
void make_folder(const fs::path& path) {
  std::error_code error;
  if (path.empty() || fs::is_directory(path, error)) return;
  make_folder(path.parent_path());
  if (::mkdir(path.c_str(), folder_mode) != 0 || ::chmod(path.c_str(), folder_mode) != 0) {
    throw Error(ErrorKind::usage,
                format("create '{}': {}", printable(path.native()), std::strerror(errno)));
  }
}

}  // namespace

std::string_view pack_change_name(PackChange change) {
  switch (change) {
    case PackChange::created:
      return "created";
    case PackChange::updated:
      return "updated";
    case PackChange::unchanged:
      return "unchanged";
    case PackChange::kept:
      return "kept";
  }
  throw Bug("a change of no kind");
}

std::vector<PackChange> write_pack(const fs::path& folder, const std::vector<PackFile>& files,
                                   Random& random, const PackWriteOptions& options) {
  make_folder(folder);
  Checksums sums = read_checksums(folder);
  std::vector<PackChange> changes;
  for (const PackFile& file : files) {
    const fs::path path = folder / file.path;
    const std::optional<std::string> found = read_if_there(path);
    const std::string sum = sha256_hex(as_bytes(file.text));
    PackChange change = PackChange::created;
    if (found) {
      const auto written = sums.find(file.path);
      const std::string found_sum = sha256_hex(as_bytes(*found));
      if (found_sum == sum) {
        change = PackChange::unchanged;
      } else if (options.force || (written != sums.end() && written->second == found_sum)) {
        change = PackChange::updated;
      } else {
        change = PackChange::kept;
      }
    }
    if (change != PackChange::kept) sums[file.path] = sum;
    if (change == PackChange::created || change == PackChange::updated) {
      make_folder(path.parent_path());
      write_public(path, file.text, random);
    }
    changes.push_back(change);
  }
  std::string text;
  for (const auto& [path, sum] : sums) text += format("{}  {}\n", sum, path);
  write_public(folder / checksums_name, text, random);
  return changes;
}

}  // namespace lifeboat
