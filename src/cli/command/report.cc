// The past nights as one HTML file for people.

#include <memory>
#include <string>

#include "base/error.h"
#include "base/exit_code.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/overview.h"
#include "cli/render_status.h"
#include "observe/report/report.h"

namespace lifeboat::cli {
namespace {

struct Options {
  std::string output;
  unsigned days = 90;
};

int report(const Options& options, CommandContext& context) {
  const bool to_stdout = is_stream(options.output);
  if (to_stdout && context.options.json) {
    throw Error(ErrorKind::usage, "standard output cannot hold both the report and JSON")
        .hint("Name a file with -o FILE, or use 'lifeboat status --json'.");
  }
  const Overview overview = look_over(context, std::chrono::days(options.days));
  if (overview.store_failure) std::rethrow_exception(overview.store_failure);
  const Timestamp now = context.clock().now();
  const std::string page = render_report({overview.history, overview.status, overview.store, now});
  if (to_stdout) {
    context.out().text(page);
    return exit_ok;
  }
  OutputFile file(options.output, context.random());
  file.write(as_bytes(page));
  file.finish();
  if (context.options.json) {
    Json value = {{"file", options.output}, {"bytes", page.size()}};
    value.update(status_to_json(overview.status, now));
    context.out().json(value);
  } else {
    context.talk().say(format("{}: {}, {}", printable(options.output), print_bytes(page.size()),
                              overview.status.findings.empty()
                                  ? "all in order"
                                  : print_count(overview.status.findings.size(),
                                                "thing needs a look", "things need a look")));
  }
  return exit_ok;
}

}  // namespace

void add_report(CLI::App& app, CommandContext& context) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = add_command(
      app, context,
      {"report",
       "the past nights, sizes, drills and what expires, as one HTML file",
       group_snapshots,
       {"lifeboat report -o backups.html", "lifeboat report --days 30 --host vps-h1 > vps-h1.html",
        "lifeboat report -o backups.html --store dir:/mnt/usb/backups"}});
  command.add_option("-o,--output", options->output, "write there instead of to stdout")
      ->option_text("FILE");
  command.add_option("--days", options->days, "how far back (90)")
      ->option_text("N")
      ->check(CLI::Range(1U, 400U));
  add_store_options(command, context);
  add_trust_option(command, context);
  set_action(command, context, [options, &context] { return report(*options, context); });
}

}  // namespace lifeboat::cli
