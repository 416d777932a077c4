#include "observe/report/charts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "base/format.h"
#include "base/text.h"
#include "observe/report/html.h"

namespace lifeboat::report {
namespace {

using std::chrono::days;
using std::chrono::floor;

constexpr int night_height_px = 44;
constexpr int plot_height_px = 96;
constexpr int top_px = 14;          // room for the topmost label
constexpr int below_px = 22;        // room for the days
constexpr double fill = 0.74;       // of its place that a bar takes
constexpr double wide_percent = 3;  // of the drawing, at most: few bars are no walls
constexpr size_t drills_max = 26;
constexpr size_t labelled_max = 3;  // so many days have room below a narrow drawing
constexpr size_t shelf_steps = 56;

// A nice number at or above `value` for the top of a scale, whose half is nice too.
double scale_top(double value, const std::vector<double>& steps) {
  for (const double step : steps) {
    if (value <= step) return step;
  }
  return value;
}

double bytes_top(double value) {
  double unit = 1;
  while (value > unit * 1024) unit *= 1024;
  return unit *
         scale_top(value / unit, {2, 4, 6, 8, 10, 20, 40, 60, 80, 100, 200, 400, 600, 800, 1024});
}

double seconds_top(double value) {
  return scale_top(value, {0.02, 0.1, 0.2,  1,    2,    4,    10,    20,    40,    60,   120,
                           240,  600, 1200, 2400, 3600, 7200, 14400, 28800, 43200, 86400});
}

double count_top(double value) {
  return scale_top(
      value, {2, 4, 6, 8, 10, 12, 16, 20, 24, 30, 40, 50, 60, 80, 100, 200, 400, 600, 800, 1000});
}

// "2 MiB", not "2.0 MiB".
std::string print_bytes_tick(double value) {
  std::string text = print_bytes(static_cast<uint64_t>(value));
  if (const size_t at = text.find(".0 "); at != std::string::npos) text.erase(at, 2);
  return text;
}

std::string print_seconds_tick(double value) {
  if (value < 1) return format("{} ms", number(value * 1000));
  if (value < 60) return format("{} s", number(value));
  return value < 3600 ? format("{} min", number(value / 60)) : format("{} h", number(value / 3600));
}

// `said` is markup.
std::string figure(std::string_view title, std::string_view said, std::string_view content) {
  return format("<figure><figcaption><b>{}</b> {}</figcaption>{}</figure>\n", title, said, content);
}

// Place `index` of `count` across a drawing, with a bar in its middle.
Drawing::Box column(size_t index, size_t count, double width_max_percent) {
  const double place = 100.0 / static_cast<double>(count);
  const double width = std::min(place * fill, width_max_percent);
  return {place * (static_cast<double>(index) + 0.5) - width / 2, width, 0, 0};
}

// Bars over a scale with its labels on the left.
class Plot {
 public:
  using PrintTick = std::function<std::string(double)>;

  Plot(std::string_view label, double top, const PrintTick& print_tick)
      : top_(top),
        scale_("scale", plot_height_px + below_px, ""),
        bars_("bars", plot_height_px + below_px, label) {
    for (const double part : {0.0, 0.5, 1.0}) {
      const double value = top * part;
      scale_.text(100, y_of(value) + 4, Anchor::end, part == 0 ? "0" : print_tick(value));
      bars_.rule(y_of(value), part == 0 ? "base" : "grid");
    }
  }
  // Bar `index` of `count`, from `low` to `high`.
  void bar(size_t index, size_t count, double low, double high, std::string_view css,
           std::string_view title = "") {
    Drawing::Box box = column(index, count, 2 * wide_percent);
    box.y_px = y_of(std::min(high, top_));
    box.height_px = std::max(y_of(low) - box.y_px, 1.0);
    bars_.box(box, css, title);
  }
  void below(std::string_view left, std::string_view right) {
    bars_.text(0, plot_height_px + 17, Anchor::start, left);
    bars_.text(100, plot_height_px + 17, Anchor::end, right);
  }
  // In the middle below bar `index` of `count`.
  void under(size_t index, size_t count, std::string_view text) {
    const double place = 100.0 / static_cast<double>(count);
    bars_.text(place * (static_cast<double>(index) + 0.5), plot_height_px + 17, Anchor::middle,
               text);
  }
  std::string finish() {
    return format("<div class=\"plot\">{}{}</div>", scale_.finish(), bars_.finish());
  }

 private:
  double y_of(double value) const {
    return plot_height_px - value / top_ * (plot_height_px - top_px);
  }

