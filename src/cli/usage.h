// Mistyped command lines, answered with what was probably meant.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "base/error.h"

namespace lifeboat::cli {

// What CLI11 refused, as Error(usage) with hints. `app` is the root it was parsed with.
Error usage_error(CLI::App& app, const CLI::ParseError& error);

// The help of a command ({"bucket", "audit"}), of the whole program for none. Error(usage) for an
// unknown one.
std::string help_text(CLI::App& app, const std::vector<std::string>& command);
// The command that was typed, as help_text takes it.
std::vector<std::string> typed_command(CLI::App& app);

}  // namespace lifeboat::cli
