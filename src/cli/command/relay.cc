// Alertmanager's webhooks become GitHub issues, by a small server beside Alertmanager.

#include <filesystem>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/exit_code.h"
#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/named_targets.h"
#include "config/config.h"
#include "config/small_file.h"
#include "http/listener.h"
#include "io/files.h"
#include "observe/notify/notifier.h"
#include "observe/relay.h"

namespace lifeboat::cli {
namespace {

constexpr uint64_t body_bytes_max = 4 << 20;  // some thousand alerts

struct Options {
  std::string listen = "127.0.0.1:9096";
  std::string port_file;
  std::string token_file;
  std::string github_repo;
};

GithubTarget configured_target(CommandContext& context) {
  const auto& github = context.config().notify.github;
  if (!github) {
    throw Error(ErrorKind::config,
                format("file issues: '{}' has no notify.github", context.config_path().native()))
        .hint(
            "Add notify: {github: {repo: OWNER/NAME, token_file: FILE}}, or give --github-repo "
            "and the variable GITHUB_TOKEN.");
  }
  return {.api_url = github->api_url, .repo = github->repo, .token = github->token};
}

SharedSecret read_token(const std::string& path) {
  constexpr size_t token_bytes_max = 4096;
  SmallFile file = read_small_file(path, token_bytes_max);
  const std::string fault = secrecy_fault(file);
  auto token = std::make_shared<Secret>(trim(file.text));
  wipe_text(file.text);
  const std::string attempted = format("read the token in '{}'", printable(path));
  if (!fault.empty()) throw Error(ErrorKind::config, format("{}: {}", attempted, fault));
  if (token->empty()) throw Error(ErrorKind::config, format("{}: it is empty", attempted));
  log_redact(token->reveal());
  return token;
}

// A wrong token or repository must show now, and not when the first alert is lost: looks for the
// issues of a problem that there never is.
void try_target(Notifier& notifier, CommandContext& context) {
  Notice nothing;
  nothing.host = "lifeboat-relay";
  nothing.resolved = {"relay/start"};
  try {
    notifier.tell(nothing);
  } catch (const TargetGone&) {
    throw;
  } catch (const Error& error) {
    context.talk().warn(format("GitHub does not answer yet: {}", error.what()));
  }
}

int relay(const Options& options, CommandContext& context) {
  const auto address = parse_listen_address(options.listen);
  if (!address) {
    throw Error(ErrorKind::usage,
                format("--listen '{}': not ADDRESS:PORT in numbers", printable(options.listen)))
        .hint("Write it like 127.0.0.1:9096 or [::1]:9096.");
  }
  const GithubTarget target =
      options.github_repo.empty() ? configured_target(context) : named_github(options.github_repo);
  const SharedSecret bearer = options.token_file.empty() ? nullptr : read_token(options.token_file);
  const auto notifier = make_github_notifier(
      target, {.clock = context.clock(), .random = context.random(), .stop = context.stop()});
  try_target(*notifier, context);
  Relay receiver(*notifier, bearer, context.clock());
  HttpListener listener({.address = *address, .body_max = body_bytes_max},
                        [&receiver](const HttpCall& call) { return receiver.answer(call); });
  if (!is_loopback(*address)) {
    context.talk().warn(
        format("{} can be reached from other machines, without TLS{}", options.listen,
               bearer ? "" : " and by everybody: give --token-file, or put a proxy before it"));
  }
  if (!options.port_file.empty()) {
    AtomicFile file(options.port_file, context.random(),
                    {.mode = 0644, .replace = true, .kind = ErrorKind::usage});
    file.write(as_bytes(format("{}\n", listener.port())));
    file.finish();
  }
  context.talk().say(
      format("waits for Alertmanager at {}, port {}, path /alertmanager; issues go "
             "to {}",
             address->host, listener.port(), printable(target.repo)));
  listener.run(context.stop());
  return exit_ok;
}

}  // namespace

void add_relay(CLI::App& app, CommandContext& context) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = add_command(
      app, context,
      {"relay",
       "turn Alertmanager's alerts into GitHub issues (a server that runs until it is stopped)",
       group_setup,
       {"lifeboat relay", "lifeboat relay --listen 127.0.0.1:9096 --token-file /etc/relay.token",
        "GITHUB_TOKEN=... lifeboat relay --github-repo OWNER/NAME"}});
  add_config_option(command, context);
  command
      .add_option("--listen", options->listen,
                  "where Alertmanager posts to, in numbers (default: 127.0.0.1:9096)")
      ->option_text("ADDRESS:PORT");
  command
      .add_option("--token-file", options->token_file,
                  "demand this bearer token (mode 0600; http_config.authorization of Alertmanager)")
      ->option_text("FILE");
  command
      .add_option("--github-repo", options->github_repo,
                  "file issues there, with the token in GITHUB_TOKEN, without a configuration")
      ->option_text("OWNER/NAME");
  command.add_option("--port-file", options->port_file, "write the port there once it listens")
      ->option_text("FILE");
  set_action(command, context, [options, &context] { return relay(*options, context); });
}

}  // namespace lifeboat::cli
