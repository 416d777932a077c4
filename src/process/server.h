// A server that a drill starts and that must not outlive it: its data are a company's, restored.
//
// It dies in three ways: the destructor ends its process group, the kernel kills it when the thread
// that started it is gone (PR_SET_PDEATHSIG, so a killed drill leaves no server), and a failed
// start never gets further. What it prints goes to memory, of which the end is told when it fails.
//
// fork(2) and not posix_spawn(3), which knows neither that signal nor another user; between fork
// and exec only system calls are made, as other threads may hold any lock.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/stop.h"
#include "io/fd.h"

namespace lifeboat {

struct ServerOptions {
  std::vector<std::string> argv;  // a program without a slash is looked for in the child's PATH
  std::vector<std::pair<std::string, std::string>> environment = {};  // as for ChildOptions
  // Runs as this user, with that user's group and no others; empty: as we do. Needs root.
  std::string user = {};
  std::filesystem::path working_dir = "/";
  // Gives it a network with a loopback device and nothing else: it reaches nothing outside, and
  // http/network_namespace.h asks it from here. Needs root.
  bool has_own_network = false;
  int stop_signal = 15;                         // asks it to end; SIGTERM
  std::chrono::milliseconds stop_grace{10000};  // until SIGKILL
  StopToken stop = {};
};

// Runs from the construction to the destruction. One thread, which must live as long.
class ChildServer {
 public:
  // Throws Error(service): no such program, no such user, not allowed. `clock` must outlive it.
  ChildServer(ServerOptions options, Clock& clock);
  // Ends it and kills its whole group; the server itself is reaped.
  ~ChildServer();
  ChildServer(const ChildServer&) = delete;
  ChildServer& operator=(const ChildServer&) = delete;

  // Returns once `is_ready` answers true, asked every 50 ms. Throws Error(service) with the last
  // lines that it printed if it ends before or needs longer than `at_most`; Interrupted on a stop.
  void wait_until_ready(const std::function<bool()>& is_ready, std::chrono::nanoseconds at_most);
  // For a program that ends by itself: Error(service) unless with exit status 0 and in time.
  void wait_for_success(std::chrono::nanoseconds at_most);
  bool is_running();
  // The last 4 KiB that it printed, stdout and stderr together, as they came.
  std::string output_tail() const;
  int pid() const { return pid_; }

 private:
  void start(const ServerOptions& options);
  bool has_ended();
  [[noreturn]] void fail(const std::string& why) const;

  std::string name_;
  Clock& clock_;
  StopToken stop_;
  int stop_signal_;
  std::chrono::milliseconds stop_grace_;
  int pid_ = -1;
  UniqueFd pid_fd_;
  UniqueFd output_;
  std::optional<int> status_;  // as waitpid(2) tells it, once it ended
};

}  // namespace lifeboat
