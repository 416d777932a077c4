#include <memory>
#include <string>

#include "base/exit_code.h"
#include "cli/asked_snapshot.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/progress_bar.h"
#include "engine/restore.h"

namespace lifeboat::cli {
namespace {

struct Options {
  std::string snapshot;
  std::string member;
  std::string output;
};

int cat(const Options& options, CommandContext& context) {
  const bool to_file = !is_stream(options.output);
  // A bar and the text of the member would fight for one terminal.
  const bool on_screen = !to_file && context.terminal().out_is_terminal;
  Progress silence;
  ProgressBar bar(context.talk(), context.clock());
  const auto& identities = context.required_identities();
  Environment environment = context.environment(on_screen ? silence : static_cast<Progress&>(bar));
  const SnapshotId id = asked_snapshot(environment, options.snapshot, context.default_host());
  if (to_file) {
    OutputFile file(options.output, context.random());
    cat_member(id, options.member, identities, environment, file);
    file.finish();
    return exit_ok;
  }
  const auto out = context.out().raw();
  TerminalGuard guard(*out);
  const bool guarded = on_screen && options.output.empty();
  cat_member(id, options.member, identities, environment, guarded ? guard : *out);
  return exit_ok;
}

}  // namespace

void add_cat(CLI::App& app, CommandContext& context) {
  const auto options = std::make_shared<Options>();
  CLI::App& command =
      add_command(app, context,
                  {"cat",
                   "write one member of a snapshot to stdout, reading only what it needs",
                   group_snapshots,
                   {"lifeboat cat latest RESTORE.md",
                    "lifeboat cat 2026-05-07 n8n/database.sqlite -o database.sqlite"}});
  command.add_option("SNAPSHOT", options->snapshot, snapshot_forms)->required();
  command.add_option("MEMBER", options->member, "its full path, as 'lifeboat ls' shows it")
      ->required();
  command.add_option("-o,--output", options->output, "write to this file")->option_text("FILE");
  add_store_options(command, context);
  add_identity_options(command, context);
  set_action(command, context, [options, &context] { return cat(*options, context); });
}

}  // namespace lifeboat::cli
