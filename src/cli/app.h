// The program without its process: arguments in, exit code out.
#pragma once

#include <exception>
#include <string>
#include <vector>

#include "base/json.h"
#include "cli/context.h"

namespace lifeboat::cli {

// Runs one command line (without the program's name). Every failure is told and becomes an exit
// code; only OutputClosed passes.
int run(const std::vector<std::string>& arguments, Surroundings& surroundings);

// What went wrong, in the terms of the exit code table.
struct Failure {
  int code = 0;
  std::string kind;
  std::string message;
  std::vector<std::string> hints;
};
Failure describe_failure(const std::exception_ptr& failure);
// {"error": {"kind": "store", "code": 5, "message": "...", "hints": [...]}}
Json failure_to_json(const Failure& failure);

}  // namespace lifeboat::cli
