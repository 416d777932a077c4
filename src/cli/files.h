// Files that a command line names: what is read, what is written.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/random.h"
#include "base/stop.h"
#include "io/fd.h"
#include "io/sink.h"
#include "io/source.h"

namespace lifeboat::cli {

// "-" names stdin and stdout on a command line, as for age.
inline constexpr std::string_view standard_stream = "-";
// True for "-" and "", which both mean stdin or stdout.
bool is_stream(std::string_view path);
// An input's name for messages.
std::string display_name(const std::string& path);

// A file or, for "-" and "", stdin. A read that waits (a pipe, a terminal) ends with Interrupted
// when a stop is requested.
class InputFile final : public Source {
 public:
  InputFile(const std::string& path, StopToken stop, ErrorKind kind = ErrorKind::usage);
  size_t read(ByteSpan target) override;

 private:
  StopToken stop_;
  UniqueFd owned_fd_;
  int fd_;
  std::string name_;
  ErrorKind kind_;
};

// Shows the first bytes of a stream and gives them again.
class PeekSource final : public Source {
 public:
  PeekSource(Source& inner, size_t bytes) : inner_(inner), head_(bytes) {
    head_.resize(read_full(inner_, head_));
  }
  std::string_view head() const { return as_text(head_); }
  size_t read(ByteSpan target) override;

 private:
  Source& inner_;
  Bytes head_;
  size_t given_ = 0;
};

// A file that a command makes. It is not touched before the first byte (so that a key that does not
// fit leaves nothing), is written beside its place and renamed at finish, replacing an older one
// and keeping its mode; a new one has 0600. Pipes and devices (/dev/null) are written to as they
// are.
class OutputFile final : public Sink {
 public:
  OutputFile(std::filesystem::path path, Random& random)
      : path_(std::move(path)), random_(random) {}

 private:
  void do_write(ByteView data) override { target().write(data); }
  void do_finish() override { target().finish(); }
  Sink& target();

  std::filesystem::path path_;
  Random& random_;
  UniqueFd fd_;
  std::unique_ptr<Sink> target_;
};

// Keeps binary data off a terminal, which might obey what it is sent: the first block is looked at.
// Throws Error(usage) before anything was written.
class TerminalGuard final : public Sink {
 public:
  explicit TerminalGuard(Sink& next) : next_(next) {}

 private:
  void do_write(ByteView data) override;
  void do_finish() override {}

  Sink& next_;
  bool is_checked_ = false;
};

}  // namespace lifeboat::cli
