#include "observe/report/report.h"

#include <algorithm>

#include "base/format.h"
#include "base/short_text.h"
#include "base/text.h"
#include "crypto/base64.h"
#include "crypto/hash.h"
#include "observe/report/charts.h"
#include "observe/report/html.h"
#include "observe/report/nights.h"
#include "observe/report/style.h"

namespace lifeboat {
namespace {

using namespace report;

constexpr std::string_view level_names[] = {"ok", "warning", "error"};
std::string_view css_of(FindingLevel level) { return level_names[static_cast<size_t>(level)]; }

// Of untrusted text whose direction must not turn its surroundings around.
std::string isolated(std::string_view text) { return format("<bdi>{}</bdi>", escape(text)); }

std::string print_moment(Timestamp time) {
  return format("{}, {} UTC", print_day(time), print_time(time).substr(11, 5));
}

// A job with its nights.
struct Part {
  const HostHistory* host;
  const JobHistory* job;
  std::vector<Night> nights;
};

class Page {
 public:
  explicit Page(const ReportInput& input) : input_(input) {
    for (const HostHistory& host : input.history.hosts) {
      for (const JobHistory& job : host.jobs) {
        NightRange range{input.history.since, input.now, {}};
        for (const JobStatus& row : input.status.jobs) {
          if (row.host == host.name && row.job == job.name) range.stale_after = row.stale_after;
        }
        parts_.push_back({&host, &job, nights_of(host, job, range)});
      }
    }
  }

  std::string render() {
    const std::string verdict = headline();
    html_ = format(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
        "'sha256-{}'; base-uri 'none'; form-action 'none'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"robots\" content=\"noindex\">\n<title>{}</title>\n<style>{}</style>\n"
        "</head>\n<body>\n<main>\n",
        base64_encode_standard(sha256(as_bytes(style_sheet))), verdict, style_sheet);
    add_header(verdict);
    add_findings();
    add_now();
    for (const HostHistory& host : input_.history.hosts) add_host(host);
    html_ += format("<footer>Made by lifeboat {} from {}. Times are UTC.</footer>\n",
                    LIFEBOAT_VERSION, isolated(input_.store));
    return std::move(html_) + "</main>\n</body>\n</html>\n";
  }

 private:
  std::string ago(Timestamp time) const {
    const auto age = input_.now - time;
    return age < std::chrono::minutes(1) ? "now" : print_age(age);
  }
  std::string headline() const;
  std::string figures() const;
  void add_header(const std::string& verdict);
  void add_findings();
  void add_now();
  void add_host(const HostHistory& host);
  void add_job(const Part& part);
  void add_tables(const Part& part);

