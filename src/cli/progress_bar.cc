#include "cli/progress_bar.h"

#include <algorithm>

#include "base/format.h"
#include "base/text.h"
#include "cli/table.h"

namespace lifeboat::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto redraw_interval = 100ms;
constexpr auto rate_needs = 500ms;  // a rate of less time than this jumps about
constexpr size_t name_width_min = 12;

}  // namespace

std::string print_progress(const ProgressState& state, size_t width) {
  std::string numbers;
  const bool knows_size = state.bytes_expected > 0;
  if (knows_size) {
    // What changes while it is read may give more than was promised.
    const uint64_t bytes = std::min(state.bytes, state.bytes_expected);
    const auto percent = static_cast<unsigned>(100.0 * static_cast<double>(bytes) /
                                               static_cast<double>(state.bytes_expected));
    numbers = format("  {:>3}%  {} of {}", percent, print_bytes(bytes),
                     print_bytes(state.bytes_expected));
  } else if (state.bytes > 0) {
    numbers = format("  {}", print_bytes(state.bytes));
  }
  if (state.bytes > 0 && state.elapsed >= rate_needs) {
    const double rate =
        static_cast<double>(state.bytes) / std::chrono::duration<double>(state.elapsed).count();
    numbers += format("  {}/s", print_bytes(static_cast<uint64_t>(rate)));
    if (knows_size && state.bytes < state.bytes_expected) {
      const double left_s = static_cast<double>(state.bytes_expected - state.bytes) / rate;
      const std::chrono::seconds left(static_cast<int64_t>(left_s) + 1);
      numbers += format("  {} left", print_duration(left));
    }
  }
  const size_t taken = display_width(numbers);
  const size_t name_width =
      std::max(width > taken ? width - taken : 0, std::min(width, name_width_min));
  return cut_to_width(cut_to_width(printable(state.what), name_width) + numbers, width);
}

void ProgressBar::begin(std::string_view what, uint64_t bytes_expected) {
  state_ = {std::string(what), 0, bytes_expected, {}};
  began_ = clock_.steady_now();
  draw();
}

void ProgressBar::advance(uint64_t bytes) {
  state_.bytes += bytes;
  draw();
}

void ProgressBar::draw() {
  if (!talk_.shows_status()) return;
  const auto now = clock_.steady_now();
  if (drawn_.time_since_epoch().count() != 0 && now - drawn_ < redraw_interval) return;
  drawn_ = now;
  state_.elapsed = now - began_;
  // One column stays free: a line as wide as the terminal wraps on some.
  talk_.status(print_progress(state_, talk_.width() > 0 ? talk_.width() - 1 : 0));
}

}  // namespace lifeboat::cli
