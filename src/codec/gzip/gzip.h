// gzip (RFC 1952), for dumps that a person restores with `gunzip | psql` alone.
//
// zlib, and not one of our own: the format's checksum and Deflate are all there is to it.
#pragma once

#include <memory>

#include "io/sink.h"
#include "io/source.h"

namespace lifeboat::gzip {

// Compresses what is written to `next`, as one member without name and time, so that equal input
// gives equal bytes.
class CompressSink final : public Sink {
 public:
  // `level` 1 to 9.
  CompressSink(Sink& next, int level);
  ~CompressSink() override;

 private:
  void do_write(ByteView data) override;
  void do_finish() override;
  struct State;
  std::unique_ptr<State> state_;
};

// Decompresses one member and verifies its checksum and size. Truncation, damage, and anything
// behind the member is Error(verification).
class DecompressSource final : public Source {
 public:
  explicit DecompressSource(Source& input);
  ~DecompressSource() override;
  size_t read(ByteSpan target) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lifeboat::gzip
