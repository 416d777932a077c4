// A drop-in for age-keygen, and with --signing the same for the key that signs manifests.

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/keys.h"
#include "codec/age/age.h"
#include "crypto/ed25519.h"
#include "io/files.h"

namespace lifeboat::cli {
namespace {

struct Options {
  bool convert = false;
  bool signing = false;
  std::string output;
  std::string input;
};

// Writes `content` to a new file with mode 0600, or to stdout. A key is never overwritten.
void write_result(ByteView content, const std::string& output, CommandContext& context) {
  if (output.empty()) {
    context.out().raw()->write(content);
    return;
  }
  std::error_code ignored;
  if (std::filesystem::exists(std::filesystem::symlink_status(output, ignored))) {
    throw Error(ErrorKind::usage, format("write '{}': it already exists", printable(output)))
        .hint("Keys are never overwritten. Choose another name, or move it away first.");
  }
  AtomicFile file(output, context.random(), {.kind = ErrorKind::usage});
  file.write(content);
  file.finish();
}

void warn_if_world_readable(CommandContext& context) {
  struct stat status {};
  if (::fstat(STDOUT_FILENO, &status) != 0) return;
  if (S_ISREG(status.st_mode) && (status.st_mode & 0004) != 0) {
    context.talk().warn("writing secret key to a world-readable file");
  }
}

struct NewKey {
  Secret file;
  std::string public_key;
};

NewKey make_key(const Options& options, CommandContext& context) {
  if (options.signing) {
    const auto key = Ed25519PrivateKey::generate(context.random());
    return {key.pem(), key.public_key().text()};
  }
  const age::Identity identity = age::Identity::generate(context.random());
  return {age::print_identity_file(identity, print_time(context.clock().now())),
          identity.recipient().text()};
}

int generate(const Options& options, CommandContext& context) {
  if (!options.input.empty()) {
    throw Error(ErrorKind::usage, "keygen takes no INPUT unless it converts with -y");
  }
  if (options.output.empty()) warn_if_world_readable(context);
  const NewKey key = make_key(options, context);
  write_result(key.file.view(), options.output, context);
  if (context.options.json && !options.output.empty()) {
    const char* member = options.signing ? "public_key" : "recipient";
    context.out().json({{member, key.public_key}, {"file", options.output}});
    return exit_ok;
  }
  // age's file shows its public key in a comment.
  const bool is_seen =
      options.output.empty() && context.terminal().out_is_terminal && !options.signing;
  if (!is_seen) context.talk().line(format("Public key: {}", key.public_key));
  if (options.signing && !options.output.empty()) {
    const auto place = std::filesystem::absolute(options.output).lexically_normal();
    context.talk().say(
        "next: put it into the configuration, and keep the public key elsewhere too:");
    context.talk().say(format("signing: {{key_file: {}, trusted: [\"{}\"]}}",
                              printable(place.native()), key.public_key));
  }
  return exit_ok;
}

std::string public_key_of(const std::string& input, CommandContext& context) {
  if (input == standard_stream) context.claim_stdin("signing key");
  InputFile file(input, context.stop(), ErrorKind::crypto);
  Bytes content = read_all(file, key_file_bytes_max, format("'{}'", display_name(input)));
  const Secret pem(content);
  wipe(content);
  return with_context(format("read '{}'", display_name(input)),
                      [&] { return Ed25519PrivateKey::parse_pem(pem.reveal()); })
      .public_key()
      .text();
}

int convert(const Options& options, CommandContext& context) {
  const std::string input = options.input.empty() ? std::string(standard_stream) : options.input;
  if (options.signing) {
    const std::string key = public_key_of(input, context);
    if (context.options.json && options.output.empty()) {
      context.out().json({{"public_key", key}});
    } else {
      write_result(as_bytes(key + "\n"), options.output, context);
    }
    return exit_ok;
  }
  std::string text;
  for (const age::Identity& identity : load_identities({input}, context)) {
    text += identity.recipient().text() + "\n";
  }
  write_result(as_bytes(text), options.output, context);
  return exit_ok;
}

}  // namespace

void add_keygen(CLI::App& app, CommandContext& context) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = add_command(
      app, context,
      {"keygen",
       "make an age key pair, or one that signs snapshots",
       group_keys,
       {"lifeboat keygen -o key.txt", "lifeboat keygen -y key.txt      # its public key",
        "lifeboat keygen --signing -o /etc/lifeboat/signing.key",
        "lifeboat keygen --signing -y /etc/lifeboat/signing.key > signing.pub"}});
  command.add_option("INPUT", options->input, "with -y: the key file (default: stdin)");
  command.add_flag("-y", options->convert, "print the public keys of a key file");
  command.add_flag("--signing", options->signing,
                   "an Ed25519 key in PEM form, for signing.key_file, instead of one of age's");
  command.add_option("-o,--output", options->output, "write to this new file, mode 0600")
      ->option_text("FILE");
  set_action(command, context, [options, &context] {
    return options->convert ? convert(*options, context) : generate(*options, context);
  });
}

}  // namespace lifeboat::cli
