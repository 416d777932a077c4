// A drop-in for `age -d`, with one difference: what goes to a file (-o) appears there whole or not
// at all, where age leaves the part that it had decrypted. To stdout both give out what was
// authenticated before the damage, and fail then.

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/exit_code.h"
#include "base/format.h"
#include "cli/command.h"
#include "cli/crypt_files.h"
#include "cli/files.h"
#include "cli/keys.h"
#include "codec/age/age.h"
#include "io/pipeline.h"

namespace lifeboat::cli {
namespace {

struct Options {
  std::vector<std::string> identity_files;
  bool ignored = false;
  CryptFiles files;
};

std::vector<age::Identity> chosen_identities(const Options& options, std::string_view head,
                                             CommandContext& context) {
  if (!is_passphrase_encrypted(head)) {
    if (!options.identity_files.empty()) return load_identities(options.identity_files, context);
    // What is no age file at all has its own message, from who reads it.
    if (!head.starts_with("age-encryption.org/"))
      return {age::Identity::generate(context.random())};
    throw Error(ErrorKind::crypto, "no private key was given")
        .hint("Give the file with the key that it was encrypted to: -i FILE.");
  }
  if (!options.identity_files.empty()) {
    throw Error(ErrorKind::usage, "the file is encrypted with a passphrase, not to a key")
        .hint("Leave out -i.");
  }
  std::vector<age::Identity> identities;
  identities.push_back(
      age::Identity::scrypt(existing_passphrase(display_name(options.files.input), context)));
  return identities;
}

int decrypt(const Options& options, CommandContext& context) {
  claim_input(options.files, context);
  refuse_overwriting_inputs(options.files, options.identity_files);
  return with_context(format("decrypt '{}'", display_name(options.files.input)), [&] {
    InputFile input(options.files.input, context.stop());
    age::DearmorSource binary(input);
    PeekSource peeked(binary, passphrase_head_bytes);
    const auto identities = chosen_identities(options, peeked.head(), context);
    age::DecryptSource plain(peeked, identities);
    Pipeline pipeline;
    Sink* target = &pipeline.add(open_output(options.files, context));
    if (context.terminal().out_is_terminal && options.files.output.empty()) {
      target = &pipeline.emplace<TerminalGuard>(*target);
    }
    pump(plain, *target, context.stop());
    pipeline.finish();
    return exit_ok;
  });
}

}  // namespace

void add_decrypt(CLI::App& app, CommandContext& context) {
  const auto options = std::make_shared<Options>();
  CLI::App& command =
      add_command(app, context,
                  {"decrypt",
                   "decrypt a file or stdin, as age -d does",
                   group_keys,
                   {"lifeboat decrypt -i key.txt -o secret.txt secret.age",
                    "lifeboat decrypt -i key.txt < folder.tar.age | tar x",
                    "lifeboat decrypt note.age       # encrypted with a passphrase"}});
  add_crypt_files(command, options->files);
  add_list_option(command, "-i,--identity", options->identity_files,
                  "a file with private keys; may be repeated")
      ->option_text("FILE");
  command
      .add_option("--passphrase-file", context.options.passphrase_file,
                  "take the passphrase from the first line (or set LIFEBOAT_PASSPHRASE)")
      ->option_text("FILE");
  command.add_flag("-a,--armor,-p,--passphrase", options->ignored,
                   "not needed: both are seen from the file");
  set_action(command, context, [options, &context] { return decrypt(*options, context); });
}

}  // namespace lifeboat::cli
