#include "codec/age/input.h"

#include <algorithm>
#include <cstring>

namespace lifeboat::age {

namespace {
// Holds the header of a file with dozens of recipients; more is read in further steps.
constexpr size_t step_bytes = 4096;
}  // namespace

bool Input::read_more() {
  if (position_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + position_, filled_ - position_);
    filled_ -= position_;
    position_ = 0;
  }
  if (buffer_.size() - filled_ < step_bytes) buffer_.resize(filled_ + step_bytes);
  const size_t count = source_.read(ByteSpan(buffer_).subspan(filled_));
  filled_ += count;
  return count > 0;
}

Input::Line Input::read_line(size_t size_max) {
  size_t searched = 0;
  for (;;) {
    const std::string_view text = ahead().substr(0, size_max);
    const size_t end = text.find('\n', searched);
    if (end != std::string_view::npos) {
      position_ += end + 1;
      return {text.substr(0, end), true};
    }
    searched = text.size();
    if (searched == size_max || !read_more()) break;
  }
  const std::string_view rest = ahead().substr(0, searched);
  position_ += searched;
  return {rest, false};
}

std::string_view Input::peek(size_t size) {
  while (held() < size && read_more()) {
  }
  return ahead().substr(0, size);
}

size_t Input::read(ByteSpan target) {
  const std::string_view held = ahead();
  if (held.empty()) return source_.read(target);
  const size_t count = std::min(held.size(), target.size());
  std::memcpy(target.data(), held.data(), count);
  position_ += count;
  return count;
}

}  // namespace lifeboat::age
