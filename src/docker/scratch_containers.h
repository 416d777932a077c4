// Throw-away containers for a drill: they hold a company's data and credentials, so they reach
// nothing and nothing reaches them, and they are gone afterwards.
//
// An `internal` network is not enough: it leaves the host's own services within reach. All
// containers here share one network namespace that has a loopback device and nothing else: the
// first is made without a network, the next join it. A container that only held the namespace would
// need an image with a program to run in it, which a drill cannot count on.
//
// Each carries the label lifeboat.drill with the mark of its process, by which leftovers of a
// killed drill are told from a living drill's, and swept.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "docker/docker.h"
#include "http/client.h"

namespace lifeboat {

inline constexpr const char* drill_label = "lifeboat.drill";

struct ScratchContainer {
  std::string image;                         // id ("sha256:...") or name; never pulled
  std::vector<std::string> argv = {};        // empty: the image's command
  std::vector<std::string> entrypoint = {};  // empty: the image's; {""}: none
  // Lies in the engine's own folder as long as the container is there.
  std::map<std::string, std::shared_ptr<const Secret>> env = {};
  std::string user = {};  // empty: the image's
  // A folder of the host, and where the container has it, writable.
  std::vector<std::pair<std::filesystem::path, std::string>> binds = {};
  uint64_t memory_bytes_max = 2ULL << 30;  // no swap beside it
  unsigned processes_max = 512;
};

// One thread at a time. Everything is removed by the destructor, noexcept, heeding no stop.
class ScratchContainers {
 public:
  // `options` as for Docker. Connects at the first call.
  ScratchContainers(const DockerOptions& options, Clock& clock, Random& random);
  ~ScratchContainers();
  ScratchContainers(const ScratchContainers&) = delete;
  ScratchContainers& operator=(const ScratchContainers&) = delete;

  // For commands in them.
  Docker& docker();
  // The id of `image` on this engine, asked for by id, digest or name; empty if it is not there.
  std::string find_image(const std::string& image);
  // Made and started; returns its id. Throws Error(service), Interrupted; what was made of it is
  // removed with the rest. One that ends at once is found by its state or by the first command.
  std::string start(const ScratchContainer& wanted);
  // Asks a container that runs: `options` with the sockets made inside its network, where the
  // service listens at 127.0.0.1. Throws Error(service) unless root.
  HttpClient client(const std::string& id, HttpOptions options = {});
  // Its last lines of output, both streams, for the evidence of a failure: known secrets left out.
  std::string log_tail(const std::string& id);
  // Removes one, with its anonymous volumes, before the rest.
  void remove(const std::string& id);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Removes containers of drills whose process is gone; returns how many. Throws Error(service).
size_t sweep_drill_containers(const DockerOptions& options, Clock& clock);

}  // namespace lifeboat
