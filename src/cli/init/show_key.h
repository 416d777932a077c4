// A private key on the terminal, once.
#pragma once

#include "cli/context.h"
#include "codec/age/age.h"

namespace lifeboat::cli {

// Key and QR code go to /dev/tty alone, so that no pipe and no log has them. With `confirms` the
// person shows to have it by its last letters, and it is wiped off the screen.
void show_key(const age::Identity& identity, bool confirms, CommandContext& context);

}  // namespace lifeboat::cli
