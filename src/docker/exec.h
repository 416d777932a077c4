// One command in a container, from its making to its exit code.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "docker/engine.h"
#include "docker/frames.h"
#include "docker/hijack.h"

namespace lifeboat {

// Reads stdout to its end, then tells the exit code. One thread at a time.
class ExecStream final : public Source {
 public:
  // Starts it. Throws Error(service): no such container, paused, stopped, not started in time.
  ExecStream(Engine engine, Clock& clock, const std::string& container_id, const DockerExec& exec);
  ExecStream(const ExecStream&) = delete;
  ExecStream& operator=(const ExecStream&) = delete;

  // 0: the stream ended, which says nothing yet about the command.
  size_t read(ByteSpan target) override;
  // After the end: waits until the engine knows the exit code, 10 s at most. Throws Error(service)
  // if the command still runs then, or was not given all its input though it ended well.
  int wait_for_exit();
  // "run 'pg_dump' in container 'db'"
  const std::string& attempted() const { return attempted_; }
  const std::string& stderr_tail() const { return frames_->stderr_tail(); }
  // What went wrong for an exit code that is not 0.
  Error failure(int exit_code) const;

 private:
  Engine engine_;
  Clock& clock_;
  std::string attempted_;
  std::string exec_id_;
  std::string begin_of_output_;  // where engines write why a command could not start
  std::optional<Hijack> wire_;
  std::optional<FrameSource> frames_;
};

// Its end is told once the command ended with exit code 0; else it throws.
class CheckedExecSource final : public Source {
 public:
  explicit CheckedExecSource(std::unique_ptr<ExecStream> stream) : stream_(std::move(stream)) {}
  size_t read(ByteSpan target) override;

 private:
  std::unique_ptr<ExecStream> stream_;
  bool at_end_ = false;
  bool is_broken_ = false;
};

}  // namespace lifeboat
