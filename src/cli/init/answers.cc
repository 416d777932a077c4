#include "cli/init/answers.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "cli/environment_variable.h"
#include "cli/files.h"
#include "cli/init/providers.h"
#include "cli/init/show_key.h"
#include "cli/init/texts.h"
#include "cli/machine.h"
#include "cli/render.h"
#include "cli/table.h"
#include "config/schedule.h"
#include "config/small_file.h"
#include "config/variables.h"
#include "recipe/known.h"
#include "snapshot/catalog.h"

namespace lifeboat::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t secrets_file_bytes_max = 64 * 1024;
constexpr std::string_view default_store = "dir:/var/backups/lifeboat";

// Where a service's data lies, as far as that is a path.
std::string place_of(const Proposal& service) {
  for (const auto& [name, value] : service.options) {
    if (value.starts_with('/')) return value;
  }
  return "";
}

class Gathering {
 public:
  Gathering(InitOptions& options, CommandContext& context)
      : options_(options),
        context_(context),
        asks_(context.terminal().in_is_terminal && !options.yes) {}

  InitAnswers run() {
    answers_.plan.config = fs::absolute(context_.config_path()).lexically_normal();
    answers_.plan.date = print_date(date_of(context_.clock().now()));
    read_secrets_file();
    gather_host();
    gather_services();
    gather_store();
    gather_recipients();
    gather_schedule();
    if (!missing_.empty()) {
      throw Error(ErrorKind::usage,
                  format("make a configuration: these are missing: {}", join(missing_, "; ")))
          .hint(
              "Run 'lifeboat init' on a terminal to be asked, or add --yes to take defaults for "
              "host, services, store and time.");
    }
    return std::move(answers_);
  }

 private:
  // Asks until `judge` takes the answer; an empty one is `fallback`.
  void ask(const std::string& question, const std::string& fallback,
           const std::function<void(const std::string&)>& judge) {
    for (;;) {
      const std::string shown = fallback.empty() ? "" : format(" [{}]", fallback);
      std::string answer = ask_line(format("{}{}: ", question, shown), context_.stop());
      if (answer.empty()) answer = fallback;
      if (answer.empty()) continue;
      try {
        judge(answer);
        return;
      } catch (const Error& error) {
        complain(error);
      }
    }
  }

  void complain(const Error& error) {
    context_.talk().status("");
    context_.talk().line(format("That does not do: {}", error.what()));
    for (const std::string& hint : error.hints()) context_.talk().line(format("hint: {}", hint));
  }

  // An answer from a flag, else from a person, else the default if --yes asks for it.
  void answer(const std::string& flag, const std::string& given, const std::string& question,
              const std::string& fallback, const std::function<void(const std::string&)>& judge) {
    if (!given.empty()) {
      with_context(flag, [&] { judge(given); });
    } else if (asks_) {
      ask(question, fallback, judge);
    } else if (options_.yes && !fallback.empty()) {
      with_context(flag, [&] { judge(fallback); });
    } else {
      missing_.push_back(flag);
    }
  }

  void read_secrets_file() {
    if (options_.secrets_file.empty()) return;
    const SmallFile file = read_small_file(options_.secrets_file, secrets_file_bytes_max);
    if (const std::string fault = secrecy_fault(file); !fault.empty()) {
      throw Error(ErrorKind::config,
                  format("read '{}': {}", printable(options_.secrets_file), fault))
          .hint(format("Make it private: chmod 600 {}", printable(options_.secrets_file)));
    }
    FaultList faults;
    file_secrets_ = parse_env_file(options_.secrets_file, file.text, faults);
    if (!faults.empty()) throw ConfigErrors(faults.take());
  }

  // Of the secrets file, else of the environment. Null: neither has it.
  SharedSecret given_secret(const std::string& name) {
    Secret value;
    if (const auto found = file_secrets_.find(name); found != file_secrets_.end()) {
      value = found->second.clone();
    } else if (const std::string text = environment_variable(name.c_str()); !text.empty()) {
      value = Secret(text);
    }
    if (value.empty()) return nullptr;
    log_redact(value.reveal());
    return std::make_shared<Secret>(std::move(value));
  }

  void gather_host() {
    answer("--host NAME", std::exchange(context_.options.host, ""),
           "Name of this machine, for its snapshots", host_name_from(machine_name()),
           [&](const std::string& name) {
             if (!is_host_name(name)) {
               throw Error(ErrorKind::usage, format("'{}' is not a host's name", printable(name)))
                   .hint(format("It is {}, and none of {}.", host_name_rule,
                                join(host_names_reserved, ", ")));
             }
             answers_.plan.host = name;
           });
  }

