#include "cli/qr_code.h"

#include <qrencode.h>

#include <array>
#include <memory>

#include "base/error.h"
#include "base/format.h"
#include "config/small_file.h"

namespace lifeboat::cli {
namespace {

constexpr size_t margin = 4;  // modules; ISO/IEC 18004, 7.3.8

struct WipeAndFree {
  void operator()(QRcode* code) const {
    const auto size = static_cast<size_t>(code->width) * static_cast<size_t>(code->width);
    wipe(std::as_writable_bytes(std::span(code->data, size)));
    QRcode_free(code);
  }
};

}  // namespace

QrCode::QrCode(std::string_view text) {
  std::string terminated(text);
  const std::unique_ptr<QRcode, WipeAndFree> code(
      QRcode_encodeString(terminated.c_str(), 0, QR_ECLEVEL_M, QR_MODE_8, 1));
  wipe_text(terminated);
  if (!code) {
    throw Error(ErrorKind::limit,
                format("make a QR code: {} bytes do not fit into one", text.size()));
  }
  width_ = static_cast<size_t>(code->width);
  modules_ = Secret(width_ * width_);
  for (size_t at = 0; at < modules_.size(); ++at) {
    modules_.span()[at] = std::byte(code->data[at] & 1U);  // the other bits say what it is for
  }
}

bool QrCode::is_dark(size_t row, size_t column) const {
  return row < width_ && column < width_ && modules_.view()[row * width_ + column] != std::byte{0};
}

std::string print_half_blocks(const QrCode& code, QrInk ink) {
  constexpr std::array<const char*, 4> blocks{" ", "▀", "▄", "█"};  // none, upper, lower, both
  const size_t side = code.width() + 2 * margin;
  // Below zero is above any width: outside of the code, and so light.
  const auto is_printed = [&](size_t row, size_t column) {
    return row < side && code.is_dark(row - margin, column - margin) == (ink == QrInk::dark);
  };
  std::string text;
  for (size_t row = 0; row < side; row += 2) {
    if (ink == QrInk::light_in_colours) text += "\x1b[97;40m";
    for (size_t column = 0; column < side; ++column) {
      const size_t upper = is_printed(row, column) ? 1 : 0;
      const size_t lower = is_printed(row + 1, column) ? 2 : 0;
      text += blocks.at(upper + lower);
    }
    text += ink == QrInk::light_in_colours ? "\x1b[0m\n" : "\n";
  }
  return text;
}

std::string print_svg(const QrCode& code) {
  const size_t side = code.width() + 2 * margin;
  std::string path;
  for (size_t row = 0; row < code.width(); ++row) {
    for (size_t column = 0; column < code.width(); ++column) {
      if (code.is_dark(row, column))
        path += format("M{} {}h1v1h-1z", column + margin, row + margin);
    }
  }
  std::string svg = format(
      "<svg class=\"qr\" viewBox=\"0 0 {0} {0}\" shape-rendering=\"crispEdges\" role=\"img\""
      " aria-label=\"QR code of the private key\">"
      "<rect width=\"{0}\" height=\"{0}\" fill=\"#fff\"/><path fill=\"#000\" d=\"{1}\"/>"
      "</svg>\n",
      side, path);
  wipe_text(path);
  return svg;
}

}  // namespace lifeboat::cli
