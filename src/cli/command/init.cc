// From nothing to a proven backup: asks what must be known, makes keys and a configuration, and has
// `check`, `backup` and `drill` say how good it is.
//
// The configuration is written last and nothing is ever overwritten: there is no --force, since
// what would be lost is a key.

#include <sys/stat.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/exit_code.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/app.h"
#include "cli/command.h"
#include "cli/init/answers.h"
#include "cli/init/files.h"
#include "cli/init/texts.h"
#include "cli/key_paper.h"
#include "cli/keys.h"
#include "config/config.h"
#include "config/signing.h"
#include "config/small_file.h"
#include "scheduler/scheduler.h"

namespace lifeboat::cli {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0;
}

void refuse_to_overwrite(const InitPlan& plan) {
  for (const fs::path& path : {plan.config, plan.env_file()}) {
    if (!is_there(path)) continue;
    throw Error(ErrorKind::usage,
                format("make a configuration: '{}' is there already", printable(path.native())))
        .hint("Nothing is overwritten: move it away first, or go on with it: lifeboat check.");
  }
}

class Init {
 public:
  Init(InitOptions& options, CommandContext& context) : options_(options), context_(context) {}

  int run() {
    answers_.plan.config = fs::absolute(context_.config_path()).lexically_normal();
    refuse_to_overwrite(answers_.plan);
    if (!options_.offline_key.empty()) {
      options_.offline_key = fs::absolute(options_.offline_key).lexically_normal();
    }
    answers_ = gather_answers(options_, context_);
    write_files();
    context_.options.config_path = answers_.plan.config;
    tell_made();
    const int code = prove();
    tell_rest();
    if (context_.options.json) context_.out().json(report_);
    return code;
  }

 private:
  const InitPlan& plan() const { return answers_.plan; }

  // A key that is there, perhaps of an `init` that was killed, is used as it is.
  void add_age_key(std::vector<NewFile>& files) {
    if (is_there(plan().age_key())) {
      const auto keys = load_identities({plan().age_key().native()}, context_);
      ensure(!keys.empty(), "a key file holds a key");
      context_.talk().say(format("'{}' is there already and is used", plan().age_key().native()));
      add_first_recipient(keys.front());
      return;
    }
    const auto key = age::Identity::generate(context_.random());
    files.push_back(
        {plan().age_key(), age::print_identity_file(key, print_time(context_.clock().now()))});
    add_first_recipient(key);
  }

  void add_first_recipient(const age::Identity& key) {
    auto& all = answers_.plan.recipients;
    all.insert(all.begin(), {key.recipient().text(),
                             format("of {}, for drills here", plan().age_key().native())});
  }

  void add_signing_key(std::vector<NewFile>& files) {
    SigningConfig signing;
    signing.key_file = plan().signing_key();
    if (is_there(plan().signing_key())) {
      signing_public_ = load_signing_key(signing)->public_key().text();
      context_.talk().say(
          format("'{}' is there already and is used", plan().signing_key().native()));
      return;
    }
    const auto key = Ed25519PrivateKey::generate(context_.random());
    signing_public_ = key.public_key().text();
    files.push_back({plan().signing_key(), key.pem()});
  }

  void add_offline_key(std::vector<NewFile>& files) {
    if (!answers_.offline || options_.offline_key.empty()) return;
    const age::Identity& key = *answers_.offline;
    const std::string& path = options_.offline_key;
    if (path.ends_with(".html") || path.ends_with(".htm")) {
      std::string page = print_paper_html({key, plan().host, plan().date});
      files.push_back({path, Secret(page)});
      wipe_text(page);
    } else {
      files.push_back({path, age::print_identity_file(key, print_time(context_.clock().now()))});
    }
  }

  void write_files() {
    std::vector<NewFile> files;
    add_offline_key(files);
    add_age_key(files);
    add_signing_key(files);
    files.push_back({plan().env_file(), print_init_env(plan())});
    files.push_back({plan().config, Secret(print_init_config(plan()))});
    context_.stop().throw_if_stopped();
    try {
      write_together(plan().folder(), files, context_.random());
    } catch (Error& error) {
      error.add_context("make a configuration");
      if (plan().config == default_config_path) {
        error.add_hint("Run it as root, or choose another place with --config FILE.");
      }
      throw;
    }
  }

