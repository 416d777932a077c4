// How the next run learns that one was killed: a run leaves a mark at its start and takes it away
// at its end, whatever that is. Only a run that could not do so (SIGKILL, out of memory, power)
// leaves it behind.
//
// A mark is locked (flock) as long as its run lives, so a run under way is never taken for a
// killed one, whatever process ids are reused.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "io/fd.h"

namespace lifeboat {

struct RunName {
  std::string host;
  std::string activity;  // "backup", "drill", "prune", "verify"
  std::string job;       // may be empty
};

// A file `<directory>/<host>.<activity>[.<job>].<YYYYMMDDTHHMMSSZ>-<pid>.run` of mode 0600, gone at
// destruction. It appears under its name only when it is locked and synced. Children do not
// inherit it. One thread at a time.
class RunMark {
 public:
  // Throws Error(config) if it cannot be made.
  RunMark(const std::filesystem::path& directory, RunName name, Timestamp started, Random& random);
  ~RunMark();
  RunMark(const RunMark&) = delete;
  RunMark& operator=(const RunMark&) = delete;

  // What the run does from now on, for the message: "n8n/database.sqlite", "finish the archive".
  // Cheap: not synced; a failure to write it is of no matter.
  void phase(std::string_view phase) noexcept;

 private:
  std::filesystem::path path_;
  UniqueFd fd_;
  std::string head_;
};

struct KilledRun {
  RunName name;
  Timestamp started{};
  int pid = 0;
  std::string phase;  // as of the last moment that reached the disk, if the power failed
  std::filesystem::path mark;
  std::string unsure = {};  // of a backup: why nobody could look for its snapshot
};

// The marks of `host` that no run holds, oldest first. One that cannot be understood counts too:
// what it says is left empty. Throws Error(config) if the folder cannot be read; none if it is
// missing.
std::vector<KilledRun> killed_runs(const std::filesystem::path& directory, std::string_view host);
// Once it was told.
void forget_killed(const KilledRun& run);

}  // namespace lifeboat
