// What the machine says about itself.
#pragma once

#include <string>

namespace lifeboat::cli {

// Its name without the domain; "unknown" if it has none.
std::string machine_name();

}  // namespace lifeboat::cli
