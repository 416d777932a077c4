#include "base/short_text.h"

#include "base/format.h"
#include "base/visible_text.h"

namespace lifeboat {

std::string print_age(std::chrono::nanoseconds age) {
  using namespace std::chrono;
  if (age < minutes(1)) return "now";
  if (age < hours(1)) return format("{} min", duration_cast<minutes>(age).count());
  if (age < hours(48)) return format("{} h", duration_cast<hours>(age).count());
  return format("{} d", duration_cast<hours>(age).count() / 24);
}

std::string clip_text(std::string_view text, size_t bytes_max) {
  std::string clean = escape_controls(text);
  if (clean.size() <= bytes_max) return clean;
  constexpr std::string_view dots = "...";
  size_t end = bytes_max - dots.size();
  while ((static_cast<unsigned char>(clean[end]) & 0xC0) == 0x80) --end;  // not within a character
  return clean.substr(0, end).append(dots);
}

}  // namespace lifeboat
