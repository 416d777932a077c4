// GNU's sparse format 1.0: a map of the data runs, as decimal lines padded to a block, then the
// runs themselves. Private to this folder.
// https://www.gnu.org/software/tar/manual/html_node/PAX-1.html
#pragma once

#include <string>
#include <vector>

#include "io/file_meta.h"
#include "io/source.h"

namespace lifeboat::tar {

inline constexpr size_t extents_max = 1'000'000;  // 16 MB of memory

// True if the runs are ascending, disjoint and within `apparent_size`.
bool extents_fit(const std::vector<Extent>& extents, uint64_t apparent_size);
// Throws Error(verification) if they do not.
void check_extents(const std::vector<Extent>& extents, uint64_t apparent_size);

// The map with its padding.
std::string encode_map(const std::vector<Extent>& extents, uint64_t apparent_size);

// Reads a map from the front of `content` in whole blocks; `left` counts down the member's stored
// bytes. The runs must add up to exactly what is left then.
std::vector<Extent> decode_map(Source& content, uint64_t& left, uint64_t apparent_size);

}  // namespace lifeboat::tar
