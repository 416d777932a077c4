// The engine's progress as a person sees it: one line on a terminal, drawn anew at most ten times a
// second; elsewhere (cron, CI) only the notes.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "cli/output.h"
#include "engine/environment.h"

namespace lifeboat::cli {

struct ProgressState {
  std::string what;
  uint64_t bytes = 0;
  uint64_t bytes_expected = 0;  // 0: not known
  std::chrono::nanoseconds elapsed{};
};

// "n8n/database.sqlite  45%  12.3 MiB of 27.0 MiB  8.1 MiB/s  2 s left", cut to `width` at the name
// first, since the numbers are what moves.
std::string print_progress(const ProgressState& state, size_t width);

// Takes its line away at destruction. `talk` and `clock` must outlive it.
class ProgressBar final : public Progress {
 public:
  ProgressBar(Talk& talk, const Clock& clock) : talk_(talk), clock_(clock) {}
  ~ProgressBar() override { talk_.status(""); }

  void begin(std::string_view what, uint64_t bytes_expected) override;
  void advance(uint64_t bytes) override;
  void note(std::string_view line) override { talk_.say(line); }

 private:
  void draw();

  Talk& talk_;
  const Clock& clock_;
  ProgressState state_;
  std::chrono::steady_clock::time_point began_{};
  std::chrono::steady_clock::time_point drawn_{};
};

}  // namespace lifeboat::cli