  const ReportInput& input_;
  std::vector<Part> parts_;
  std::string html_;
};

std::string Page::headline() const {
  const auto& findings = input_.status.findings;
  const auto errors = static_cast<size_t>(std::count_if(
      findings.begin(), findings.end(),
      [](const StatusFinding& finding) { return finding.level == FindingLevel::error; }));
  if (findings.empty()) return "All backups are in order";
  if (errors == 0) {
    return findings.size() == 1 ? "Backups stand, one thing needs a look"
                                : format("Backups stand, {} things need a look", findings.size());
  }
  return errors == 1 ? "One problem with the backups"
                     : format("{} problems with the backups", errors);
}

// The four numbers that a person asks for, each of the job that is worst off.
std::string Page::figures() const {
  std::optional<Timestamp> proved = Timestamp::max();
  std::optional<Timestamp> backup = Timestamp::max();
  std::optional<Timestamp> expires = Timestamp::max();
  FindingLevel drill_level = FindingLevel::ok;
  FindingLevel age_level = FindingLevel::ok;
  const auto worse = [](std::optional<Timestamp>& worst, const std::optional<Timestamp>& one) {
    worst = worst && one ? std::optional(std::min(*worst, *one)) : std::nullopt;
  };
  for (const JobStatus& job : input_.status.jobs) {
    worse(proved, job.proved);
    worse(backup, job.last_success);
    worse(expires, job.expires);
    drill_level = std::max(drill_level, job.drill_level);
    age_level = std::max(age_level, job.age);
  }
  size_t whole = 0;
  size_t due = 0;
  for (const Part& part : parts_) {
    for (const Night& night : part.nights) {
      if (night.state == NightState::ok) ++whole;
      if (night.state != NightState::idle) ++due;
    }
  }
  const bool is_cliff = expires && *expires - input_.now < std::chrono::days(7);
  const auto cell = [](std::string_view value, FindingLevel level, std::string_view what) {
    return format("<div><dt>{}</dt><dd class=\"{}\">{}</dd></div>\n", what, css_of(level), value);
  };
  return "<dl class=\"figures\">\n" +
         cell(proved ? ago(*proved) : "never", drill_level, "since a drill proved a restore") +
         cell(backup ? ago(*backup) : "never", age_level, "since the last whole backup") +
         cell(format("{} of {}", whole, due),
              whole == due ? FindingLevel::ok : FindingLevel::warning, "backups due were whole") +
         cell(expires ? print_age(*expires - input_.now) : "–",
              is_cliff ? FindingLevel::error : FindingLevel::ok,
              "until the newest whole one goes") +
         "</dl>\n";
}

void Page::add_header(const std::string& verdict) {
  const size_t jobs = input_.status.jobs.size();
  const auto& findings = input_.status.findings;
  html_ +=
      format("<header>\n<p class=\"over\"><i class=\"{}\"></i>Backup report</p>\n<h1>{}</h1>\n",
             css_of(findings.empty() ? FindingLevel::ok : findings.front().level), verdict);
  html_ +=
      format("<p class=\"lede\">{} on {}, seen on {}.{}</p>\n", print_count(jobs, "job", "jobs"),
             print_count(input_.history.hosts.size(), "host", "hosts"), print_moment(input_.now),
             jobs > 1 ? " Each figure is that of the job that is worst off." : "");
  if (jobs > 0) html_ += figures();
  html_ += "</header>\n";
}

void Page::add_findings() {
  const auto& findings = input_.status.findings;
  if (findings.empty()) return;
  html_ += "<section>\n<h2>What needs a look</h2>\n<ul class=\"findings\">\n";
  for (const StatusFinding& finding : findings) {
    const std::string who =
        finding.host.empty() ? "the store" : format("{} {}", finding.host, finding.job);
    html_ +=
        format("<li><b class=\"{}\">{}</b><span class=\"who\">{}</span><p>{}</p></li>\n",
               css_of(finding.level), finding.level == FindingLevel::error ? "Problem" : "Warning",
               escape(trim(who)), isolated(finding.text));
  }
  html_ += "</ul>\n</section>\n";
}

void Page::add_now() {
  if (input_.status.jobs.empty()) return;
  html_ +=
      "<section>\n<h2>Now</h2>\n<table class=\"now rows\">\n<thead><tr><th scope=\"col\">Host and "
      "job</th><th scope=\"col\">Last drill</th><th scope=\"col\">Last whole backup</th><th "
      "scope=\"col\">Last run</th><th scope=\"col\">Size</th><th scope=\"col\">Kept "
      "until</th></tr></thead>\n<tbody>\n";
  for (const JobStatus& job : input_.status.jobs) {
    const auto cell = [&](std::string_view name, FindingLevel level, std::string_view text,
                          std::string_view more) {
      html_ += format(
          "<td data-of=\"{}\"><span><span class=\"{}\">{}</span> <small>{}</small></span></td>",
          name, css_of(level), text, more);
    };
    html_ += format("<tr><th scope=\"row\">{} <small>{}</small></th>", escape(job.host),
                    escape(job.job));
    cell("Last drill", job.drill_level, job.drill,
         job.proved ? format("proved {} ago", ago(*job.proved)) : "");
    cell("Last whole backup", job.age, job.last_success ? ago(*job.last_success) + " ago" : "never",
         job.last_success ? print_moment(*job.last_success) : "");
    cell("Last run", job.run_level, job.run, job.last_run ? ago(*job.last_run) + " ago" : "");
    html_ += format("<td data-of=\"Size\"><span>{} <small>{}</small></span></td>",
                    print_bytes(job.archive_bytes),
                    job.change ? format("{:+.0f} % on the week", *job.change * 100) : "");
    html_ += format("<td data-of=\"Kept until\"><span>{} <small>{}</small></span></td></tr>\n",
                    job.expires ? print_day(*job.expires) : "–",
                    job.expires ? format("in {}", print_age(*job.expires - input_.now)) : "");
  }
  html_ += "</tbody>\n</table>\n</section>\n";
}

void Page::add_host(const HostHistory& host) {
  html_ += format("<section>\n<h2>{}</h2>\n", escape(host.name));
  for (const Part& part : parts_) {
    if (part.host == &host) add_job(part);
  }
  if (!host.unfinished.empty()) {
    html_ += "<details><summary>Left by unfinished runs</summary><ul>";
    for (const UnfinishedRun& run : host.unfinished) {
      html_ += format("<li>{}, {}</li>", escape(run.name), print_bytes(run.bytes));
    }
    html_ += "</ul></details>\n";
  }
  html_ += "</section>\n";
}

void Page::add_job(const Part& part) {
  const JobHistory& job = *part.job;
  html_ += format("<article class=\"job\">\n<h3>{}</h3>\n", escape(job.name));
  html_ += draw_nights(part.nights, job.pace);
  html_ += "<div class=\"pair\">\n" + draw_sizes(part.nights) + draw_durations(part.nights) +
           draw_drills(job) + draw_shelf(job, input_.now) + "</div>\n";
  add_tables(part);
  html_ += "</article>\n";
}

void Page::add_tables(const Part& part) {
  const JobHistory& job = *part.job;
  html_ +=
      "<details><summary>The same as tables</summary>\n<table class=\"rows\"><caption>Backups, "
      "newest first</caption><thead><tr><th scope=\"col\">Day</th><th scope=\"col\">State</th><th "
      "scope=\"col\">Size</th><th scope=\"col\">Duration</th><th scope=\"col\">Kept "
      "until</th></tr></thead>\n<tbody>\n";
  for (auto night = part.nights.rbegin(); night != part.nights.rend(); ++night) {
    const PastSnapshot* past = night->snapshot;
    const bool known = past != nullptr && past->error.empty();
    std::string state(night_state_name(night->state));
    if (known && night->state == NightState::partial) {
      std::vector<std::string> absent;
      for (const PastService& service : past->services) {
        if (!service.ok) absent.push_back(service.name);
      }
      state += format(", without {}", join(absent, ", "));
    }
    html_ += format(
        "<tr><th scope=\"row\">{}</th><td data-of=\"State\">{}</td><td data-of=\"Size\">{}</td><td "
        "data-of=\"Duration\">{}</td><td data-of=\"Kept until\">{}</td></tr>\n",
        print_day(night->begin), escape(state), known ? print_bytes(past->archive_bytes) : "–",
        known ? print_duration(past->finished - past->started) : "–",
        past != nullptr ? print_day(past->expires) : "–");
  }
  html_ += "</tbody></table>\n";
  const auto table = [&](std::string_view caption, const std::string& rows) {
    if (rows.empty()) return;
    html_ += format("<table><caption>{}</caption>\n<tbody>\n{}</tbody></table>\n", caption, rows);
  };
  std::string rows;
  for (auto one = job.monthlies.rbegin(); one != job.monthlies.rend(); ++one) {
    rows += format("<tr><th scope=\"row\">{}</th><td>{}</td><td>kept until {}</td></tr>\n",
                   escape(one->name),
                   one->error.empty() ? print_bytes(one->archive_bytes) : isolated(one->error),
                   print_day(one->expires));
  }
  table("Monthly copies", rows);
  rows.clear();
  for (auto one = job.drills.rbegin(); one != job.drills.rend(); ++one) {
    rows += format("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>\n",
                   print_day(one->drilled), isolated(one->error.empty() ? one->result : one->error),
                   print_duration(one->duration));
  }
  table("Drills", rows);
  html_ += "</details>\n";
}

}  // namespace

std::string render_report(const ReportInput& input) { return Page(input).render(); }

}  // namespace lifeboat
