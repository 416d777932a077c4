// Which runs under systemd told by themselves how they ended, so that a unit for OnFailure= tells
// only what nobody told yet.
//
// Rejected: comparing times with `systemctl show`, which need not be there and knows local time.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/random.h"

namespace lifeboat::cli {

// systemd's id of this run ($INVOCATION_ID); empty: not started by it.
// https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#%24INVOCATION_ID
std::string own_invocation();
// The service unit this process runs in, by its cgroup; empty: none.
std::string own_unit();

// Adds `id` to `<directory>/told-invocations`, of which the last some stay. Throws Error(config).
void note_told(const std::filesystem::path& directory, const std::string& id, Random& random);
bool was_told(const std::filesystem::path& directory, std::string_view id);

}  // namespace lifeboat::cli
