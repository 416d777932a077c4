// The same once more as cron or the unit will run it: in their environment, in the home folder,
// without a terminal. By a child, since a process cannot unlearn its own environment; what that
// finds and this one did not is what a person at a terminal never sees.
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/error.h"
#include "base/exit_code.h"
#include "base/format.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/check/check_run.h"
#include "cli/machine.h"
#include "process/process.h"

namespace lifeboat::cli {
namespace {

namespace fs = std::filesystem;
using Level = Finding::Level;
using Environment = std::map<std::string, std::string>;

constexpr std::chrono::minutes patience{5};

std::string own_user() {
  const passwd* entry = ::getpwuid(::geteuid());
  return entry == nullptr ? "root" : entry->pw_name;
}

std::string own_home() {
  const passwd* entry = ::getpwuid(::geteuid());
  return entry == nullptr ? "/" : entry->pw_dir;
}

// What a line for cron without anything set would give.
FoundStart plain_cron() {
  FoundStart start;
  start.user = own_user();
  start.environment = {{"SHELL", "/bin/sh"},
                       {"PATH", "/usr/bin:/bin"},
                       {"LOGNAME", start.user},
                       {"HOME", own_home()}};
  return start;
}

// Everything that the child prints. An exit status that is not 0 tells of errors among the
// findings: whether it did its work, its output says.
std::string output_of(ChildOptions options, const Clock& clock) {
  ChildSource child(std::move(options), clock);
  std::string text;
  std::array<std::byte, 4096> block;
  try {
    while (const size_t count = child.read(block)) text += as_text(ByteView(block).first(count));
  } catch (const Error& error) {
    if (text.empty()) throw;
    log_debug("{}", error.what());
  }
  return text;
}

Json ask_child(CheckRun& run, const FoundStart& start) {
  ChildOptions child;
  const auto home = start.environment.find("HOME");
  // env(1) takes away what the process room adds, and starts it in the folder that cron would.
  // Values travel in the environment: a crontab may hold secrets.
  child.argv = {"/usr/bin/env",
                "-u",
                "LANG",
                "-u",
                "TZ",
                "-C",
                home == start.environment.end() ? "/" : home->second,
                this_program().native(),
                "check",
                "--json",
                "--config",
                fs::absolute(run.context.config_path()).native(),
                "--root",
                fs::absolute(run.request.root).native()};
  child.environment.assign(start.environment.begin(), start.environment.end());
  child.timeout = patience;
  child.stop = run.context.stop();
  return parse_json(output_of(std::move(child), run.context.clock()),
                    "what the check as cron printed");
}

ErrorKind area_of(const std::string& name) {
  for (const ErrorKind kind : {ErrorKind::service, ErrorKind::store, ErrorKind::crypto}) {
    if (kind_name(kind) == name) return kind;
  }
  return ErrorKind::config;
}

void compare(CheckRun& run, const FoundStart& start, const std::string& subject) {
  if (start.user != own_user()) {
    run.add(ErrorKind::config, subject,
            {Level::warning, format("it runs as '{}', which was not tried", printable(start.user)),
             format("Run 'lifeboat check --as-cron' as {}.", printable(start.user))});
    return;
  }
  const std::vector<CheckFinding> own = run.findings();
  size_t differences = 0;
  for (const Json& one : ask_child(run, start)) {
    CheckFinding found;
    found.area = area_of(one.value("area", ""));
    found.finding = {one.value("level", "") == "error" ? Level::error : Level::warning,
                     one.value("message", ""), one.value("hint", "")};
    found.subject = one.value("subject", "");
    if (one.value("level", "ok") == "ok") continue;
    const bool is_known = std::ranges::any_of(own, [&](const CheckFinding& known) {
      return known.subject == found.subject && known.finding.message == found.finding.message;
    });
    if (is_known) continue;
    ++differences;
    run.add(found.area, format("{}: {}", subject, found.subject), std::move(found.finding));
  }
  if (differences == 0) {
    run.add(ErrorKind::config, subject, {Level::ok, "the same is found as from here", ""});
  }
}

}  // namespace

void check_as_cron(CheckRun& run) {
  std::vector<FoundStart> starts = run.starts;
  if (starts.empty()) starts.push_back(plain_cron());
  std::set<std::pair<std::string, Environment>> seen;
  for (const FoundStart& start : starts) {
    if (!seen.emplace(start.user, start.environment).second) continue;
    const std::string subject =
        start.file.empty() ? "as cron"
                           : format("as {}:{}", printable(start.file.native()), start.line);
    run.guarded(ErrorKind::config, subject, [&] { compare(run, start, subject); });
  }
}

}  // namespace lifeboat::cli
