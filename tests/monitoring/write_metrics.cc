// Does with a host's state what runs do, for scripts that need metrics without backups.
//
//   lifeboat-write-metrics STATE_DIR HOST run JOB STATUS TIME   a run of a job that ended then
//   lifeboat-write-metrics STATE_DIR HOST fill                  a state with every metric
//   lifeboat-write-metrics STATE_DIR HOST forget JOB
//   lifeboat-write-metrics STATE_DIR HOST textfile FOLDER
//   lifeboat-write-metrics STATE_DIR HOST push URL
//   lifeboat-write-metrics STATE_DIR HOST delete URL JOB...

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/error.h"
#include "observe/full_state_test_kit.h"
#include "observe/metrics.h"

namespace lifeboat::test {
namespace {

void add_run(HostState& state, const std::vector<std::string>& arguments) {
  JobState& job = state.job(arguments.at(0));
  const Timestamp end = parse_time(arguments.at(2));
  job.status = std::atoi(arguments.at(1).c_str());
  job.duration = std::chrono::minutes(1);
  job.last_run = end - job.duration;
  if (job.status == 0) {
    job.last_success = end;
    job.snapshot = state.host + "/2026-05-07";
  }
}

void fill(HostState& state) {
  std::string host = std::move(state.host);
  state = full_state();
  state.host = std::move(host);
  state.drills.at(0).host = state.host;
}

void act(StateFile& file, const std::string& command, const std::vector<std::string>& arguments) {
  SystemRandom random;
  if (command == "run") {
    file.update([&](HostState& state) { add_run(state, arguments); });
  } else if (command == "fill") {
    file.update(fill);
  } else if (command == "forget") {
    file.update([&](HostState& state) {
      std::erase_if(state.jobs, [&](const JobState& job) { return job.name == arguments.at(0); });
    });
  } else if (command == "textfile") {
    write_textfile(arguments.at(0), file.load(), random);
  } else if (command == "push") {
    push_metrics({.url = arguments.at(0)}, file.load());
  } else if (command == "delete") {
    delete_pushed({.url = arguments.at(0)}, file.load().host,
                  {arguments.begin() + 1, arguments.end()});
  } else {
    throw Error(ErrorKind::usage, "unknown command '" + command + "'");
  }
}

}  // namespace
}  // namespace lifeboat::test

int main(int count, char** words) {
  const std::vector<std::string> arguments(words, words + count);
  try {
    lifeboat::SystemRandom random;
    lifeboat::StateFile file(arguments.at(1), arguments.at(2), random);
    lifeboat::test::act(file, arguments.at(3), {arguments.begin() + 4, arguments.end()});
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
