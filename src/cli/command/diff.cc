#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/exit_code.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/asked_snapshot.h"
#include "cli/command.h"
#include "cli/discovery.h"
#include "cli/progress_bar.h"
#include "cli/render_diff.h"
#include "config/config.h"
#include "engine/diff.h"
#include "snapshot/catalog.h"

namespace lifeboat::cli {
namespace {

struct Options {
  std::string snapshot;
  std::vector<std::string> others;  // perhaps a snapshot, then services
  std::string scratch;
};

bool has_service(const Manifest& manifest, std::string_view name) {
  return std::any_of(manifest.services.begin(), manifest.services.end(),
                     [&](const ManifestService& one) { return one.name == name; });
}

// The word behind the first snapshot is a service if the snapshot has one of that name, else a
// snapshot if it looks like one: "2026-05-07" could be either.
bool means_snapshot(const std::string& word, const Manifest& from) {
  if (has_service(from, word)) return false;
  return word == "latest" || word.find('/') != std::string::npos ||
         parse_snapshot_name(from.host, word).has_value();
}

// The live side: everything configured, and what of it belongs to the snapshot's job.
void add_live_side(DiffRequest& request, const Manifest& from, CommandContext& context) {
  const Config& config = context.config();
  request.lock_dir = config.state_dir;
  request.host = config.host;
  request.live = live_services_of(context);
  for (const JobConfig& job : config.jobs) {
    if (job.name == from.job && config.host == from.host) request.live_expected = job.services;
    if (!job.labelled || job.name != from.job) continue;
    for (const BackupService& service : request.live) {
      if (config.find_service(service.service.name) != nullptr) continue;
      request.live_expected.push_back(service.service.name);
    }
  }
}

int exit_code_of(const DiffResult& result) {
  const bool all_failed =
      std::all_of(result.services.begin(), result.services.end(),
                  [](const DiffedService& one) { return one.state == DiffState::failed; });
  if (result.has_failures()) {
    return exit_code(all_failed ? ErrorKind::service : ErrorKind::partial);
  }
  return result.differs() ? exit_differs : exit_ok;
}

int diff(const Options& options, CommandContext& context) {
  ProgressBar progress(context.talk(), context.clock());
  DiffRequest request;
  request.identities = context.required_identities();
  Store& store = context.store();
  request.from = resolve_snapshot(store, options.snapshot, context.default_host());
  const Manifest from = load_manifest(store, request.from, context.trust());
  request.services = options.others;
  if (!options.others.empty() && means_snapshot(options.others.front(), from)) {
    request.to = resolve_snapshot(store, options.others.front(), request.from.host);
    request.services.erase(request.services.begin());
  } else {
    add_live_side(request, from, context);
  }
  request.scratch_dir = context.scratch_dir(options.scratch);
  Environment environment = context.environment(progress);
  const DiffResult result = run_diff(request, environment);
  context.talk().status("");
  if (context.options.json) {
    context.out().json(diff_to_json(result));
  } else {
    context.out().text(render_diff(result, context.style()));
  }
  return exit_code_of(result);
}

}  // namespace

void add_diff(CLI::App& app, CommandContext& context) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = add_command(
      app, context,
      {"diff",
       "tell what changed since a snapshot, in the services' own nouns",
       group_snapshots,
       {"lifeboat diff latest", "lifeboat diff 2026-05-07 n8n",
        "lifeboat diff 2026-05-07 2026-05-14 n8n",
        "lifeboat diff latest monthly/2026-04 --store dir:/mnt/usb/backups --identity key.txt"}});
  command.add_option("SNAPSHOT", options->snapshot, snapshot_forms)->required();
  command
      .add_option("SNAPSHOT2|SERVICE", options->others,
                  "another snapshot to compare with (without one: what is live now), then the "
                  "services that matter")
      ->option_text("...");
  command
      .add_option("--scratch", options->scratch,
                  "where both sides lie meanwhile; always cleaned up")
      ->option_text("DIR");
  add_store_options(command, context);
  add_identity_options(command, context);
  set_action(command, context, [options, &context] { return diff(*options, context); });
}

}  // namespace lifeboat::cli
