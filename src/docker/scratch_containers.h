// Throw-away containers for a drill: they hold a company's data and credentials, so they reach
// nothing and nothing reaches them, and they are gone afterwards.
//
// An `internal` network is not enough: it leaves the host's own services within reach. All
// containers of a drill share one network namespace that has a loopback device and nothing else.
// Each carries the label lifeboat.drill, by which leftovers of a killed drill are swept.
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

namespace lifeboat {

inline constexpr const char* drill_label = "lifeboat.drill";

struct ScratchContainer {
  std::string image;                         // id ("sha256:...") or name; never pulled
  std::vector<std::string> argv = {};        // empty: the image's command
  std::vector<std::string> entrypoint = {};  // empty: the image's; {""}: none
  std::map<std::string, std::shared_ptr<const Secret>> env = {};
  std::string user = {};  // empty: the image's
  // A folder of the host, and where the container has it, writable.
  std::vector<std::pair<std::filesystem::path, std::string>> binds = {};
  uint64_t memory_bytes_max = 2ULL << 30;
  unsigned processes_max = 512;
};

// One thread at a time. Everything is removed by the destructor, noexcept.
class ScratchContainers {
 public:
  // `docker` must outlive it. Sweeps what dead drills left, first.
  ScratchContainers(Docker& docker, Random& random);
  ~ScratchContainers();
  ScratchContainers(const ScratchContainers&) = delete;
  ScratchContainers& operator=(const ScratchContainers&) = delete;

  Docker& docker();
  // The id of `image` on this engine, asked for by id, digest or name; empty if it is not there.
  std::string find_image(const std::string& image);
  // Made and started; returns its id. Throws Error(service).
  std::string start(const ScratchContainer& wanted);
  // Its last lines of output, for the evidence of a failure.
  std::string log_tail(const std::string& id);
  // Removes one, with its anonymous volumes, before the rest.
  void remove(const std::string& id);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Removes containers of drills whose process is gone; returns how many.
size_t sweep_drill_containers(Docker& docker);

}  // namespace lifeboat
