// A connection that a request turned into a bare stream both ways, as the engine does for an exec:
// what comes is the command's output, what goes is its stdin, and closing our half ends that.
//
// A plain socket and not libcurl, whose uploads and downloads cannot overlap as these must: a
// command may answer before it has read all. It asks for an upgrade, so that proxies of the socket
// pass the stream on unframed.
// https://docs.docker.com/reference/api/engine/version/v1.47/#tag/Container/operation/ContainerAttach
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/stop.h"
#include "docker/engine.h"
#include "io/fd.h"
#include "io/source.h"

namespace lifeboat {

struct HijackOptions {
  std::string attempted;  // for errors
  std::string path;       // with the version
  std::string body;       // JSON
  Source* input = nullptr;
  std::optional<std::chrono::steady_clock::time_point> deadline = {};
};

// One thread at a time.
class Hijack final : public Source {
 public:
  // Sends the request and reads the answer's head. Throws Error(service).
  Hijack(Engine& engine, const Clock& clock, HijackOptions options);

  // Sends input as it waits for output. Throws Error(service) on a broken connection and past the
  // deadline, Interrupted, and what the input throws.
  size_t read(ByteSpan target) override;

  // False if the other side ended before it had taken all input.
  bool input_was_taken() const { return input_was_taken_; }

 private:
  // The events of `wanted` that are there.
  short wait(short wanted);
  void send_request();
  void read_head();
  // Nothing: no bytes yet.
  std::optional<size_t> receive(ByteSpan target);
  void send_input();
  void end_input(bool was_taken);
  [[noreturn]] void fail(const std::string& why) const;

  HijackOptions options_;
  const Clock& clock_;
  StopToken stop_;
  UniqueFd fd_;
  std::string early_;  // what came with the head
  Bytes input_;        // read and not sent yet
  size_t input_begin_ = 0;
  bool input_was_taken_ = true;
};

}  // namespace lifeboat
