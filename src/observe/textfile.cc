#include "base/error.h"
#include "base/format.h"
#include "io/files.h"
#include "observe/metrics.h"

namespace lifeboat {

namespace fs = std::filesystem;

void write_textfile(const fs::path& directory, const HostState& state, Random& random) {
  std::error_code fault;
  if (!fs::is_directory(directory, fault)) {
    throw Error(ErrorKind::config,
                format("write metrics to '{}': there is no such folder", directory.native()))
        .hint("Make it, and start node_exporter with --collector.textfile.directory set to it.");
  }
  const std::string name = format("lifeboat-{}.prom", state.host);
  remove_leftovers(directory, name + ".");
  // 0644, since node_exporter runs as a user of its own.
  AtomicFile file(directory / name, random,
                  {.mode = 0644, .replace = true, .kind = ErrorKind::config});
  file.write(as_bytes(print_metrics(state)));
  file.finish();
}

}  // namespace lifeboat
