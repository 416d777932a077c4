// What is in a folder. The standard's iterator throws what is no Error once the disk fails on the
// way, whatever it was told at its beginning: then a run would end as a fault of the program.
#pragma once

#include <filesystem>
#include <vector>

#include "base/error.h"

namespace lifeboat {

// The folder's children, sorted; none if there is no such folder. What cannot be read whole is
// Error(kind): half a list looks like a list.
std::vector<std::filesystem::path> list_folder(const std::filesystem::path& folder, ErrorKind kind);

}  // namespace lifeboat
