// File descriptors: owned, always close-on-exec, every error told.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <utility>

#include "base/error.h"
#include "io/sink.h"
#include "io/source.h"

namespace lifeboat {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~UniqueFd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset() noexcept;

 private:
  int fd_ = -1;
};

// open(2) with O_CLOEXEC; throws Error(kind) "open '<path>': ...".
UniqueFd open_file(const std::filesystem::path& path, int flags, mode_t mode = 0,
                   ErrorKind kind = ErrorKind::service);
struct stat stat_fd(int fd, std::string_view name, ErrorKind kind = ErrorKind::service);
// Writes all of `data`; throws Error(kind) "write '<name>': ...".
void write_fd(int fd, ByteView data, std::string_view name, ErrorKind kind);

// Reads a descriptor to its end. `name` is for messages.
class FdSource final : public Source {
 public:
  FdSource(UniqueFd fd, std::string name, ErrorKind kind = ErrorKind::service)
      : fd_(std::move(fd)), name_(std::move(name)), kind_(kind) {}
  size_t read(ByteSpan target) override;
  int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
  std::string name_;
  ErrorKind kind_;
};

// Writes to a descriptor that it does not sync; finishing closes nothing (for pipes and stdout).
class FdSink final : public Sink {
 public:
  FdSink(int borrowed_fd, std::string name, ErrorKind kind = ErrorKind::service)
      : fd_(borrowed_fd), name_(std::move(name)), kind_(kind) {}

 private:
  void do_write(ByteView data) override { write_fd(fd_, data, name_, kind_); }
  void do_finish() override {}

  int fd_;
  std::string name_;
  ErrorKind kind_;
};

// A regular file by pread(2).
class FileAccess final : public RandomAccess {
 public:
  FileAccess(UniqueFd fd, std::string name, ErrorKind kind);
  uint64_t size() const override { return size_; }
  void read_at(uint64_t offset, ByteSpan target) override;

 private:
  UniqueFd fd_;
  std::string name_;
  ErrorKind kind_;
  uint64_t size_;
};

}  // namespace lifeboat
