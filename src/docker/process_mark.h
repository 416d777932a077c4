// Tells a process from a later one of the same number, across reboots too: for notes and labels
// that outlive their writer, and whose reader must know whether it still runs.
#pragma once

#include <string>

namespace lifeboat {

// Number, start in ticks since the boot, boot: "4711 123456 1b4e28ba-...". Of this process.
std::string process_mark();
// Whether the process that `mark` tells runs; false for what is no mark.
bool is_process_alive(const std::string& mark);

}  // namespace lifeboat