  double top_;
  Drawing scale_;
  Drawing bars_;
};

std::string print_many(size_t count, Pace pace) {
  return pace == Pace::weekly ? print_count(count, "week", "weeks")
                              : print_count(count, "night", "nights");
}

// "56 whole, 2 partial, 2 missing": with `markup` in their colours, which makes it the legend.
std::string count_states(const std::vector<Night>& nights, bool markup) {
  std::vector<std::string> counts;
  const auto count = [&](NightState state, std::string_view css) {
    const auto found = std::count_if(nights.begin(), nights.end(),
                                     [&](const Night& night) { return night.state == state; });
    if (found == 0) return;
    const std::string text = format("{} {}", found, night_state_name(state));
    counts.push_back(markup ? format("<span class=\"{}\">{}</span>", css, text) : text);
  };
  count(NightState::ok, "ok");
  count(NightState::partial, "warning");
  count(NightState::damaged, "error");
  count(NightState::unfinished, "error");
  count(NightState::missing, "error");
  count(NightState::idle, "none");
  return format("{}", join(counts, ", "));
}

std::string describe(const Night& night) {
  std::string text = format("{}: {}", print_day(night.begin), night_state_name(night.state));
  if (night.snapshot == nullptr) return text;
  for (const PastService& service : night.snapshot->services) {
    if (!service.ok) text += format(", without {}", service.name);
  }
  if (!night.snapshot->error.empty()) return text + ", " + night.snapshot->error;
  return text + ", " + print_bytes(night.snapshot->archive_bytes);
}

// Height tells as much as colour does.
void draw_night(Drawing& drawing, const Drawing::Box& place, const Night& night) {
  Drawing::Box box = place;
  const auto draw = [&](std::string_view css, double height) {
    box.y_px = night_height_px - 10 - height;
    box.height_px = height;
    drawing.box(box, css, describe(night));
  };
  switch (night.state) {
    case NightState::ok:
      return draw("ok", 32);
    case NightState::partial:
      return draw("partial", 20);
    case NightState::damaged:
      return draw("damaged", 32);
    case NightState::unfinished:
      return draw("damaged", 10);
    case NightState::missing:
      return draw("missing", 31);
    case NightState::idle:
      return draw("idle", 3);
  }
}

using Value = std::function<double(const PastSnapshot&)>;

// A bar for each night of which `value` is known.
std::string draw_values(const std::vector<Night>& nights, std::string_view title,
                        const Value& value, double (*top_of)(double),
                        const Plot::PrintTick& print_tick, const Plot::PrintTick& print_value) {
  std::vector<double> values;
  for (const Night& night : nights) {
    const bool known = night.snapshot != nullptr &&
                       night.snapshot->finished.time_since_epoch() > days(0) &&
                       night.snapshot->archive_bytes > 0;
    values.push_back(known ? value(*night.snapshot) : -1);
  }
  const double most = nights.empty() ? -1 : *std::max_element(values.begin(), values.end());
  if (most < 0) return figure(title, "nothing is known yet", "");
  const double last =
      *std::find_if(values.rbegin(), values.rend(), [](double one) { return one >= 0; });
  const std::string said = format("{} last, {} at most", print_value(last), print_value(most));
  Plot plot(format("{}: {}", title, said), top_of(std::max(most, 0.001)), print_tick);
  for (size_t index = 0; index < nights.size(); ++index) {
    if (values[index] < 0) continue;
    const bool whole = nights[index].state == NightState::ok;
    plot.bar(index, nights.size(), 0, values[index], whole ? "a" : "b",
             format("{}: {}", print_day(nights[index].begin), print_value(values[index])));
  }
  plot.below(print_short_day(nights.front().begin), print_short_day(nights.back().begin));
  return figure(title, said, plot.finish());
}

}  // namespace

std::string print_short_day(Timestamp time) {
  constexpr std::array names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Date date = date_of(time);
  return format("{} {}", unsigned{date.day()}, names[unsigned{date.month()} - 1]);
}

std::string print_day(Timestamp time) {
  return format("{} {}", print_short_day(time), int{date_of(time).year()});
}

std::string draw_nights(const std::vector<Night>& nights, Pace pace) {
  Drawing drawing("nights", night_height_px + below_px - 10,
                  format("{}: {}", print_many(nights.size(), pace), count_states(nights, false)));
  drawing.rule(night_height_px - 10, "base");
  for (size_t index = 0; index < nights.size(); ++index) {
    draw_night(drawing, column(index, nights.size(), wide_percent), nights[index]);
  }
  const double y = night_height_px + 7;
  drawing.text(0, y, Anchor::start, print_short_day(nights.front().begin));
  if (nights.size() > 20) {
    const size_t middle = nights.size() / 2;
    const Drawing::Box place = column(middle, nights.size(), wide_percent);
    drawing.text(place.x_percent + place.width_percent / 2, y, Anchor::middle,
                 print_short_day(nights[middle].begin));
  }
  drawing.text(100, y, Anchor::end, print_short_day(nights.back().begin));
  return figure(pace == Pace::weekly ? "Weeks" : "Nights", count_states(nights, true),
                drawing.finish());
}

std::string draw_sizes(const std::vector<Night>& nights) {
  const auto print = [](double value) { return print_bytes(static_cast<uint64_t>(value)); };
  return draw_values(
      nights, "Size",
      [](const PastSnapshot& one) { return static_cast<double>(one.archive_bytes); }, bytes_top,
      print_bytes_tick, print);
}

std::string draw_durations(const std::vector<Night>& nights) {
  const auto print = [](double value) {
    return value < 1 ? std::string("under 1 s")
                     : print_duration(std::chrono::seconds(std::llround(value)));
  };
  return draw_values(
      nights, "Duration",
      [](const PastSnapshot& one) {
        return std::chrono::duration<double>(one.finished - one.started).count();
      },
      [](double value) { return std::max(seconds_top(value), 2.0); }, print_seconds_tick, print);
}

std::string draw_drills(const JobHistory& job) {
  constexpr std::string_view title = "Drills";
  std::vector<const PastDrill*> drills;
  for (const PastDrill& drill : job.drills) drills.push_back(&drill);
  if (drills.empty()) return figure(title, "none has proved a restore yet", "");
  if (drills.size() > drills_max) drills.erase(drills.begin(), drills.end() - drills_max);
  const auto seconds = [](std::chrono::nanoseconds time) {
    return std::chrono::duration<double>(time).count();
  };
  double most = 0;
  for (const PastDrill* drill : drills) most = std::max(most, seconds(drill->duration));
  const auto good = std::find_if(drills.rbegin(), drills.rend(), [](const PastDrill* drill) {
    return drill->verdict == FindingLevel::ok;
  });
  const std::string said =
      good == drills.rend()
          ? "none of these proved a restore"
          : format("recovery took {}, of which {} until all lay on disk",
                   print_duration((*good)->duration), print_duration((*good)->restore_duration));
  const double top = seconds_top(std::max(most, 0.001));
  Plot plot(format("{}: {}", print_count(drills.size(), "drill", "drills"), said), top,
            print_seconds_tick);
  for (size_t index = 0; index < drills.size(); ++index) {
    const PastDrill& drill = *drills[index];
    const std::string text = format("{}: {}", print_day(drill.drilled),
                                    drill.error.empty() ? drill.result : drill.error);
    if (drill.verdict != FindingLevel::ok) {
      const bool failed = drill.verdict == FindingLevel::error;
      plot.bar(index, drills.size(), 0, failed ? top : seconds(drill.duration),
               failed ? "missing" : "partial", text);
      continue;
    }
    const double restored = seconds(drill.restore_duration);
    plot.bar(index, drills.size(), 0, seconds(drill.duration), "b", text);
    plot.bar(index, drills.size(), 0, restored, "a", text);
  }
  if (drills.size() > labelled_max) {
    plot.below(print_short_day(drills.front()->drilled), print_short_day(drills.back()->drilled));
  } else {
    for (size_t index = 0; index < drills.size(); ++index) {
      plot.under(index, drills.size(), print_short_day(drills[index]->drilled));
    }
  }
  return figure(title, said, plot.finish());
}

std::string draw_shelf(const JobHistory& job, Timestamp now) {
  constexpr std::string_view title = "If no backup came any more";
  const auto ends = [&](const std::vector<PastSnapshot>& snapshots) {
    std::vector<Timestamp> found;
    for (const PastSnapshot& one : snapshots) {
      if (one.error.empty() && one.expires > now) found.push_back(one.expires);
    }
    std::sort(found.begin(), found.end());
    return found;
  };
  const std::vector<Timestamp> nightly = ends(job.snapshots);
  const std::vector<Timestamp> monthly = ends(job.monthlies);
  if (nightly.empty() && monthly.empty()) return figure(title, "nothing would be left", "");
  const char* kind = job.pace == Pace::weekly ? "weekly" : "daily";
  std::vector<std::string> last;
  if (!nightly.empty()) last.push_back(format("last {} goes {}", kind, print_day(nightly.back())));
  if (!monthly.empty()) last.push_back(format("last monthly {}", print_day(monthly.back())));
  const std::string said = format("{}", join(last, ", "));
  const Timestamp end =
      std::max(nightly.empty() ? now : nightly.back(), monthly.empty() ? now : monthly.back());
  const auto step = std::max<std::chrono::nanoseconds>((end - now) / shelf_steps, days(1));
  const auto left = [](const std::vector<Timestamp>& times, Timestamp at) {
    return static_cast<double>(times.end() - std::upper_bound(times.begin(), times.end(), at));
  };
  const auto steps = static_cast<size_t>((end - now) / step) + 1;
  Plot plot(format("{}: {}", title, said),
            count_top(static_cast<double>(nightly.size() + monthly.size())),
            [](double value) { return number(value); });
  for (size_t index = 0; index < steps; ++index) {
    const Timestamp at = now + step * static_cast<int64_t>(index);
    const double months = left(monthly, at);
    const double nights = left(nightly, at);
    const std::string text =
        format("{}: {} {} and {} monthly left", print_day(at), nights, kind, months);
    if (nights > 0) plot.bar(index, steps, months, months + nights, "a", text);
    if (months > 0) plot.bar(index, steps, 0, months, "b", text);
  }
  plot.below("now", print_day(end));
  return figure(title, said, plot.finish());
}

}  // namespace lifeboat::report
