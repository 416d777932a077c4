// The exit codes of the program: one table, from which the docs and a test are made.
#pragma once

#include <span>
#include <string_view>

#include "base/error.h"

namespace lifeboat {

struct ExitCode {
  int code;
  std::string_view name;
  std::string_view meaning;
};

inline constexpr int exit_ok = 0;
// Nothing failed, but the answer is no; 1 as diff(1), cmp(1) and grep(1) have it.
inline constexpr int exit_differs = 1;
inline constexpr int exit_bug = 70;
inline constexpr int exit_interrupted = 130;

// All exit codes, ascending.
std::span<const ExitCode> exit_codes();
int exit_code(ErrorKind kind);
// The kind's name as in the table and in --json ("store").
std::string_view kind_name(ErrorKind kind);

}  // namespace lifeboat
