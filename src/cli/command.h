// How a command joins the program: each adds itself to the CLI11 tree, and leaves in the context
// what is to be done should it be the one that was typed.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "cli/context.h"

namespace lifeboat::cli {

inline constexpr const char* group_snapshots = "Snapshots";
inline constexpr const char* group_setup = "Setting up and checking";
inline constexpr const char* group_keys = "Keys and files (as age)";
inline constexpr const char* group_about = "About";

// What SNAPSHOT may be.
inline constexpr const char* snapshot_forms =
    "latest, a date, monthly/2026-05 or supabase-weekly/2026-W19; also as HOST/...";
inline constexpr const char* snapshot_forms_default =
    "latest (the default), a date, monthly/2026-05 or supabase-weekly/2026-W19; also as HOST/...";

struct CommandInfo {
  std::string name;
  std::string summary;  // one line
  std::string group;
  std::vector<std::string> examples;  // whole command lines
};

// A command with --json and --quiet. The result belongs to `app`.
CLI::App& add_command(CLI::App& app, CommandContext& context, const CommandInfo& info);
// --json, --quiet
void add_common_options(CLI::App& command, CommandContext& context);
// --config
void add_config_option(CLI::App& command, CommandContext& context);
// --config, --store, --profile
void add_store_only_options(CLI::App& command, CommandContext& context);
// The same and --host
void add_store_options(CLI::App& command, CommandContext& context);
// --trust
void add_trust_option(CLI::App& command, CommandContext& context);
// -i, --identity, --passphrase-file, --trust: what reading a snapshot takes
void add_identity_options(CLI::App& command, CommandContext& context);
// --no-notify
void add_no_notify_option(CLI::App& command, bool& no_notify);
// An option that may be given several times, one value each.
CLI::Option* add_list_option(CLI::App& command, const std::string& names,
                             std::vector<std::string>& values, const std::string& help);
void set_action(CLI::App& command, CommandContext& context, std::function<int()> action);

void add_init(CLI::App& app, CommandContext& context);
void add_backup(CLI::App& app, CommandContext& context);
void add_list(CLI::App& app, CommandContext& context);
void add_status(CLI::App& app, CommandContext& context);
void add_report(CLI::App& app, CommandContext& context);
void add_ls(CLI::App& app, CommandContext& context);
void add_cat(CLI::App& app, CommandContext& context);
void add_relay(CLI::App& app, CommandContext& context);
void add_restore(CLI::App& app, CommandContext& context);
void add_verify(CLI::App& app, CommandContext& context);
void add_discover(CLI::App& app, CommandContext& context);
void add_diff(CLI::App& app, CommandContext& context);
void add_drill(CLI::App& app, CommandContext& context);
void add_bucket(CLI::App& app, CommandContext& context);
void add_check(CLI::App& app, CommandContext& context);
void add_monitoring(CLI::App& app, CommandContext& context);
void add_notify(CLI::App& app, CommandContext& context);
void add_plan(CLI::App& app, CommandContext& context);
void add_prune(CLI::App& app, CommandContext& context);
void add_watch(CLI::App& app, CommandContext& context);
void add_install(CLI::App& app, CommandContext& context);
void add_uninstall(CLI::App& app, CommandContext& context);
void add_keygen(CLI::App& app, CommandContext& context);
void add_encrypt(CLI::App& app, CommandContext& context);
void add_decrypt(CLI::App& app, CommandContext& context);
void add_version(CLI::App& app, CommandContext& context);
void add_help(CLI::App& app, CommandContext& context);

}  // namespace lifeboat::cli
