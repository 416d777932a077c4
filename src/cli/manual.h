// The manual page lifeboat(1), from the same source as `--help` and the table of exit codes.
#pragma once

#include <string>

#include "cli/command_tree.h"

namespace lifeboat::cli {

// In the language of man(7).
std::string manual_page(const CommandNode& root);

}  // namespace lifeboat::cli
