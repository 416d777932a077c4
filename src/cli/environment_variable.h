// The process's environment, for what is read from it and not from the configuration.
#pragma once

#include <cstdlib>
#include <string>

namespace lifeboat::cli {

// Empty for one that is not set: nothing here tells the two apart.
inline std::string environment_variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace lifeboat::cli
