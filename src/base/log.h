// The program's talk: lines to stderr. Data goes to stdout, never here.
//
// Any thread. Values registered with `log_redact` are replaced by "***" in every line, as the last
// net under "no secret in a log": the first is that nobody formats a Secret.
#pragma once

#include <string>
#include <string_view>

#include "base/format.h"

namespace lifeboat {

enum class LogLevel { debug, info, warning, error };

void log_line(LogLevel level, std::string_view text);
// Lines below `level` are dropped. Default: info.
void log_set_level(LogLevel level);
// Remembers a secret value (4 bytes or more) to be replaced in log lines and by `redact`.
void log_redact(std::string_view value);
// `text` with every remembered secret replaced by "***".
std::string redact(std::string_view text);

template <typename... Args>
void log_debug(fmt::format_string<Args...> text, Args&&... args) {
  log_line(LogLevel::debug, fmt::format(text, std::forward<Args>(args)...));
}
template <typename... Args>
void log_info(fmt::format_string<Args...> text, Args&&... args) {
  log_line(LogLevel::info, fmt::format(text, std::forward<Args>(args)...));
}
template <typename... Args>
void log_warning(fmt::format_string<Args...> text, Args&&... args) {
  log_line(LogLevel::warning, fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace lifeboat
