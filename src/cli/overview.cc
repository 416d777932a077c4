#include "cli/overview.h"

#include <optional>

#include "base/error.h"
#include "base/format.h"
#include "cli/job_request.h"
#include "config/config.h"
#include "config/schedule.h"
#include "engine/history.h"

namespace lifeboat::cli {
namespace {

void add_promises(StatusInput& input, const Config& config) {
  for (const JobConfig& job : config.jobs) {
    input.expected.push_back({config.host, job.name, stale_after(job.schedule)});
  }
  if (config.drill) input.drill_stale_after = stale_after(config.drill->schedule);
}

// All hosts; the configuration's alone if the key of the store may list no others.
History read_history(CommandContext& context, HistoryScope scope) {
  try {
    return load_history(context.store(), scope, context.stop());
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::store || !scope.host.empty()) throw;
    scope.host = context.default_host();
    if (scope.host.empty()) throw;
  }
  History history = load_history(context.store(), scope, context.stop());
  context.talk().say(format("only '{}' is shown: this key may list no other host", scope.host));
  return history;
}

}  // namespace

Overview look_over(CommandContext& context, std::chrono::days nights) {
  const bool has_promises = context.options.store.empty();
  HistoryScope scope;
  scope.host = context.options.host;
  if (!scope.host.empty()) check_host(scope.host);
  scope.trust = context.trust();
  if (has_promises) scope.retention = retention_of(context.config().retention);

  StatusInput input;
  input.now = context.clock().now();
  scope.since = input.now - nights;
  std::optional<HostState> state;
  if (has_promises && (scope.host.empty() || scope.host == context.config().host)) {
    const Config& config = context.config();
    add_promises(input, config);
    StateFile file(config.state_dir, config.host, context.random());
    state = file.load();
    if (!file.warning().empty()) context.talk().warn(file.warning());
    input.state = &*state;
    input.killed = killed_runs(config.state_dir, config.host);
  }
  Overview overview;
  try {
    overview.store = context.store().name();
    overview.history = read_history(context, scope);
    input.history = &overview.history;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::store || !state) throw;
    overview.store_failure = std::current_exception();
  }
  overview.status = assess(input);
  return overview;
}

}  // namespace lifeboat::cli
