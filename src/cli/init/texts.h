// The files of `init` as texts. Pure: tests load what is printed here.
#pragma once

#include <string>

#include "base/secret.h"
#include "cli/init/plan.h"

namespace lifeboat::cli {

// The configuration, commented. Holds no secret.
std::string print_init_config(const InitPlan& plan);
// NAME=value lines: the store's keys, and an empty line for each secret that is not known yet.
// Throws Error(usage) for a secret that no line can hold.
Secret print_init_env(const InitPlan& plan);

// The names in `env` that wait for somebody to fill them in.
std::vector<ServiceSecret> open_secrets(const InitPlan& plan);

}  // namespace lifeboat::cli
