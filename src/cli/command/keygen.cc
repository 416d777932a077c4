// A drop-in for age-keygen.

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
#include "io/files.h"

namespace lifeboat::cli {
namespace {

struct Options {
  bool convert = false;
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

int generate(const Options& options, CommandContext& context) {
  if (!options.input.empty()) {
    throw Error(ErrorKind::usage, "keygen takes no INPUT unless it converts with -y");
  }
  if (options.output.empty()) warn_if_world_readable(context);
  const age::Identity identity = age::Identity::generate(context.random());
  const std::string recipient = identity.recipient().text();
  const Secret text = age::print_identity_file(identity, print_time(context.clock().now()));
  if (context.options.json && !options.output.empty()) {
    write_result(text.view(), options.output, context);
    context.out().json({{"recipient", recipient}, {"file", options.output}});
    return exit_ok;
  }
  write_result(text.view(), options.output, context);
  const bool is_seen = options.output.empty() && context.terminal().out_is_terminal;
  if (!is_seen) context.talk().line(format("Public key: {}", recipient));
  return exit_ok;
}

int convert(const Options& options, CommandContext& context) {
  const std::string input = options.input.empty() ? std::string(standard_stream) : options.input;
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
       "make an age key pair",
       group_keys,
       {"lifeboat keygen -o key.txt", "lifeboat keygen -y key.txt      # its public key"}});
  command.add_option("INPUT", options->input, "with -y: the identity file (default: stdin)");
  command.add_flag("-y", options->convert, "print the public keys of an identity file");
  command.add_option("-o,--output", options->output, "write to this new file, mode 0600")
      ->option_text("FILE");
  set_action(command, context, [options, &context] {
    return options->convert ? convert(*options, context) : generate(*options, context);
  });
}

}  // namespace lifeboat::cli
