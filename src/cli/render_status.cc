#include "cli/render_status.h"

#include "base/format.h"
#include "base/short_text.h"
#include "base/text.h"
#include "cli/render.h"

namespace lifeboat::cli {
namespace {

std::string paint(FindingLevel level, const std::string& text, const Style& style) {
  if (level == FindingLevel::ok) return style.good(text);
  return level == FindingLevel::warning ? style.caution(text) : style.bad(text);
}

// "vps-h1 nightly", a host alone, or "store".
std::string subject(const StatusFinding& finding) {
  if (finding.host.empty()) return "store";
  return finding.job.empty() ? finding.host : format("{} {}", finding.host, finding.job);
}

Json time_to_json(const std::optional<Timestamp>& time) {
  return time ? Json(print_time(*time)) : Json(nullptr);
}

}  // namespace

std::string render_status(const Status& status, Timestamp now, const Style& style) {
  Table table({{"HOST"},
               {"JOB"},
               {"DRILL"},
               {"PROVED", Align::right},
               {"BACKUP", Align::right},
               {"LAST RUN"},
               {"SIZE", Align::right},
               {"WEEK", Align::right},
               {"EXPIRES", Align::right}});
  const auto age = [&](const std::optional<Timestamp>& time) {
    return time ? print_age(now - *time) : std::string("-");
  };
  for (const JobStatus& job : status.jobs) {
    const std::string run =
        job.last_run ? format("{}, {}", job.run, print_age(now - *job.last_run)) : job.run;
    table.add_row({printable(job.host), printable(job.job),
                   paint(job.drill_level, job.drill, style),
                   paint(job.drill_level, age(job.proved), style),
                   paint(job.age, age(job.last_success), style), paint(job.run_level, run, style),
                   job.last_run ? print_bytes(job.archive_bytes) : "-",
                   job.change ? format("{:+.0f} %", *job.change * 100) : "-",
                   job.expires ? print_age(*job.expires - now) : "-"});
  }
  std::string text = table.empty() ? "" : table.print();
  if (status.findings.empty()) return text + style.good("all in order") + "\n";
  if (!text.empty()) text += "\n";
  for (const StatusFinding& finding : status.findings) {
    text += format("{} {}: {}\n", level_mark(finding.level, style), printable(subject(finding)),
                   printable(finding.text));
  }
  return text;
}

Json status_to_json(const Status& status, Timestamp now) {
  Json jobs = Json::array();
  for (const JobStatus& job : status.jobs) {
    const auto seconds = [](const auto& time) -> Json {
      if (!time) return nullptr;
      return std::chrono::duration<double>(*time).count();
    };
    jobs.push_back({{"host", job.host},
                    {"job", job.job},
                    {"drill",
                     {{"last", job.drill},
                      {"level", level_name(job.drill_level)},
                      {"last_success", time_to_json(job.proved)},
                      {"recovery_seconds", seconds(job.recovery)}}},
                    {"backup",
                     {{"last_success", time_to_json(job.last_success)},
                      {"level", level_name(job.age)},
                      {"stale_after_seconds", seconds(job.stale_after)}}},
                    {"last_run",
                     {{"result", job.run},
                      {"level", level_name(job.run_level)},
                      {"time", time_to_json(job.last_run)}}},
                    {"archive_bytes", job.archive_bytes},
                    {"change", job.change ? Json(*job.change) : Json(nullptr)},
                    {"expires", time_to_json(job.expires)}});
  }
  Json findings = Json::array();
  for (const StatusFinding& finding : status.findings) {
    findings.push_back({{"level", level_name(finding.level)},
                        {"host", finding.host},
                        {"job", finding.job},
                        {"text", finding.text}});
  }
  return {{"time", print_time(now)},
          {"good", status.findings.empty()},
          {"jobs", std::move(jobs)},
          {"findings", std::move(findings)}};
}

}  // namespace lifeboat::cli
