#include <algorithm>
#include <memory>
#include <optional>

#include "base/exit_code.h"
#include "base/format.h"
#include "cli/command.h"
#include "cli/render.h"
#include "snapshot/layout.h"
#include "snapshot/manifests.h"

namespace lifeboat::cli {
namespace {

struct Options {
  size_t limit = 0;  // 0: all
};

ListedSnapshot listed_of(const SnapshotId& id, std::future<Manifest> loaded, const Trust& trust) {
  ListedSnapshot listed;
  listed.id = id;
  try {
    listed.manifest = loaded.get();
    listed.distrust = distrust(listed.manifest, trust);
  } catch (const Error& error) {
    // One damaged snapshot must not hide the others; a store that fails hides them all.
    if (error.kind() != ErrorKind::verification) throw;
    listed.damage = error.what();
  }
  return listed;
}

int list(const Options& options, CommandContext& context) {
  Store& store = context.store();
  const Trust& trust = context.trust();
  const std::string& host = context.options.host;
  if (!host.empty()) check_host(host);
  std::vector<SnapshotId> ids = context.snapshots();
  // Newest first, over all hosts; the monthlies behind, being older or copies.
  std::stable_sort(ids.begin(), ids.end(), [](const SnapshotId& left, const SnapshotId& right) {
    return std::tie(right.tier, left.date, left.suffix) >
           std::tie(left.tier, right.date, right.suffix);
  });
  if (options.limit > 0 && ids.size() > options.limit) ids.resize(options.limit);
  std::vector<ListedSnapshot> snapshots;
  load_manifests(store, ids, {}, context.stop(),
                 [&](const SnapshotId& id, std::future<Manifest> loaded) {
                   snapshots.push_back(listed_of(id, std::move(loaded), trust));
                 });
  if (context.options.json) {
    Json all = Json::array();
    for (const ListedSnapshot& snapshot : snapshots) all.push_back(listed_to_json(snapshot));
    context.out().json(all);
  } else if (snapshots.empty()) {
    context.talk().say(format("{} holds no snapshots{}", store.name(),
                              host.empty() ? "" : format(" of host '{}'", host)));
  } else {
    context.out().text(render_list(snapshots, context.clock().now(), context.style()));
  }
  const bool doubtful =
      std::any_of(snapshots.begin(), snapshots.end(), [](const ListedSnapshot& snapshot) {
        return !snapshot.damage.empty() || !snapshot.distrust.empty();
      });
  return doubtful ? exit_code(ErrorKind::verification) : exit_ok;
}

}  // namespace

void add_list(CLI::App& app, CommandContext& context) {
  const auto options = std::make_shared<Options>();
  CLI::App& command =
      add_command(app, context,
                  {"list",
                   "list the snapshots of a store, newest first",
                   group_snapshots,
                   {"lifeboat list", "lifeboat list --limit 7",
                    "lifeboat list --store dir:/mnt/usb/backups --host vps-h1 --json"}});
  command.add_option("--limit", options->limit, "show the newest N only")->option_text("N");
  add_store_options(command, context);
  add_trust_option(command, context);
  // Not needed, and not shown; but who goes from command to command changes one word only.
  add_list_option(command, "-i,--identity", context.options.identity_files, "")->group("");
  set_action(command, context, [options, &context] { return list(*options, context); });
}

}  // namespace lifeboat::cli
