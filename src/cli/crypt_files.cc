#include "cli/crypt_files.h"

#include <filesystem>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/files.h"

namespace lifeboat::cli {
void add_crypt_files(CLI::App& command, CryptFiles& files) {
  command.add_option("INPUT", files.input, "the file to read (default: stdin)");
  command
      .add_option("-o,--output", files.output,
                  "write to this file, replacing it; '-' is stdout (default)")
      ->option_text("FILE");
}

void claim_input(const CryptFiles& files, CommandContext& context) {
  if (is_stream(files.input)) context.claim_stdin("input");
}

void refuse_overwriting_inputs(const CryptFiles& files, const std::vector<std::string>& others) {
  if (is_stream(files.output)) return;
  std::vector<std::string> inputs = others;
  inputs.push_back(files.input);
  for (const std::string& input : inputs) {
    std::error_code ignored;
    if (!is_stream(input) && std::filesystem::is_regular_file(input, ignored) &&
        std::filesystem::equivalent(input, files.output, ignored)) {
      throw Error(ErrorKind::usage, format("'{}' is both read and to be written", printable(input)))
          .hint("Choose another name for the output.");
    }
  }
}

std::unique_ptr<Sink> open_output(const CryptFiles& files, CommandContext& context) {
  if (is_stream(files.output)) return context.out().raw();
  return std::make_unique<OutputFile>(files.output, context.random());
}

}  // namespace lifeboat::cli
