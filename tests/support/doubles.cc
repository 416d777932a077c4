#include "support/doubles.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"

namespace lifeboat::test {

uint64_t SeededRandom::next() {
  uint64_t mixed = (state_ += 0x9E3779B97F4A7C15);
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
  return mixed ^ (mixed >> 31);
}

void SeededRandom::fill(ByteSpan target) {
  while (!target.empty()) {
    const uint64_t word = next();
    const size_t count = std::min(target.size(), sizeof word);
    std::memcpy(target.data(), &word, count);
    target = target.subspan(count);
  }
}

Bytes SeededRandom::bytes(size_t size) {
  Bytes made(size);
  fill(made);
  return made;
}

Bytes SeededRandom::text_bytes(size_t size) {
  std::string made;
  while (made.size() < size) {
    made += R"({"id":)" + std::to_string(below(1000000)) + R"(,"name":"item )" +
            std::to_string(below(100)) + "\"},\n";
  }
  made.resize(size);
  return to_bytes(made);
}

size_t SteppedSource::read(ByteSpan target) {
  if (position_ >= fail_at_) throw Error(ErrorKind::service, "read test source: made to fail");
  const size_t step = step_ != 0 ? step_ : 1 + random_.below(100000);
  size_t count = std::min({target.size(), step, bytes_.size() - position_});
  count = std::min(count, fail_at_ - position_);
  if (count > 0) std::memcpy(target.data(), bytes_.data() + position_, count);
  position_ += count;
  return count;
}

void FailingSink::do_write(ByteView) {
  if (++writes_ == fail_at_) throw Error(ErrorKind::store, "write test sink: made to fail");
}

void FailingSink::do_finish() {
  if (fail_at_ == 0) throw Error(ErrorKind::store, "finish test sink: made to fail");
}

Bytes drain(Source& source, size_t step) {
  SeededRandom random(7);
  Bytes all;
  Bytes block(step != 0 ? step : 100000);
  for (;;) {
    const size_t ask = step != 0 ? step : 1 + random.below(block.size());
    const size_t count = source.read(ByteSpan(block).first(ask));
    if (count == 0) break;
    all.insert(all.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(count));
  }
  EXPECT_EQ(source.read(block), 0u) << "the end lasts";
  return all;
}

std::string error_text(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    std::string text = error.what();
    for (const std::string& hint : error.hints()) text += "\nhint: " + hint;
    return text;
  }
  ADD_FAILURE() << "no Error was thrown";
  return "";
}

}  // namespace lifeboat::test
