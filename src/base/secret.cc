#include "base/secret.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/locked_memory.h"

namespace lifeboat {
namespace {

std::atomic<bool> was_refused{false};

}  // namespace

bool secrets_are_locked() { return !was_refused; }

void wipe(ByteSpan memory) noexcept {
  if (!memory.empty()) ::explicit_bzero(memory.data(), memory.size());
}

Secret::Secret(size_t size) : size_(size) {
  if (size == 0) return;
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  mapped_bytes_ = (size + page - 1) / page * page;
  void* memory =
      ::mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    throw system_error(ErrorKind::limit, "map memory for a secret", errno);
  }
  // Both are hardening; a low RLIMIT_MEMLOCK must not make backups impossible.
  if (::mlock(memory, mapped_bytes_) != 0) was_refused = true;
  (void)::madvise(memory, mapped_bytes_, MADV_DONTDUMP);
  data_ = static_cast<std::byte*>(memory);
}

Secret::Secret(ByteView value) : Secret(value.size()) {
  if (!value.empty()) std::memcpy(data_, value.data(), value.size());
}

Secret::Secret(Secret&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      mapped_bytes_(std::exchange(other.mapped_bytes_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    release();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    mapped_bytes_ = std::exchange(other.mapped_bytes_, 0);
  }
  return *this;
}

Secret::~Secret() { release(); }

void Secret::truncate(size_t size) {
  ensure(size <= size_, "Secret::truncate never grows");
  wipe(span().subspan(size));
  size_ = size;
}

void Secret::release() noexcept {
  if (data_ == nullptr) return;
  wipe({data_, mapped_bytes_});
  ::munmap(data_, mapped_bytes_);
  data_ = nullptr;
}

}  // namespace lifeboat
