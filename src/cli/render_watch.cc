#include "cli/render_watch.h"

#include <algorithm>

#include "base/format.h"
#include "base/text.h"
#include "cli/render.h"

namespace lifeboat::cli {
namespace {

bool has_problem(const WatchedHost& host, const std::string& id) {
  return std::any_of(host.problems.begin(), host.problems.end(),
                     [&](const Problem& problem) { return problem.id == id; });
}

std::string verdict(const WatchedHost& host, const WatchedJob& job, const Style& style) {
  if (!job.newest) return style.bad("NO BACKUP");
  if (job.is_stale) return style.bad("STALE");
  if (has_problem(host, "watch/missed/" + job.id)) return style.bad("MISSED A NIGHT");
  if (has_problem(host, "watch/shrunk/" + job.id)) return style.bad("SHRUNK");
  return style.good("ok");
}

std::string print_nights(const WatchedJob& job) {
  if (job.nights_wanted == 0) return "-";
  return format("{} of {}", job.nights_wanted - job.missed.size(), job.nights_wanted);
}

std::string print_day(const std::optional<Timestamp>& time) {
  return time ? print_date(date_of(*time)) : "-";
}

std::string render_jobs(const WatchReport& report, Timestamp now, const Style& style) {
  Table table({{"HOST"},
               {"NEWEST"},
               {"AGE", Align::right},
               {"SIZE", Align::right},
               {"NIGHTS", Align::right},
               {"STATUS"}});
  for (const WatchedHost& host : report.hosts) {
    for (const WatchedJob& job : host.jobs) {
      const auto& newest = job.newest;
      // Without the host, which stands beside it.
      const std::string name = newest ? newest->text().substr(newest->host.size() + 1) : "-";
      table.add_row({job.name, name, newest ? print_age(now - job.newest_time) : "-",
                     newest ? print_bytes(job.newest_bytes) : "-", print_nights(job),
                     verdict(host, job, style)});
    }
  }
  return table.print();
}

std::string render_shelves(const WatchReport& report, Timestamp now) {
  Table table({{"HOST"},
               {"NIGHTLIES", Align::right},
               {"LAST ONE GOES"},
               {"MONTHLIES", Align::right},
               {"LAST DRILL", Align::right}});
  for (const WatchedHost& host : report.hosts) {
    table.add_row({host.host, format("{}", host.shelf.dailies),
                   print_day(host.shelf.newest_expires), format("{}", host.monthlies),
                   host.last_drill ? print_age(now - *host.last_drill) : "-"});
  }
  return table.print();
}

Json time_or_null(const std::optional<Timestamp>& time) {
  return time ? Json(print_time(*time)) : Json(nullptr);
}

Json job_to_json(const WatchedJob& job, Timestamp now) {
  Json missed = Json::array();
  for (const MissedNight& night : job.missed) {
    missed.push_back(
        {{"date", print_date(night.date)}, {"found", night.found}, {"wanted", night.wanted}});
  }
  Json value{{"name", job.name}, {"id", job.id}, {"snapshot", nullptr}};
  if (job.newest) {
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - job.newest_time);
    value["snapshot"] = job.newest->text();
    value["finished"] = print_time(job.newest_time);
    value["age_seconds"] = age.count();
    value["bytes"] = job.newest_bytes;
  }
  value["stale"] = job.is_stale;
  value["stale_after_seconds"] = job.stale_after.count();
  value["nights_looked_at"] = job.nights_wanted;
  value["nights_missed"] = std::move(missed);
  return value;
}

}  // namespace

std::string render_watch(const WatchReport& report, Timestamp now, const Style& style) {
  std::string text = render_jobs(report, now, style) + "\n" + render_shelves(report, now);
  size_t problems = 0;
  std::string lines;
  for (const WatchedHost& host : report.hosts) {
    problems += host.problems.size();
    for (const Problem& problem : host.problems) {
      lines += format("{} {}: {}\n", level_mark(FindingLevel::error, style),
                      printable(problem.title), printable(problem.cause));
      for (const std::string& hint : problem.hints)
        lines += format("  hint: {}\n", printable(hint));
    }
    for (const std::string& warning : host.warnings) {
      lines += format("{} {}\n", level_mark(FindingLevel::warning, style), printable(warning));
    }
  }
  for (const std::string& host : report.unexpected) {
    lines += format("{} {} is in the store, and nobody expects it.\n",
                    level_mark(FindingLevel::warning, style), printable(host));
  }
  if (!lines.empty()) text += "\n" + lines;
  return text + "\n" +
         (problems == 0 ? style.good("all that is expected is there")
                        : style.bad(print_count(problems, "problem", "problems"))) +
         "\n";
}

Json watch_to_json(const WatchReport& report, Timestamp now) {
  Json hosts = Json::array();
  for (const WatchedHost& host : report.hosts) {
    Json jobs = Json::array();
    for (const WatchedJob& job : host.jobs) jobs.push_back(job_to_json(job, now));
    Json problems = Json::array();
    for (const Problem& problem : host.problems) {
      problems.push_back({{"id", problem.id},
                          {"title", problem.title},
                          {"cause", problem.cause},
                          {"hints", problem.hints}});
    }
    hosts.push_back({{"host", host.host},
                     {"jobs", std::move(jobs)},
                     {"nightlies", host.shelf.dailies},
                     {"oldest_expires", time_or_null(host.shelf.oldest_expires)},
                     {"newest_expires", time_or_null(host.shelf.newest_expires)},
                     {"monthlies", host.monthlies},
                     {"last_drill", time_or_null(host.last_drill)},
                     {"problems", std::move(problems)},
                     {"warnings", host.warnings}});
  }
  return {{"good", report.is_good()},
          {"time", print_time(now)},
          {"hosts", std::move(hosts)},
          {"unexpected_hosts", report.unexpected},
          {"notes", report.notes}};
}

Json deliveries_to_json(const std::vector<Delivery>& deliveries) {
  Json all = Json::array();
  for (const Delivery& delivery : deliveries) {
    all.push_back({{"notifier", delivery.notifier},
                   {"delivered", delivery.delivered},
                   {"error", delivery.error}});
  }
  return all;
}

}  // namespace lifeboat::cli
