// A drop-in for `age`: same flags, same format, same refusals.

#include <array>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/exit_code.h"
#include "cli/command.h"
#include "cli/crypt_files.h"
#include "cli/files.h"
#include "cli/keys.h"
#include "codec/age/age.h"
#include "io/pipeline.h"

namespace lifeboat::cli {
namespace {

struct Options {
  std::vector<std::string> recipients;
  std::vector<std::string> recipient_files;
  std::vector<std::string> identity_files;
  bool passphrase = false;
  bool armor = false;
  CryptFiles files;
};

std::vector<age::Recipient> chosen_recipients(const Options& options, CommandContext& context) {
  const bool has_keys = !options.recipients.empty() || !options.recipient_files.empty() ||
                        !options.identity_files.empty();
  const bool has_passphrase = options.passphrase || !context.options.passphrase_file.empty();
  if (has_keys && has_passphrase) {
    throw Error(ErrorKind::usage, "a passphrase cannot be combined with recipients")
        .hint("Use -p alone, or -r, -R and -i without it.");
  }
  std::vector<age::Recipient> all;
  if (has_passphrase) {
    all.push_back(age::Recipient::scrypt(new_passphrase(context)));
    return all;
  }
  for (const std::string& text : options.recipients) all.push_back(age::parse_recipient(text));
  for (auto& recipient : load_recipients(options.recipient_files, context)) {
    all.push_back(std::move(recipient));
  }
  for (const auto& identity : load_identities(options.identity_files, context)) {
    all.push_back(identity.recipient());
  }
  if (all.empty()) {
    throw Error(ErrorKind::usage, "no recipients were given")
        .hint(
            "Give a public key with -r age1..., a file of them with -R FILE, or use -p for a "
            "passphrase.");
  }
  return all;
}

int encrypt(const Options& options, CommandContext& context) {
  claim_input(options.files, context);
  const auto recipients = chosen_recipients(options, context);
  std::vector<std::string> used = options.recipient_files;
  used.insert(used.end(), options.identity_files.begin(), options.identity_files.end());
  refuse_overwriting_inputs(options.files, used);
  if (context.terminal().out_is_terminal && options.files.output.empty() && !options.armor) {
    throw Error(ErrorKind::usage, "refuse to write binary data to a terminal")
        .hint("Did you mean to use -a/--armor?")
        .hint("Use -o - to do it all the same.");
  }
  InputFile input(options.files.input, context.stop());
  Pipeline pipeline;
  Sink* target = &pipeline.add(open_output(options.files, context));
  if (options.armor) target = &pipeline.emplace<age::ArmorSink>(*target);
  target = &pipeline.emplace<age::EncryptSink>(*target, recipients, context.random());
  pump(input, *target, context.stop());
  pipeline.finish();
  return exit_ok;
}

}  // namespace

void add_encrypt(CLI::App& app, CommandContext& context) {
  const auto options = std::make_shared<Options>();
  CLI::App& command =
      add_command(app, context,
                  {"encrypt",
                   "encrypt a file or stdin, as age does",
                   group_keys,
                   {"lifeboat encrypt -r age1... -o secret.age secret.txt",
                    "tar c folder | lifeboat encrypt -R recipients.txt > folder.tar.age",
                    "lifeboat encrypt -p -a note.txt"}});
  add_crypt_files(command, options->files);
  add_list_option(command, "-r,--recipient", options->recipients, "a public key; may be repeated")
      ->option_text("KEY");
  add_list_option(command, "-R,--recipients-file", options->recipient_files,
                  "a file of public keys; may be repeated")
      ->option_text("FILE");
  add_list_option(command, "-i,--identity", options->identity_files,
                  "encrypt to the public keys of these private keys; may be repeated")
      ->option_text("FILE");
  command.add_flag("-p,--passphrase", options->passphrase, "encrypt with a passphrase");
  command
      .add_option("--passphrase-file", context.options.passphrase_file,
                  "take the passphrase from the first line (or set LIFEBOAT_PASSPHRASE)")
      ->option_text("FILE");
  command.add_flag("-a,--armor", options->armor, "write text that can be pasted");
  set_action(command, context, [options, &context] { return encrypt(*options, context); });
}

}  // namespace lifeboat::cli