  std::string command(const std::string& words) const {
    if (plan().config == default_config_path) return "lifeboat " + words;
    return format("lifeboat {} --config {}", words, shell_word(plan().config.native()));
  }

  void tell_made() {
    Json recipients = Json::array();
    for (const InitRecipient& one : plan().recipients) recipients.push_back(one.key);
    Json services = Json::array();
    for (const Proposal& one : plan().services) services.push_back(one.name);
    report_ = {
        {"config", plan().config.native()},      {"env_file", plan().env_file().native()},
        {"age_key", plan().age_key().native()},  {"signing_key", plan().signing_key().native()},
        {"signing_public_key", signing_public_}, {"host", plan().host},
        {"recipients", std::move(recipients)},   {"services", std::move(services)}};
    if (!options_.offline_key.empty()) report_["offline_key"] = options_.offline_key;
    if (context_.options.json) return;
    Table table({{"MADE"}, {""}});
    table.add_row({printable(plan().config.native()), "the configuration"});
    table.add_row({printable(plan().env_file().native()), "its secrets"});
    table.add_row({printable(plan().age_key().native()), "the private key, for drills here"});
    table.add_row({printable(plan().signing_key().native()), "signs this host's snapshots"});
    if (!options_.offline_key.empty()) {
      table.add_row({printable(options_.offline_key), "the second private key, to be taken away"});
    }
    context_.out().text(table.print());
    context_.out().line("");
    context_.out().flush();
  }

  // `words` as if they had been typed; what it prints with --json becomes a member of the report.
  int step(const std::string& name, std::vector<std::string> words) {
    words.insert(words.end(), {"--config", plan().config.native()});
    if (context_.options.quiet) words.push_back("--quiet");
    Surroundings& here = context_.surroundings();
    if (!context_.options.json) return cli::run(words, here);
    words.push_back("--json");
    MemorySink out;
    Surroundings within{out, here.talk, here.terminal, here.clock, here.random, here.stop};
    const int code = cli::run(words, within);
    report_[name] = parse_json(out.text(), name);
    return code;
  }

  // The worst that happened.
  int prove() {
    const int checked = step("check", {"check"});
    is_checked_ = checked == exit_ok;
    const bool asks = context_.terminal().in_is_terminal && !options_.yes;
    bool backs_up = options_.backup || options_.drill;
    if (is_checked_ && asks && !backs_up) {
      const std::string answer = ask_line(
          "\nMake the first backup now, and prove it with a drill? [Y/n]: ", context_.stop());
      backs_up = answer.empty() || answer[0] == 'y' || answer[0] == 'Y';
      options_.drill = backs_up;
    }
    if (!is_checked_ || !backs_up) return checked;
    const int backed_up = step("backup", {"backup", "nightly"});
    is_backed_up_ = backed_up == exit_ok || backed_up == exit_code(ErrorKind::partial);
    if (!is_backed_up_ || !options_.drill) return backed_up;
    const int drilled = step("drill", {"drill"});
    is_drilled_ = drilled == exit_ok;
    return backed_up != exit_ok ? backed_up : drilled;
  }

