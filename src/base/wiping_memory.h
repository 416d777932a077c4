// Memory that is overwritten before it is given back, for what cannot hold its secrets in a Secret:
// strings that libraries make, and our own on their way to a library.
//
// `operator new` and `delete` of the program (cli/wiping_delete.cc) and libcurl's memory are these.
// Only small blocks are overwritten: a secret is short, and wiping the buffers of the data would
// cost time and touch pages that nobody used.
#pragma once

#include <cstddef>

namespace lifeboat {

inline constexpr size_t wiped_bytes_max = 128 * 1024;

// As std::free and std::realloc, for memory of std::malloc. Any thread.
void wiping_free(void* memory) noexcept;
void* wiping_realloc(void* memory, size_t size) noexcept;

}  // namespace lifeboat
