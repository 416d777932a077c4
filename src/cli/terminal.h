// The terminal, if there is one.
#pragma once

#include <string>
#include <string_view>

#include "base/secret.h"
#include "base/stop.h"

namespace lifeboat::cli {

struct TerminalTraits {
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool talk_is_terminal = false;
  bool colours = false;  // of stdout: NO_COLOR (https://no-color.org) and TERM=dumb are obeyed
  unsigned width = 80;   // columns
};
TerminalTraits detect_terminal();

// Asks on /dev/tty, so that stdin and stdout stay free for data, without echo. The terminal is as
// before on every path, a Ctrl-C included. Error(usage) if there is no terminal.
Secret ask_secret(std::string_view prompt, const StopToken& stop);

// The same with echo, for what is no secret; trimmed. Error(usage) as well once the terminal ends,
// which Ctrl-D asks for.
std::string ask_line(std::string_view prompt, const StopToken& stop);
// Shows `text` on /dev/tty, and nowhere else. Error(usage) if there is no terminal.
void tell_terminal(std::string_view text);

}  // namespace lifeboat::cli