  std::vector<std::string> steps_left() const {
    std::vector<std::string> left;
    if (!is_checked_) {
      left.push_back(format("Correct what check found, and look again: {}", command("check")));
    }
    if (!is_backed_up_) left.push_back(format("Make a backup: {}", command("backup")));
    if (!is_drilled_) left.push_back(format("Prove it: {}", command("drill")));
    const std::string key = shell_word(plan().age_key().native());
    left.push_back(
        format("Keep the private key elsewhere too: without it, or the second one, every backup is "
               "lost.\n"
               "     1Password: op document create {0} --title 'lifeboat {1}'\n"
               "     paper:     lifeboat keygen --paper {0} -o key.html",
               key, plan().host));
    if (!options_.offline_key.empty()) {
      left.push_back(format("Take the second private key away from this machine, then: shred -u {}",
                            shell_word(options_.offline_key)));
    }
    left.push_back(format("Note this host's public signing key beside it: {}", signing_public_));
    for (const ServiceSecret& secret : open_secrets(plan())) {
      left.push_back(format("If you like, fill in {} in {} and uncomment '{}'. {}", secret.variable,
                            printable(plan().env_file().native()), secret.option, secret.where));
    }
    left.push_back(format("Let it run by itself: {}",
                          command(runs_systemd() ? "install --systemd" : "install --cron")));
    return left;
  }

  void tell_rest() {
    const std::vector<std::string> left = steps_left();
    report_["left_to_do"] = left;
    if (context_.options.json) return;
    context_.out().line("");
    context_.out().line(context_.style().strong("LEFT TO DO"));
    for (size_t at = 0; at < left.size(); ++at) {
      context_.out().line(format("{:>2}. {}", at + 1, left[at]));
    }
    context_.out().flush();
  }

  InitOptions& options_;
  CommandContext& context_;
  InitAnswers answers_;
  std::string signing_public_;
  bool is_checked_ = false;
  bool is_backed_up_ = false;
  bool is_drilled_ = false;
  Json report_;
};

}  // namespace

void add_init(CLI::App& app, CommandContext& context) {
  const auto options = std::make_shared<InitOptions>();
  CLI::App& command =
      add_command(app, context,
                  {"init",
                   "make keys and a configuration, check them, make a first backup and drill it",
                   group_setup,
                   {"lifeboat init      # asks",
                    "lifeboat init --yes --store dir:/mnt/usb --recipient age1... --backup --drill",
                    "LIFEBOAT_S3_ACCESS_KEY=... LIFEBOAT_S3_SECRET_KEY=... lifeboat init --yes \\\n"
                    "    --store 's3://BUCKET?endpoint=https://s3.eu-central-1.wasabisys.com' \\\n"
                    "    --offline-key key.html"}});
  add_config_option(command, context);
  command.add_option("--host", context.options.host, "name of this machine for its snapshots")
      ->option_text("NAME");
  command
      .add_option("--store", context.options.store,
                  "where to: dir:PATH or s3://BUCKET?endpoint=URL; a bucket's keys come from "
                  "LIFEBOAT_S3_ACCESS_KEY and LIFEBOAT_S3_SECRET_KEY")
      ->option_text("STORE");
  add_list_option(
      command, "--recipient", options->recipients,
      "a public key of yours, whose private key is not on this machine; may be repeated")
      ->option_text("KEY");
  command
      .add_option("--offline-key", options->offline_key,
                  "make a second key into this new file, to be taken away; .html: a page to print")
      ->option_text("FILE");
  CLI::Option* const services =
      command
          .add_option("--services", options->services,
                      "which of what 'lifeboat discover' proposes, by name or number")
          ->option_text("NAME,...")
          ->delimiter(',');
  command.add_flag("--all-services", options->all_services, "all of it")->excludes(services);
  add_list_option(command, "--path", options->paths, "a folder or file besides; may be repeated")
      ->option_text("PATH");
  command.add_option("--schedule", options->schedule, "of the job 'nightly' (default: 02:00)")
      ->option_text("TIME");
  command
      .add_option("--secrets-file", options->secrets_file,
                  "NAME=value lines, mode 0600, in place of the environment")
      ->option_text("FILE");
  command
      .add_option("--root", options->root,
                  "look for known paths below this folder, as discover does")
      ->option_text("DIR");
  command.add_flag("-y,--yes", options->yes,
                   "ask nothing, take defaults: this host's name, all services, a folder, 02:00");
  command.add_flag("--backup", options->backup, "make the first backup");
  command.add_flag("--drill", options->drill, "make it, and restore it into scratch as a proof");
  set_action(command, context, [options, &context] { return Init(*options, context).run(); });
}

}  // namespace lifeboat::cli
