#include "cli/command.h"

namespace lifeboat::cli {
namespace {

constexpr const char* group_common = "Common options";

}  // namespace

CLI::App& add_command(CLI::App& app, CommandContext& context, const CommandInfo& info) {
  CLI::App& command = *app.add_subcommand(info.name, info.summary);
  command.group(info.group);
  std::string footer = "Examples:";
  for (const std::string& example : info.examples) footer += "\n  " + example;
  command.footer(footer);
  add_common_options(command, context);
  return command;
}

void add_common_options(CLI::App& command, CommandContext& context) {
  command.add_flag("--json", context.options.json, "data and the final error as JSON")
      ->group(group_common);
  command.add_flag("-q,--quiet", context.options.quiet, "only warnings and errors on stderr")
      ->group(group_common);
}

void add_config_option(CLI::App& command, CommandContext& context) {
  command
      .add_option("--config", context.options.config_path,
                  "the configuration (default: /etc/lifeboat/lifeboat.yaml)")
      ->option_text("FILE")
      ->group(group_common);
}

void add_store_only_options(CLI::App& command, CommandContext& context) {
  add_config_option(command, context);
  command
      .add_option("--store", context.options.store,
                  "where snapshots live: dir:PATH or s3://BUCKET?endpoint=URL")
      ->option_text("STORE")
      ->group(group_common);
  command
      .add_option("--profile", context.options.profile,
                  "for s3: use the keys of this profile of ~/.aws/credentials")
      ->option_text("NAME")
      ->group(group_common);
}

void add_store_options(CLI::App& command, CommandContext& context) {
  add_store_only_options(command, context);
  command.add_option("--host", context.options.host, "the host whose snapshots are meant")
      ->option_text("HOST")
      ->group(group_common);
}

void add_trust_option(CLI::App& command, CommandContext& context) {
  add_list_option(command, "--trust", context.options.trusted,
                  "believe only snapshots signed by this public key (ed25519:..., or a file of "
                  "such keys; any: believe all); may be repeated")
      ->option_text("KEY")
      ->group(group_common);
}

void add_identity_options(CLI::App& command, CommandContext& context) {
  add_list_option(command, "-i,--identity", context.options.identity_files,
                  "a file with age private keys; may be repeated")
      ->option_text("FILE")
      ->group(group_common);
  command
      .add_option("--passphrase-file", context.options.passphrase_file,
                  "opens an encrypted identity file (or set LIFEBOAT_PASSPHRASE)")
      ->option_text("FILE")
      ->group(group_common);
  add_trust_option(command, context);
}

void add_no_notify_option(CLI::App& command, bool& no_notify) {
  command.add_flag("--no-notify", no_notify,
                   "tell nobody how it went: for a try by hand; metrics are written all the same");
}

CLI::Option* add_list_option(CLI::App& command, const std::string& names,
                             std::vector<std::string>& values, const std::string& help) {
  return command.add_option(names, values, help)->allow_extra_args(false);
}

void set_action(CLI::App& command, CommandContext& context, std::function<int()> action) {
  command.callback([&context, action = std::move(action)] { context.action = action; });
}

}  // namespace lifeboat::cli
