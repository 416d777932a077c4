// What the fuzz targets share. Each target is one parser, and states what must hold for every
// input: nothing but lifeboat::Error comes out (libFuzzer takes any other exception for a crash),
// the same answer whatever the sizes of the reads, and what was taken comes back when it is
// printed.
//
// libFuzzer (clang) and not AFL++: its targets are functions of one process, which a short run in
// CI can afford. https://llvm.org/docs/LibFuzzer.html
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/random.h"
#include "io/source.h"

namespace lifeboat::fuzz {

// libFuzzer keeps the input that led here.
inline void require(bool holds, std::string_view promise, std::string_view detail = "") {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %.*s\n%.*s\n", static_cast<int>(promise.size()),
               promise.data(), static_cast<int>(detail.size()), detail.data());
  std::abort();
}

inline std::string_view text_of(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// A fixed sequence: each run of one input is the same.
class FixedRandom final : public Random {
 public:
  void fill(ByteSpan target) override {
    for (std::byte& byte : target) byte = static_cast<std::byte>(next_++ * 37 + 11);
  }

 private:
  unsigned next_ = 0;
};

// `text`, at most `step` bytes a read. `text` must outlive it.
class Pieces final : public Source {
 public:
  Pieces(std::string_view text, size_t step) : left_(text), step_(step) {}
  size_t read(ByteSpan target) override {
    const size_t count = std::min({target.size(), left_.size(), step_});
    std::copy_n(as_bytes(left_).begin(), count, target.begin());
    left_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view left_;
  size_t step_;
};

// What `body` returns, or the Error that it throws.
template <typename Body>
std::string outcome(Body&& body) {
  try {
    return "taken: " + body();
  } catch (const Error& error) {
    require(*error.what() != '\0', "an error says something");
    return std::string("refused: ") + error.what();
  }
}
inline bool is_taken(std::string_view outcome) { return outcome.starts_with("taken: "); }

// The outcome of `body(Source&, size_t step)`, which must not depend on the sizes of the reads:
// byte by byte where that is cheap.
template <typename Body>
std::string same_for_all_steps(std::string_view text, Body&& body) {
  const auto with_step = [&](size_t step) {
    Pieces pieces(text, step);
    return outcome([&] { return body(pieces, step); });
  };
  std::string whole = with_step(64 * 1024);
  for (const size_t step : {1 + text.size() / 2048, 2 + text.size() % 61 + text.size() / 64}) {
    const std::string other = with_step(step);
    require(other == whole, "the sizes of the reads change nothing",
            whole.substr(0, 2000) + "\n" + other.substr(0, 2000));
  }
  return whole;
}

// Reads `source` with buffers of `step` bytes, up to `bytes_max`.
inline std::string drain(Source& source, size_t step, size_t bytes_max = 1 << 20) {
  std::string all;
  Bytes block(std::clamp<size_t>(step, 1, 64 * 1024));
  while (all.size() < bytes_max) {
    const ByteSpan room(block.data(), std::min(block.size(), bytes_max - all.size()));
    const size_t count = source.read(room);
    if (count == 0) break;
    all += as_text(ByteView(block).first(count));
  }
  return all;
}

// A folder of this process, for what reads or writes files; removed at the end.
class Scratch {
 public:
  Scratch() {
    const bool has_memory = std::filesystem::is_directory("/dev/shm");
    std::string name = has_memory ? "/dev/shm/lifeboat-fuzz-XXXXXX" : "/tmp/lifeboat-fuzz-XXXXXX";
    require(::mkdtemp(name.data()) != nullptr, "a scratch folder can be made");
    path_ = name;
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace lifeboat::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
// Of libFuzzer: changes `data` in place, up to `max_size` bytes; returns the new size.
extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);
// A target may have one, to put right what no blind change gets right, such as a checksum.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed);
