#include "observe/report/html.h"

#include "base/format.h"
#include "base/log.h"
#include "base/text.h"

namespace lifeboat::report {

std::string escape(std::string_view text) {
  std::string safe;
  for (const char letter : redact(printable(text))) {
    switch (letter) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += letter;
    }
  }
  return safe;
}

std::string number(double value) {
  std::string text = format("{:.2f}", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

Drawing::Drawing(std::string_view css, int height_px, std::string_view label) {
  const std::string role = label.empty() ? " aria-hidden=\"true\""
                                         : format(" role=\"img\" aria-label=\"{}\"", escape(label));
  svg_ = format("<svg class=\"{}\" height=\"{}\"{}>", css, height_px, role);
}

void Drawing::box(const Box& box, std::string_view css, std::string_view title) {
  svg_ += format("<rect class=\"{}\" x=\"{}%\" width=\"{}%\" y=\"{}\" height=\"{}\"", css,
                 number(box.x_percent), number(box.width_percent), number(box.y_px),
                 number(box.height_px));
  svg_ += title.empty() ? "/>" : format("><title>{}</title></rect>", escape(title));
}

void Drawing::rule(double y_px, std::string_view css) {
  svg_ +=
      format("<line class=\"{0}\" x1=\"0\" x2=\"100%\" y1=\"{1}\" y2=\"{1}\"/>", css, number(y_px));
}

void Drawing::text(double x_percent, double y_px, Anchor anchor, std::string_view text) {
  const char* names[] = {"start", "middle", "end"};
  svg_ += format("<text x=\"{}%\" y=\"{}\" text-anchor=\"{}\">{}</text>", number(x_percent),
                 number(y_px), names[static_cast<size_t>(anchor)], escape(text));
}

std::string Drawing::finish() { return svg_ + "</svg>"; }

}  // namespace lifeboat::report
