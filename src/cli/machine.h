// What the machine says about itself and about this program.
#pragma once

#include <filesystem>
#include <string>

namespace lifeboat::cli {

// Its name without the domain; "unknown" if it has none.
std::string machine_name();
// Where the file of this program lies.
std::filesystem::path this_program();

}  // namespace lifeboat::cli
