#include <memory>
#include <string>

#include "base/error.h"
#include "base/exit_code.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/asked_snapshot.h"
#include "cli/command.h"
#include "cli/render.h"
#include "engine/restore.h"

namespace lifeboat::cli {
namespace {

struct Options {
  std::string snapshot = "latest";
  std::string prefix;
};

int ls(const Options& options, CommandContext& context) {
  std::string prefix = options.prefix;
  while (prefix.ends_with('/')) prefix.pop_back();
  Progress silence;
  const auto& identities = context.required_identities();
  Environment environment = context.environment(silence);
  const SnapshotId id = asked_snapshot(environment, options.snapshot, context.default_host());
  uint64_t shown = 0;
  if (context.options.json) context.out().begin_array();
  list_members(id, identities, environment, [&](const IndexMember& member) {
    if (!prefix.empty() && !is_at_or_below(member.meta.path, prefix)) return;
    ++shown;
    if (context.options.json) {
      context.out().item(member_to_json(member));
    } else {
      context.out().line(render_member(member));
    }
  });
  if (shown == 0 && !prefix.empty()) {
    throw Error(ErrorKind::usage,
                format("list members of {}: none lies under '{}'", id.text(), printable(prefix)))
        .hint(format("List them all with: lifeboat ls {}", id.text()));
  }
  if (context.options.json) context.out().end_array();
  return exit_ok;
}

}  // namespace

void add_ls(CLI::App& app, CommandContext& context) {
  const auto options = std::make_shared<Options>();
  CLI::App& command =
      add_command(app, context,
                  {"ls",
                   "list the members of a snapshot",
                   group_snapshots,
                   {"lifeboat ls", "lifeboat ls 2026-05-07 n8n",
                    "lifeboat ls vps-h1/latest --store dir:/mnt/usb/backups --identity key.txt"}});
  command.add_option("SNAPSHOT", options->snapshot, snapshot_forms_default);
  command.add_option("PREFIX", options->prefix, "only what lies under this path");
  add_store_options(command, context);
  add_identity_options(command, context);
  set_action(command, context, [options, &context] { return ls(*options, context); });
}

}  // namespace lifeboat::cli
