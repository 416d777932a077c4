// Bytes that a recipe must keep aside before their member is asked for: written once from the
// front, read at random, encrypted under a throw-away key, in a file that has no name.
//
// The codec's Spool is denied to recipes and would not do: it is read once from the start, and a
// copy of a database must be read at random to count what is in it.
#pragma once

#include <filesystem>

#include "base/random.h"
#include "crypto/offset_cipher.h"
#include "io/fd.h"
#include "io/source.h"

namespace lifeboat {

// Disk full: Error(limit) that names the folder.
class ScratchFile final : public RandomAccess {
 public:
  ScratchFile(const std::filesystem::path& directory, Random& random);
  void append(ByteView data);
  uint64_t size() const override { return size_; }
  void read_at(uint64_t offset, ByteSpan target) override;

 private:
  std::string name_;
  UniqueFd fd_;
  OffsetCipher cipher_;
  uint64_t size_ = 0;
  Bytes buffer_;
};

// Reads `access`, from its first byte to its last, and keeps it alive meanwhile.
class AccessSource final : public Source {
 public:
  explicit AccessSource(std::shared_ptr<RandomAccess> access) : access_(std::move(access)) {}
  size_t read(ByteSpan target) override;

 private:
  std::shared_ptr<RandomAccess> access_;
  uint64_t position_ = 0;
};

}  // namespace lifeboat
