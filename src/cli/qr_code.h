// A short text as a QR code, on a terminal or on paper: the only file with libqrencode behind it.
//
// Meant for private keys: what is kept of one lies in locked memory. The texts that are made of it
// are for the caller to wipe.
#pragma once

#include <string>
#include <string_view>

#include "base/secret.h"

namespace lifeboat::cli {

class QrCode {
 public:
  // With enough redundancy for a crease (level M, 15 %). Throws Error(limit) for a text that is too
  // long, which begins at about 2300 bytes.
  explicit QrCode(std::string_view text);

  // Modules on each side, without the blank margin around them.
  size_t width() const { return width_; }
  // False outside of it.
  bool is_dark(size_t row, size_t column) const;

 private:
  size_t width_ = 0;
  Secret modules_;  // row by row, one byte each
};

// What a block stands for: scanners want dark on light, and not the reverse.
enum class QrInk {
  dark,              // for paper
  light,             // for a terminal that shows light letters on a dark ground
  light_in_colours,  // for any terminal with colours
};
// Two modules a character, with the margin that scanners want.
std::string print_half_blocks(const QrCode& code, QrInk ink);
// An <svg> element of one path, black on white, margin included.
std::string print_svg(const QrCode& code);

}  // namespace lifeboat::cli
