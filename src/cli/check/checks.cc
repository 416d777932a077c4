#include "cli/check/checks.h"

#include <algorithm>

#include "base/error.h"
#include "base/exit_code.h"
#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/check/check_run.h"

namespace lifeboat::cli {
namespace {

// For what comes without one, from a server or a program.
std::string hint_for(ErrorKind area) {
  switch (area) {
    case ErrorKind::service:
      return "See whether it runs, and whether the configuration names it and its address right.";
    case ErrorKind::store:
      return "Compare it with what the provider's console shows.";
    case ErrorKind::crypto:
      return "Compare the file with the copy of the key that you keep elsewhere.";
    default:
      return "docs/CONFIG.md says what each key takes.";
  }
}

}  // namespace

bool CheckRun::load_config() {
  const std::string path = context.config_path().native();
  guarded(ErrorKind::config, path, [&] { config_ = &context.config(); });
  if (config_ == nullptr) return false;
  add(ErrorKind::config, path,
      {Finding::Level::ok,
       format("{}, {}", print_count(config_->services.size(), "service", "services"),
              print_count(config_->jobs.size(), "job", "jobs")),
       ""});
  for (const ConfigFinding& warning : config_->warnings) {
    add(ErrorKind::config, warning.location.text(),
        {Finding::Level::warning, warning.message, warning.hint});
  }
  return true;
}

void CheckRun::add(ErrorKind area, const std::string& subject, Finding finding,
                   std::string_view key) {
  finding.message = redact(finding.message);
  if (finding.level != Finding::Level::ok) {
    if (config_ != nullptr) {
      const auto place = config_->places.find(key);
      if (place != config_->places.end()) finding.message += format(" ({})", place->second.text());
    }
    if (finding.hint.empty()) finding.hint = hint_for(area);
  }
  findings_.push_back({area, subject, std::move(finding)});
}

void CheckRun::guarded(ErrorKind area, const std::string& subject,
                       const std::function<void()>& step, std::string_view key) {
  context.stop().throw_if_stopped();
  try {
    step();
  } catch (const ConfigErrors& errors) {
    for (const ConfigFinding& fault : errors.faults()) {
      add(ErrorKind::config, fault.location.text(),
          {Finding::Level::error, fault.message, fault.hint});
    }
  } catch (const Error& error) {
    add(area, subject,
        {Finding::Level::error, error.what(), format("{}", join(error.hints(), " "))}, key);
  }
}

std::vector<CheckFinding> run_checks(CommandContext& context, const CheckRequest& request) {
  context.is_impatient = true;
  // The child is in another folder, and its places are compared with ours.
  if (request.as_cron) {
    context.options.config_path = std::filesystem::absolute(context.config_path()).native();
  }
  CheckRun run(context, request);
  if (run.load_config()) {
    check_keys(run);
    check_places(run);
    check_store(run);
    check_escrow(run);
    check_services(run);
    check_schedule(run);
    check_past(run);
    check_telling(run);
  }
  if (request.as_cron) check_as_cron(run);
  return run.take();
}

int findings_exit_code(const std::vector<CheckFinding>& findings) {
  int code = exit_ok;
  for (const CheckFinding& one : findings) {
    if (one.finding.level != Finding::Level::error) continue;
    const int its_code = exit_code(one.area);
    code = code == exit_ok ? its_code : std::min(code, its_code);
  }
  return code;
}

}  // namespace lifeboat::cli
