// The two outputs of a command, taken apart: without a TTY the engine sends both over one
// connection, in frames of an eight-byte head and a payload, and cuts the bytes anywhere.
//
// A TTY's single stream would need no frames, but it turns "\n" into "\r\n" and mixes stderr into
// the dump.
// https://docs.docker.com/reference/api/engine/version/v1.47/#tag/Container/operation/ContainerAttach
#pragma once

#include <array>
#include <string>

#include "io/source.h"

namespace lifeboat {

// Gives stdout; keeps the end of stderr. One thread at a time.
class FrameSource final : public Source {
 public:
  // `name` says in errors whose output it is. `wire` must outlive the object.
  FrameSource(Source& wire, std::string name) : wire_(wire), name_(std::move(name)) {}

  // 0 only where the wire ended between two frames; within one it throws Error(service).
  size_t read(ByteSpan target) override;

  // The last 4 KiB of stderr so far, as it came.
  const std::string& stderr_tail() const { return stderr_tail_; }

 private:
  // Up to target.size() bytes of the wire, 0 at its end.
  size_t take(ByteSpan target);
  // False at the end.
  bool read_head();
  void read_stderr();
  [[noreturn]] void fail(const std::string& why) const;

  Source& wire_;
  std::string name_;
  std::array<std::byte, 65536> held_{};
  size_t held_begin_ = 0;
  size_t held_end_ = 0;
  uint64_t payload_left_ = 0;
  unsigned stream_ = 0;
  bool at_end_ = false;
  std::string stderr_tail_;
};

}  // namespace lifeboat
