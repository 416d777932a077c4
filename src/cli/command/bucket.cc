// The bucket behind an s3 store: made, looked at, given rules and policies.

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/exit_code.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/job_request.h"
#include "cli/render_bucket.h"
#include "cli/stores.h"
#include "config/config.h"
#include "engine/bucket.h"
#include "snapshot/bucket_policy.h"
#include "store/s3/s3_xml.h"

namespace lifeboat::cli {
namespace {

constexpr const char* group_actions = "Actions";

struct Options {
  std::vector<std::string> hosts;
  bool apply = false;
  bool no_object_lock = false;
  std::string role;
};
using SharedBucketOptions = std::shared_ptr<Options>;

// Rules follow the configuration that is used; for a bucket that was named, the defaults.
BucketRequest request_of(const Options& options, CommandContext& context) {
  BucketRequest request;
  request.hosts = options.hosts;
  for (const std::string& host : request.hosts) check_host(host);
  if (context.options.store.empty()) {
    const Config& config = context.config();
    if (request.hosts.empty()) request.hosts.push_back(config.host);
    request.retention = retention_of(config.retention);
  }
  request.now = context.clock().now();
  request.stop = context.stop();
  return request;
}

int setup(const Options& options, CommandContext& context) {
  const BucketRequest request = request_of(options, context);
  if (request.hosts.empty()) {
    throw Error(ErrorKind::usage, "set up the bucket: no host is known")
        .hint("Name the hosts that will back up into it: --host vps-h1 --host vps-i1.");
  }
  const auto steps = setup_bucket(context.s3_store(), request, !options.no_object_lock);
  if (context.options.json) {
    context.out().json(setup_to_json(steps));
  } else {
    context.out().text(render_setup(steps, context.style()));
  }
  return exit_ok;
}

int lifecycle(const Options& options, CommandContext& context) {
  S3Store& store = context.s3_store();
  const LifecyclePlan plan = plan_lifecycle(store, request_of(options, context));
  if (options.apply) apply_lifecycle(store, plan, context.stop());
  if (context.options.json) {
    context.out().json(lifecycle_to_json(plan, options.apply));
    return exit_ok;
  }
  if (!options.apply) context.out().line(print_s3_lifecycle(plan.merged));
  for (const std::string& change : plan.changes) context.talk().say(printable(change));
  if (plan.changes.empty()) {
    context.talk().say(format("the lifecycle of {} is as it should be", store.name()));
  } else if (!options.apply) {
    context.talk().say("nothing was changed: add --apply to write these rules");
  }
  return exit_ok;
}

int policy(const Options& options, CommandContext& context) {
  const auto role = parse_key_role(options.role);
  if (!role) {
    throw Error(ErrorKind::usage, format("'{}' is no role of a key", printable(options.role)))
        .hint("Roles are writer (a host that backs up), drill (reads) and watcher (lists).");
  }
  for (const std::string& host : options.hosts) check_host(host);
  // Needs no network and no keys: the bucket's name is all that counts.
  std::vector<std::string> hosts = options.hosts;
  std::string bucket;
  if (!context.options.store.empty()) {
    const StoreAddress address = parse_store_address(context.options.store);
    if (!address.is_s3) context.s3_store();  // says what is wrong
    bucket = address.s3.bucket;
  } else {
    const auto* s3 = std::get_if<S3StoreConfig>(&context.config().store);
    if (s3 == nullptr) context.s3_store();
    bucket = s3->bucket;
    if (hosts.empty() && role == KeyRole::writer) hosts.push_back(context.config().host);
  }
  context.out().text(print_bucket_policy(*role, bucket, hosts));
  return exit_ok;
}

int audit(const Options& options, CommandContext& context) {
  const BucketAudit result = audit_bucket(context.s3_store(), request_of(options, context));
  if (context.options.json) {
    context.out().json(audit_to_json(result));
  } else {
    context.out().text(render_audit(result, context.style()));
  }
  return result.is_good() ? exit_ok : exit_code(ErrorKind::store);
}

using Action = int (*)(const Options&, CommandContext&);

CLI::App& add_action(CLI::App& bucket, CommandContext& context, const CommandInfo& info,
                     const std::pair<SharedBucketOptions, Action>& action) {
  CLI::App& command = add_command(bucket, context, info);
  const auto& [options, run] = action;
  add_store_only_options(command, context);
  add_list_option(command, "--host", options->hosts,
                  "a host that backs up into the bucket; may be repeated")
      ->option_text("HOST");
  set_action(command, context,
             [options = options, run = run, &context] { return run(*options, context); });
  return command;
}

}  // namespace

void add_bucket(CLI::App& app, CommandContext& context) {
  const auto options = std::make_shared<Options>();
  CLI::App& bucket = add_command(app, context,
                                 {"bucket",
                                  "set up, audit and restrict the bucket of an s3 store",
                                  group_setup,
                                  {"lifeboat bucket setup --profile owner", "lifeboat bucket audit",
                                   "lifeboat bucket policy --role writer"}});
  bucket.require_subcommand(1);
  CLI::App& set_up = add_action(bucket, context,
                                {"setup",
                                 "create the bucket, its encryption, object lock and lifecycle",
                                 group_actions,
                                 {"lifeboat bucket setup --profile owner",
                                  "lifeboat bucket setup --store "
                                  "'s3://backups?endpoint=https://s3.eu-central-1.wasabisys.com' "
                                  "--host vps-h1"}},
                                {options, &setup});
  set_up.add_flag("--no-object-lock", options->no_object_lock,
                  "create a bucket without object lock");
  CLI::App& rules = add_action(
      bucket, context,
      {"lifecycle",
       "print the rules the bucket should have, or write them",
       group_actions,
       {"lifeboat bucket lifecycle", "lifeboat bucket lifecycle --apply --profile owner"}},
      {options, &lifecycle});
  rules.add_flag("--apply", options->apply, "write them; rules of others stay");
  CLI::App& rights = add_action(bucket, context,
                                {"policy",
                                 "print the smallest rights a key needs, as IAM JSON",
                                 group_actions,
                                 {"lifeboat bucket policy --role writer",
                                  "lifeboat bucket policy --role watcher --store s3://backups"}},
                                {options, &policy});
  rights.add_option("--role", options->role, "writer, drill or watcher")
      ->option_text("ROLE")
      ->required();
  add_action(bucket, context,
             {"audit",
              "play 400 nights against the bucket's rules and tell what would be lost",
              group_actions,
              {"lifeboat bucket audit", "lifeboat bucket audit --profile owner --json"}},
             {options, &audit});
}

}  // namespace lifeboat::cli
