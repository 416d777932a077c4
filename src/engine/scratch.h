// A private folder for restored plaintext that goes away, whatever happens.
//
// The folder is flock'ed while its owner lives, so that the leftovers of a killed process can be
// told from a scratch in use: the kernel drops the lock with the process.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/random.h"
#include "io/fd.h"
#include "io/files.h"

namespace lifeboat {

// Of all that restore into the folder for scratch: each drill sweeps what any of them left.
inline constexpr std::string_view drill_scratch_prefix = "lifeboat-drill-";
inline constexpr std::string_view diff_scratch_prefix = "lifeboat-diff-";
inline constexpr std::string_view replace_scratch_prefix = "lifeboat-replace-";

class Scratch {
 public:
  // A new folder `<parent>/<prefix><hex>`, mode 0700, after sweeping dead ones of that prefix.
  Scratch(const std::filesystem::path& parent, std::string_view prefix, Random& random);
  const std::filesystem::path& path() const { return directory_.path(); }

 private:
  ScratchDirectory directory_;
  UniqueFd lock_;
};

// Removes folders `<parent>/<prefix>*` of ours that no living process holds. Returns how many.
size_t sweep_scratch(const std::filesystem::path& parent, std::string_view prefix);

}  // namespace lifeboat
