// A Source read by lines first and by blocks afterwards.
//
// A header's end is known only when it was read, so a part of what follows is read with it and has
// to be kept. Reading byte by byte would need no buffer, but a call (or a network request) a byte.
#pragma once

#include <string_view>

#include "io/source.h"

namespace lifeboat::age {

class Input final : public Source {
 public:
  explicit Input(Source& source) : source_(source) {}

  // Takes the next line; `text` is without its LF and valid until the next call. Not complete: no
  // LF came within `size_max` bytes (`text` has as many) or before the end (`text` has fewer).
  struct Line {
    std::string_view text;
    bool complete;
  };
  Line read_line(size_t size_max);
  // Up to `size` bytes ahead, fewer only before the end; they stay to be read.
  std::string_view peek(size_t size);
  size_t read(ByteSpan target) override;
  // Bytes that were read from the source and not yet from here.
  size_t held() const { return filled_ - position_; }

 private:
  // Makes more bytes of the stream available; false at the end.
  bool read_more();
  std::string_view ahead() const { return as_text(ByteView(buffer_).subspan(position_, held())); }

  Source& source_;
  Bytes buffer_;
  size_t position_ = 0;
  size_t filled_ = 0;
};

}  // namespace lifeboat::age