  void gather_services() {
    context_.talk().status("looking for what there is to protect");
    DiscoverRequest request;
    request.docker.stop = context_.stop();
    request.root = options_.root;
    const Discovery found = discover(request, context_.recipes(), context_.clock());
    context_.talk().status("");
    for (const std::string& warning : found.warnings) context_.talk().warn(printable(warning));
    Table table({{"#", Align::right}, {"SERVICE"}, {"RECIPE"}, {"WHAT"}, {"SIZE", Align::right}});
    for (const DiscoveredPlace& place : found.places) {
      if (!place.proposal) continue;
      found_.push_back(*place.proposal);
      table.add_row({format("{}", found_.size()), place.proposal->name, place.proposal->recipe,
                     format("{} {}", place.type, cut_to_width(printable(place.name), 48)),
                     place.bytes ? print_bytes(*place.bytes) : "-"});
    }
    std::string choice = format("{}", join(options_.services, ","));
    if (options_.all_services) choice = "all";
    if (choice.empty() && (found_.empty() || !options_.paths.empty())) choice = "none";
    if (asks_ && choice.empty())
      tell_terminal("\nFound on this machine:\n\n" + table.print() + "\n");
    answer("--services NAME,... or --all-services", choice,
           "Which of them? Numbers such as 1,3-5, all or none", "all",
           [&](const std::string& text) { chosen_ = choose_services(found_, text); });
    add_paths();
  }

  void add_paths() {
    for (const std::string& path : options_.paths) {
      with_context("--path", [&] { add_path(path); });
    }
    const bool is_none = std::find(chosen_.begin(), chosen_.end(), true) == chosen_.end();
    if (!is_none || !extra_.empty()) return;
    if (!asks_) {
      const std::string flag = "--services NAME,... or --all-services";
      if (std::find(missing_.begin(), missing_.end(), flag) == missing_.end()) {
        missing_.push_back("--path DIR (nothing else is chosen)");
      }
      return;
    }
    ask("Nothing is chosen so far. A folder to back up", "",
        [&](const std::string& path) { add_path(path); });
  }

  void add_path(const std::string& path) {
    const fs::path absolute = fs::absolute(path).lexically_normal();
    std::error_code ignored;
    if (!fs::exists(absolute, ignored)) {
      throw Error(ErrorKind::usage, format("there is no '{}'", printable(absolute.native())));
    }
    fs::path place = absolute;
    if (!place.has_filename()) place = place.parent_path();
    Proposal made{free_name(place.filename().native()), "volume", {{"path", place.native()}}};
    if (!fs::is_directory(place, ignored)) {
      made.recipe = "files";
      made.options = {{"paths", place.native()}};
    }
    extra_.push_back(std::move(made));
  }

  std::string free_name(const std::string& hint) {
    const auto is_taken = [&](const std::string& name) {
      const auto has_it = [&](const Proposal& one) { return one.name == name; };
      return std::any_of(found_.begin(), found_.end(), has_it) ||
             std::any_of(extra_.begin(), extra_.end(), has_it);
    };
    const std::string base = service_name_from(hint);
    std::string name = base;
    for (unsigned number = 2; is_taken(name); ++number) {
      name = format("{}-{}", base.substr(0, name_length_max - 4), number);
    }
    return name;
  }

  // What lies in the store folder is left out; a store within a service would hold itself.
  void settle_services(const InitPlan& plan) {
    std::vector<Proposal> chosen;
    std::vector<Proposal> left_out;
    for (size_t at = 0; at < found_.size(); ++at) {
      const bool is_wanted = at < chosen_.size() && chosen_[at];
      (is_wanted ? chosen : left_out).push_back(found_[at]);
    }
    chosen.insert(chosen.end(), extra_.begin(), extra_.end());
    if (!plan.store.is_s3) {
      const fs::path store = plan.store.dir.path.lexically_normal();
      const auto is_own = [&](const Proposal& one) {
        const std::string place = place_of(one);
        return !place.empty() && is_at_or_below(place, store.native());
      };
      std::erase_if(chosen, is_own);
      std::erase_if(left_out, is_own);
      for (const Proposal& one : chosen) {
        const std::string place = place_of(one);
        if (place.empty() || !is_at_or_below(store.native(), place)) continue;
        throw Error(ErrorKind::usage, format("the store '{}' lies in '{}', which service {} takes",
                                             store.native(), printable(place), one.name))
            .hint("Each backup would hold those before it. Choose another folder.");
      }
    }
    answers_.plan.services = std::move(chosen);
    answers_.plan.left_out = std::move(left_out);
    for (const Proposal& service : answers_.plan.services) {
      for (const ServiceSecret& secret : secrets_of(service)) {
        if (SharedSecret value = given_secret(secret.variable)) {
          answers_.plan.service_secrets[secret.variable] = std::move(value);
        }
      }
    }
  }

  void gather_store() {
    const std::string given = std::exchange(context_.options.store, "");
    answer("--store dir:PATH or s3://BUCKET?endpoint=URL", given,
           format("Where to? dir:PATH, s3://BUCKET?endpoint=URL, or a provider:\n  {}\nStore",
                  provider_names()),
           std::string(default_store), [&](const std::string& text) { judge_store(text); });
    if (answers_.plan.store.is_s3 || answers_.plan.store.dir.path.empty()) return;
    context_.talk().warn(
        format("'{}' is a folder of this machine: if that is its own disk, the backups are lost "
               "with it",
               answers_.plan.store.dir.path.native()));
  }

