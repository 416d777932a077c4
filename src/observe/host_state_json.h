// A host's state as JSON, for observe/host_state.cc alone.
//
// Members that are unknown are ignored and missing ones have their defaults, so that versions which
// differ by a member read each other's files; a change that this does not cover raises the format's
// number. Texts are cut and made printable both ways: a cause may hold anything.
#pragma once

#include <string>
#include <string_view>

#include "observe/host_state.h"

namespace lifeboat {

std::string print_host_state(const HostState& state);
// Throws Error(verification) for what is no such text, and for one of a newer format. Two entries
// of one name become one: the last counts.
HostState parse_host_state(std::string_view text);

}  // namespace lifeboat
