#include "recipe/volume/settled_file.h"

#include <fcntl.h>
#include <poll.h>

#include <cerrno>

#include "base/error.h"
#include "base/format.h"
#include "base/json.h"
#include "base/text.h"
#include "io/no_links.h"
#include "recipe/volume/live_file.h"
#include "recipe/volume/meta.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t bytes_max = 64 * 1024 * 1024;
constexpr int reads_max = 6;
constexpr int pause_ms = 100;

SettledFile read_once(const fs::path& folder, const std::string& path) {
  const UniqueFd root = open_without_links(folder, O_RDONLY | O_DIRECTORY);
  if (!root) fail_unreadable(folder, errno);
  LiveFile file{open_below(root.get(), path, O_RDONLY), {}, folder / path, path, 1};
  if (!file.fd) fail_unreadable(file.path, errno);
  file.before = stat_fd(file.fd.get(), file.path.native());
  if (!S_ISREG(file.before.st_mode)) {
    throw Error(ErrorKind::service, format("read '{}': not a file", printable(file.path.native())));
  }
  bool is_settled = false;
  const Bytes content = read_settled(file, bytes_max, is_settled);
  if (static_cast<uint64_t>(file.before.st_size) > bytes_max) {
    throw Error(ErrorKind::service, format("read '{}': it is larger than {}",
                                           printable(file.path.native()), print_bytes(bytes_max)));
  }
  OwnerNames owners;
  bool is_complete = true;
  SettledFile read{meta_from(file.before, path, owners), std::string(as_text(content)),
                   is_settled ? "" : "it keeps changing"};
  read.meta.xattrs = read_xattrs(file.fd.get(), is_complete);
  return read;
}

}  // namespace

SettledFile read_until_valid(const fs::path& folder, const std::string& path,
                             const std::function<void(std::string_view)>& check,
                             const StopToken& stop) {
  for (int reads = 1;; ++reads) {
    stop.throw_if_stopped();
    SettledFile read = read_once(folder, path);
    if (read.fault.empty()) {
      try {
        check(read.text);
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::verification) throw;
        read.fault = error.message();
      }
    }
    if (read.fault.empty() || reads == reads_max) return read;
    pollfd stopped{stop.fd(), POLLIN, 0};
    ::poll(&stopped, 1, pause_ms);
  }
}

void check_json_object(std::string_view text) {
  bool is_object = false;
  try {
    is_object = parse_json(text, "it").is_object();
  } catch (const Error&) {
    // The parser quotes what it read last, which may be a key.
  }
  if (!is_object) throw Error(ErrorKind::verification, "it is not a whole JSON object");
}

}  // namespace lifeboat
