// Mistyped command lines, answered with what was probably meant.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "base/error.h"

namespace lifeboat::cli {

// What CLI11 refused, as Error(usage) with hints. `app` is the root it was parsed with.
Error usage_error(CLI::App& app, const CLI::ParseError& error);

// The help of a command, of the whole program for "". Error(usage) for an unknown one.
std::string help_text(CLI::App& app, const std::string& command);

}  // namespace lifeboat::cli
