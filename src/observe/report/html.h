// The little of HTML and SVG that the report is made of.
//
// A drawing has no viewBox: what lies across is in percent of the width and what stands up in
// pixels, so that on a narrow phone bars get thinner and letters stay as large as they are. That
// leaves rectangles, lines and text, and is enough.
#pragma once

#include <string>
#include <string_view>

namespace lifeboat::report {

// Text between tags or in a quoted attribute: printable, secrets blanked, markup escaped. Whatever
// comes from a store, a service or an error goes through here.
std::string escape(std::string_view text);

// "12.34", without zeros at the end.
std::string number(double value);

enum class Anchor { start, middle, end };

class Drawing {
 public:
  // `label` says in words what a reader who cannot see it needs; empty: it adds nothing to what
  // stands beside it. `css` is a class.
  Drawing(std::string_view css, int height_px, std::string_view label);

  struct Box {
    double x_percent = 0;
    double width_percent = 0;
    double y_px = 0;
    double height_px = 0;
  };
  // `title` is shown when pointed at; empty: none.
  void box(const Box& box, std::string_view css, std::string_view title = "");
  // Across the whole width.
  void rule(double y_px, std::string_view css);
  void text(double x_percent, double y_px, Anchor anchor, std::string_view text);
  std::string finish();

 private:
  std::string svg_;
};

}  // namespace lifeboat::report