  void judge_store(const std::string& text) {
    std::string address = text;
    if (const Provider* provider = asks_ ? find_provider(text) : nullptr) {
      const std::string region = ask_word(provider->asks, std::string(provider->fallback));
      address = address_of(*provider, region, ask_word("Bucket", ""));
    }
    StoreAddress store = parse_store_address(address);
    if (store.is_s3 && !gather_bucket_keys(store.s3)) return;
    InitPlan trial = answers_.plan;
    trial.store = store;
    settle_services(trial);
    if (store.is_s3) try_bucket(store.s3);
    answers_.plan.store = std::move(store);
  }

  std::string ask_word(std::string_view question, const std::string& fallback) {
    std::string word;
    ask(std::string(question), fallback, [&](const std::string& typed) { word = typed; });
    return word;
  }

  // False if they are missing, and nobody can be asked.
  bool gather_bucket_keys(S3StoreConfig& s3) {
    // Given ones that did not open it are not tried for ever.
    if (!std::exchange(tried_given_keys_, asks_)) {
      s3.access_key = given_secret(access_key_variable);
      s3.secret_key = given_secret(secret_key_variable);
      if (s3.access_key && s3.secret_key) return true;
    }
    if (!asks_) {
      missing_.push_back(format("{} and {} in the environment or a --secrets-file",
                                access_key_variable, secret_key_variable));
      return false;
    }
    s3.access_key = std::make_shared<Secret>(ask_word("Access key", ""));
    Secret secret;
    while (secret.empty()) secret = ask_secret("Secret key (not shown): ", context_.stop());
    s3.secret_key = std::make_shared<Secret>(std::move(secret));
    log_redact(s3.secret_key->reveal());
    return true;
  }

  void try_bucket(const S3StoreConfig& s3) {
    context_.talk().status("asking the store");
    const auto store =
        open_s3_store(s3, {context_.clock(), context_.random(), context_.stop(), ""});
    const auto snapshots = list_snapshots(*store, answers_.plan.host);
    context_.talk().status("");
    if (snapshots.empty()) return;
    context_.talk().warn(format(
        "{} holds {} of '{}' already: if that is another machine, choose another name",
        store->name(), print_count(snapshots.size(), "snapshot", "snapshots"), answers_.plan.host));
  }

  void gather_recipients() {
    for (const std::string& text : options_.recipients) {
      with_context("--recipient KEY", [&] { add_recipient(text); });
    }
    if (!options_.offline_key.empty()) {
      make_offline_key();
    } else if (options_.recipients.empty() && context_.terminal().in_is_terminal) {
      ask_for_recipient();
    } else if (options_.recipients.empty()) {
      missing_.push_back("--recipient KEY (a public key of yours) or --offline-key FILE");
    }
  }

  void add_recipient(const std::string& text) {
    const age::Recipient recipient = age::parse_recipient(text);
    answers_.plan.recipients.push_back({recipient.text(), "yours, kept elsewhere"});
  }

  void make_offline_key() {
    answers_.offline = age::Identity::generate(context_.random());
    answers_.plan.recipients.push_back(
        {answers_.offline->recipient().text(), "the second key, kept elsewhere"});
  }

  void ask_for_recipient() {
    if (options_.yes) {
      make_offline_key();
      show_key(*answers_.offline, false, context_);
      return;
    }
    ask("\nA second key opens the backups when this machine is gone. 'show' makes one and shows it "
        "once;\na file name such as key.html makes one to print; or paste a public key (age1...).\n"
        "Second key",
        "show", [&](const std::string& text) {
          if (text.starts_with("age1")) return add_recipient(text);
          if (text != "show") {
            options_.offline_key = text;
            return make_offline_key();
          }
          make_offline_key();
          show_key(*answers_.offline, true, context_);
        });
  }

  void gather_schedule() {
    const auto judge = [&](const std::string& text) {
      if (!is_schedule(text)) {
        throw Error(ErrorKind::usage, format("'{}' is not a schedule", printable(text)))
            .hint("Write 02:00, hourly, daily, weekly, monthly, manual, or five fields of cron.");
      }
      answers_.plan.schedule = text;
    };
    std::string given = options_.schedule;
    if (given.empty() && !asks_) given = answers_.plan.schedule;
    answer("--schedule TIME", given, "Time of the nightly backup", answers_.plan.schedule, judge);
  }

  InitOptions& options_;
  CommandContext& context_;
  const bool asks_;
  InitAnswers answers_;
  std::vector<std::string> missing_;
  std::map<std::string, Secret, std::less<>> file_secrets_;
  std::vector<Proposal> found_;
  std::vector<bool> chosen_;
  std::vector<Proposal> extra_;  // of --path
  bool tried_given_keys_ = false;
};

}  // namespace

InitAnswers gather_answers(InitOptions& options, CommandContext& context) {
  return Gathering(options, context).run();
}

}  // namespace lifeboat::cli
