// Several files that appear together or not at all.
//
// A folder that is not there yet is made beside its place and renamed: whatever kills the program,
// it is there whole or not. In a folder that exists each file is renamed by itself, the last one
// last; a failure takes back those before it.
#pragma once

#include <filesystem>
#include <vector>

#include "base/random.h"
#include "base/secret.h"

namespace lifeboat::cli {

struct NewFile {
  std::filesystem::path path;  // absolute
  Secret content;
};

// Mode 0600 each, in `folder` (0700 if it is made; the folders above it 0755). A file outside of
// `folder` comes first. Throws Error(config), also for a name that is taken: nothing is
// overwritten.
void write_together(const std::filesystem::path& folder, const std::vector<NewFile>& files,
                    Random& random);

}  // namespace lifeboat::cli
