// A world that can be made to stand still, for the scripts that kill a run at a certain place: an
// S3 bucket below /bucket, and 200 for all else (heartbeats, webhooks, a gateway for metrics).
//
//   lifeboat-holding-server --port-file FILE --dir DIR
//
// Each request is a line of DIR/requests, "METHOD TARGET BODY"; bodies for the bucket are left out.
// One whose "METHOD TARGET" matches the regular expression in DIR/hold is never answered and has no
// effect; DIR/reached appears then. It ends with its parent.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <mutex>
#include <regex>

#include "support/http_server.h"
#include "support/scripted_s3.h"
#include "support/stand_in.h"

namespace {

namespace fs = std::filesystem;
using lifeboat::test::ServedRequest;
using lifeboat::test::ServedResponse;

class World {
 public:
  explicit World(fs::path folder) : folder_(std::move(folder)) {}

  ServedResponse answer(const ServedRequest& request) {
    const bool is_bucket = request.target.starts_with("/bucket");
    std::string line = request.method + " " + request.target;
    if (holds(line)) {
      std::ofstream(folder_ / "reached") << line << "\n";
      return {.wire = ServedResponse::Wire::never_answer};
    }
    if (!is_bucket) line += " " + request.body;
    std::replace(line.begin(), line.end(), '\n', ' ');
    {
      const std::lock_guard lock(mutex_);
      std::ofstream(folder_ / "requests", std::ios::app) << line << "\n";
    }
    return is_bucket ? s3_.handle(request) : ServedResponse{};
  }

 private:
  bool holds(const std::string& line) const {
    std::ifstream file(folder_ / "hold");
    std::string pattern;
    return std::getline(file, pattern) && std::regex_search(line, std::regex(pattern));
  }

  fs::path folder_;
  std::mutex mutex_;
  lifeboat::test::ScriptedS3 s3_;
};

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> options;
  for (int at = 1; at + 1 < argc; at += 2) options[argv[at]] = argv[at + 1];
  if (!options.contains("--port-file") || !options.contains("--dir")) {
    std::cerr << "usage: lifeboat-holding-server --port-file FILE --dir DIR\n";
    return 2;
  }
  if (!lifeboat::test::begin_stand_in()) return 1;
  World world(fs::canonical(options["--dir"]));
  lifeboat::test::HttpServer server(
      [&world](const ServedRequest& request) { return world.answer(request); });
  lifeboat::test::tell_port(options["--port-file"], std::to_string(server.port()));
  lifeboat::test::wait_for_end();
  return 0;
}
