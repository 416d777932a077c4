// What `encrypt` and `decrypt` have in common: INPUT and -o.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/context.h"
#include "io/sink.h"

namespace lifeboat::cli {

struct CryptFiles {
  std::string input;   // empty, "-": stdin
  std::string output;  // empty, "-": stdout
};

void add_crypt_files(CLI::App& command, CryptFiles& files);
void claim_input(const CryptFiles& files, CommandContext& context);
// Error(usage) if the output would replace the input or one of `others`.
void refuse_overwriting_inputs(const CryptFiles& files, const std::vector<std::string>& others);
std::unique_ptr<Sink> open_output(const CryptFiles& files, CommandContext& context);

}  // namespace lifeboat::cli
