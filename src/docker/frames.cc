#include "docker/frames.h"

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/text.h"

namespace lifeboat {
namespace {

constexpr size_t stderr_tail_max = 4 * 1024;
constexpr size_t head_bytes = 8;  // stream, three zero bytes, payload size (big endian)
enum Stream : unsigned { in = 0, out = 1, err = 2, engine_error = 3 };

}  // namespace

size_t FrameSource::take(ByteSpan target) {
  if (held_begin_ == held_end_) {
    held_begin_ = 0;
    held_end_ = wire_.read(held_);
  }
  const size_t count = std::min(target.size(), held_end_ - held_begin_);
  std::copy_n(held_.begin() + static_cast<std::ptrdiff_t>(held_begin_), count, target.begin());
  held_begin_ += count;
  return count;
}

bool FrameSource::read_head() {
  std::array<std::byte, head_bytes> head;
  for (size_t have = 0; have < head.size();) {
    const size_t count = take(std::span(head).subspan(have));
    if (count == 0 && have == 0) return false;
    if (count == 0) fail("the stream broke off within a frame");
    have += count;
  }
  const auto value = [&](size_t at) { return std::to_integer<unsigned>(head[at]); };
  stream_ = value(0);
  if (stream_ == in || stream_ > engine_error || (value(1) | value(2) | value(3)) != 0) {
    fail("the engine sent something that is no frame");
  }
  payload_left_ = value(4) << 24 | value(5) << 16 | value(6) << 8 | value(7);
  return true;
}

void FrameSource::read_stderr() {
  std::array<std::byte, stderr_tail_max> block;
  const size_t room = std::min<uint64_t>(block.size(), payload_left_);
  const size_t count = take(std::span(block).first(room));
  if (count == 0) fail("the stream broke off within a frame");
  payload_left_ -= count;
  append_tail(stderr_tail_, as_text(std::span(block).first(count)), stderr_tail_max);
}

size_t FrameSource::read(ByteSpan target) {
  ensure(!target.empty(), "a read has room");
  while (!at_end_) {
    if (payload_left_ == 0) {
      at_end_ = !read_head();
    } else if (stream_ != out) {
      read_stderr();
      if (stream_ == engine_error && payload_left_ == 0) fail("the engine gave up");
    } else {
      const size_t count = take(target.first(std::min<uint64_t>(target.size(), payload_left_)));
      if (count == 0) fail("the stream broke off within a frame");
      payload_left_ -= count;
      return count;
    }
  }
  return 0;
}

void FrameSource::fail(const std::string& why) const {
  const std::string words = printable(redact(trim(stderr_tail_)));
  throw Error(ErrorKind::service,
              format("{}: {}{}{}", name_, why, words.empty() ? "" : ": ", words))
      .hint("Did the container or the engine stop meanwhile? See 'docker ps -a'.");
}

}  // namespace lifeboat
