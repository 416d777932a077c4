// The Docker Engine, over its unix socket: find containers, look at them, run a command in one and
// read its output, stop or pause one and be sure that it runs again.
//
// The API version is negotiated: engine 29 refuses what is below 1.44, older ones know no more than
// their own. Whoever may use the socket is root on the host, so nothing here weakens that further:
// secrets go to a command by its environment, never by argv, where `docker top` shows them.
// API: https://docs.docker.com/reference/api/engine/
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"
#include "base/stop.h"
#include "io/source.h"

namespace lifeboat {

struct DockerMount {
  std::string type;         // "volume", "bind", "tmpfs"
  std::string volume;       // name, if it is a volume
  std::string source;       // path on the host
  std::string destination;  // path in the container
  bool read_only = false;
};

struct DockerContainer {
  std::string id;
  std::string name;   // without the leading '/'
  std::string image;  // as it was named at creation
  std::string state;  // "running", "exited", "paused", "restarting" ...
  std::map<std::string, std::string> labels;
  std::vector<DockerMount> mounts;

  bool is_running() const { return state == "running"; }
};

struct DockerDetails {
  DockerContainer container;
  std::string image_digest;                // "sha256:..." of the image's own id
  std::vector<std::string> repo_digests;   // "n8nio/n8n@sha256:..."; empty for local images
  std::map<std::string, std::string> env;  // holds secrets: for reading single names only
  std::string user;
  bool is_removed_when_stopped = false;  // `docker run --rm`
  int pid = 0;                           // of its first process, as the host sees it; 0: stopped
  std::chrono::seconds stop_grace{10};   // between SIGTERM and SIGKILL, as it was created
};

struct DockerVolume {
  std::string name;
  std::filesystem::path mountpoint;
  std::map<std::string, std::string> labels;
};

// How a person names a container: its name or id, a volume it mounts, or compose's words.
struct DockerQuery {
  std::string name = {};
  std::string volume = {};
  std::string compose_project = {};
  std::string compose_service = {};
  std::string label = {};  // "key" or "key=value"
  bool all = true;         // also those that do not run
};

struct DockerExec {
  std::vector<std::string> argv;
  std::map<std::string, std::shared_ptr<const Secret>> env = {};  // added to the container's own
  std::string user = {};                                          // empty: the container's
  std::string working_dir = {};
  // Given as the command's stdin, then closed; null: none. Must live as long as the exec; what the
  // command leaves unread though it ends with exit code 0 is an Error.
  Source* input = nullptr;
  std::chrono::nanoseconds timeout{};  // 0: none
};

struct DockerExecResult {
  std::string output;
  std::string stderr_tail;
  int exit_code = 0;
};

struct DockerOptions {
  std::filesystem::path socket = {};  // empty: DOCKER_HOST (unix), else /var/run/docker.sock
  StopToken stop = {};
};

// One thread at a time; each exec stream has a connection of its own. All throw Error(service):
// with a hint for a missing socket, missing rights, a container that is gone, paused or stopped.
class Docker {
 public:
  Docker(const DockerOptions& options, Clock& clock);
  ~Docker();

  // Whether a socket is there at all; no connection is made. False for a DOCKER_HOST elsewhere.
  static bool is_present(const DockerOptions& options);

  // "20.10.24 (API 1.41)", with the API version that is spoken.
  std::string version();
  // One-off containers of compose are left out unless named. Sorted by name.
  std::vector<DockerContainer> containers(const DockerQuery& query);
  // The one that `query` means; an Error that names the candidates if it is none or several.
  DockerContainer container(const DockerQuery& query);
  DockerDetails inspect(const std::string& id);
  std::vector<DockerVolume> volumes();
  std::optional<DockerVolume> volume(const std::string& name);

  // The command's stdout, which may outlive this object. Its end is told only once the exit code
  // was read and is 0: a truncated frame, an early end, another code, or a container that stopped
  // are an Error with the tail of stderr. Destruction closes the connection; the engine then lets
  // the command run to its end.
  std::unique_ptr<Source> exec_source(const std::string& id, DockerExec exec);
  // Runs it to its end, whatever the exit code; Error(limit) beyond `output_max` bytes.
  DockerExecResult exec(const std::string& id, DockerExec exec, size_t output_max = 1 << 20);

  // These do not heed the stop token: a stop that is given up half-way goes on in the engine, and
  // Ctrl-C must not keep a container down. `grace` is between SIGTERM and SIGKILL. Stopping what is
  // stopped is fine, and starting what runs.
  void stop(const std::string& id, std::chrono::seconds grace);
  void start(const std::string& id);
  void pause(const std::string& id);
  void unpause(const std::string& id);
  // As DockerContainer::state; nothing if there is no such container any more.
  std::optional<std::string> state(const std::string& id);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A secret of a container: the value of `name` in its environment, or read from the file that
// NAME_FILE points to inside the container, without its final newlines. Null: neither is there. The
// log knows it from then on, and leaves it out.
std::shared_ptr<const Secret> docker_secret(Docker& docker, const DockerDetails& details,
                                            std::string_view name);

}  // namespace lifeboat
