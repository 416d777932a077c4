// A drop-in for age-keygen, and with --signing the same for the key that signs manifests. --qr and
// --paper show a private key so that it outlives every machine.

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
#include "cli/key_paper.h"
#include "cli/keys.h"
#include "cli/machine.h"
#include "cli/qr_code.h"
#include "codec/age/age.h"
#include "config/small_file.h"
#include "crypto/ed25519.h"
#include "io/files.h"

namespace lifeboat::cli {
namespace {

struct Options {
  bool convert = false;
  bool signing = false;
  bool qr = false;
  bool paper = false;
  std::string output;
  std::string input;
};

// Writes `content` to a new file with mode 0600, or to stdout. A key is never overwritten.
void write_result(ByteView content, const std::string& output, CommandContext& context) {
  if (is_stream(output)) {
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
    throw Error(ErrorKind::usage, "keygen takes no INPUT without -y, --qr or --paper");
  }
  if (is_stream(options.output)) warn_if_world_readable(context);
  const NewKey key = make_key(options, context);
  write_result(key.file.view(), options.output, context);
  if (context.options.json && !is_stream(options.output)) {
    const char* member = options.signing ? "public_key" : "recipient";
    context.out().json({{member, key.public_key}, {"file", options.output}});
    return exit_ok;
  }
  // age's file shows its public key in a comment.
  const bool is_seen =
      is_stream(options.output) && context.terminal().out_is_terminal && !options.signing;
  if (!is_seen) context.talk().line(format("Public key: {}", key.public_key));
  if (options.signing && !is_stream(options.output)) {
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
    if (context.options.json && is_stream(options.output)) {
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

// The keys to be shown: those of INPUT, else a new one.
std::vector<age::Identity> shown_keys(const Options& options, CommandContext& context) {
  std::vector<age::Identity> keys;
  if (options.input.empty()) {
    keys.push_back(age::Identity::generate(context.random()));
  } else {
    keys = load_identities({options.input}, context);
  }
  return keys;
}

// A page with one key; its form follows from the name of -o.
int print_paper(const Options& options, CommandContext& context) {
  if (options.output.empty()) {
    throw Error(ErrorKind::usage, "print a key: -o does not say where to")
        .hint("Name a new file, -o key.html or -o key.txt; it gets mode 0600.");
  }
  const std::vector<age::Identity> keys = shown_keys(options, context);
  if (keys.size() != 1) {
    throw Error(ErrorKind::usage, format("print a key: '{}' holds {} of them",
                                         display_name(options.input), keys.size()))
        .hint("Put each into a file of its own.");
  }
  const KeyPaper paper{keys.front(),
                       context.options.host.empty() ? machine_name() : context.options.host,
                       print_date(date_of(context.clock().now()))};
  std::string page =
      options.output.ends_with(".txt") ? print_paper_text(paper) : print_paper_html(paper);
  write_result(as_bytes(page), options.output, context);
  wipe_text(page);
  if (is_stream(options.output)) return exit_ok;
  if (context.options.json) {
    context.out().json({{"recipient", keys.front().recipient().text()}, {"file", options.output}});
    return exit_ok;
  }
  context.talk().line(format("Public key: {}", keys.front().recipient().text()));
  context.talk().say(
      format("next: print '{0}', then remove it: shred -u '{0}'", printable(options.output)));
  return exit_ok;
}

// A new key goes to -o as without --qr, and only its code to the terminal.
int show_qr(const Options& options, CommandContext& context) {
  const bool is_new = options.input.empty();
  const bool has_file = !is_stream(options.output);
  const bool to_stdout = !has_file || is_new;
  if (to_stdout && options.output != standard_stream && !context.terminal().out_is_terminal) {
    throw Error(ErrorKind::usage, "refuse to show a private key: stdout is not a terminal")
        .hint("Use -o - to write the code to stdout all the same.");
  }
  std::string text;
  for (const age::Identity& key : shown_keys(options, context)) {
    const Secret file = age::print_identity_file(key, print_time(context.clock().now()));
    if (is_new && has_file) write_result(file.view(), options.output, context);
    if (is_new && !has_file) text += file.reveal();
    if (!is_new || has_file) text += format("# public key: {}\n", key.recipient().text());
    const bool colours = to_stdout && context.style().has_colours();
    std::string code = print_half_blocks(QrCode(key.text().reveal()),
                                         colours ? QrInk::light_in_colours : QrInk::light);
    text += code;
    wipe_text(code);
  }
  write_result(as_bytes(text), to_stdout ? "" : options.output, context);
  wipe_text(text);
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
        "lifeboat keygen --paper key.txt -o key.html   # to print and lock away",
        "lifeboat keygen --qr key.txt                  # to scan off the terminal",
        "lifeboat keygen --signing -o /etc/lifeboat/signing.key",
        "lifeboat keygen --signing -y /etc/lifeboat/signing.key > signing.pub"}});
  command.add_option("INPUT", options->input,
                     "with -y: the key file (default: stdin); with --qr and --paper: without it a "
                     "new key is made");
  CLI::Option* const convert_flag =
      command.add_flag("-y", options->convert, "print the public keys of a key file");
  CLI::Option* const signing_flag =
      command.add_flag("--signing", options->signing,
                       "an Ed25519 key in PEM form, for signing.key_file, instead of one of age's");
  CLI::Option* const qr =
      command.add_flag("--qr", options->qr, "show the private key as a QR code on the terminal")
          ->excludes(convert_flag, signing_flag);
  command
      .add_flag("--paper", options->paper,
                "write a page to print: the key, its QR code, how to use it; text if FILE ends "
                "in .txt, else HTML")
      ->excludes(convert_flag, signing_flag, qr);
  command
      .add_option("--host", context.options.host,
                  "whose backups the key opens, for --paper (default: this machine's name)")
      ->option_text("HOST");
  command.add_option("-o,--output", options->output, "write to this new file, mode 0600")
      ->option_text("FILE");
  set_action(command, context, [options, &context] {
    if (options->paper) return print_paper(*options, context);
    if (options->qr) return show_qr(*options, context);
    return options->convert ? convert(*options, context) : generate(*options, context);
  });
}

}  // namespace lifeboat::cli
