// The process of a stand-in server for the black-box scripts: it ends with its parent, or at
// SIGTERM.
#pragma once

#include <string>

namespace lifeboat::test {

// Before the first thread, which would otherwise take the signal. False: the parent is gone
// already.
bool begin_stand_in();
// Writes where it listens; the file appears whole.
void tell_port(const std::string& file, const std::string& text);
// Returns at SIGTERM.
void wait_for_end();

}  // namespace lifeboat::test
