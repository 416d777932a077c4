#include "cli/init/show_key.h"

#include <algorithm>

#include "base/format.h"
#include "base/text.h"
#include "cli/environment_variable.h"
#include "cli/qr_code.h"
#include "config/small_file.h"

namespace lifeboat::cli {
namespace {

constexpr size_t asked_letters = 4;

}  // namespace

void show_key(const age::Identity& identity, bool confirms, CommandContext& context) {
  const Secret key = identity.text();
  const bool is_smart = context.terminal().talk_is_terminal;
  const bool colours = is_smart && environment_variable("NO_COLOR").empty();
  std::string code =
      print_half_blocks(QrCode(key.reveal()), colours ? QrInk::light_in_colours : QrInk::light);
  std::string text = format(
      "\n{}\nThe second private key, which is not kept on this machine:\n\n{}\n\n"
      "Put it into 1Password (a new Password or Secure Note), or write it down. It is not shown "
      "again.\n",
      code, key.reveal());
  tell_terminal(text);
  auto lines = static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  wipe_text(text);
  wipe_text(code);
  if (!confirms) return;
  for (;;) {
    ++lines;
    const std::string typed = ask_line(
        format("Its last {} letters, to show that you have it: ", asked_letters), context.stop());
    const std::string last(key.reveal().substr(key.size() - asked_letters));
    if (ascii_lower(typed) == ascii_lower(last)) break;
  }
  if (!is_smart) return;
  // Up, and clear to the end; what has scrolled out of sight a terminal does not give back.
  tell_terminal(format("\x1b[{}F\x1b[J(the key was wiped off the screen)\n", lines));
}

}  // namespace lifeboat::cli
