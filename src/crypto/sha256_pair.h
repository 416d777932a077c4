// Two SHA-256 of the same bytes at the price of little more than one.
//
// Each byte of an archive is hashed twice, as part of its member and of the tar stream, which the
// format promises both. The message schedule depends on the bytes alone, and the rounds of one hash
// leave the processor waiting most of the time; no library offers to share either.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lifeboat {

// Whether this processor has the instructions: x86-64 with SHA extensions.
bool has_sha256_pair();

// Compresses `blocks` blocks of 64 bytes into two states of eight words (FIPS 180-4, 6.2.2). Only
// where has_sha256_pair().
// https://csrc.nist.gov/pubs/fips/180-4/upd1/final
void sha256_pair(uint32_t* left, uint32_t* right, const std::byte* data, size_t blocks);

}  // namespace lifeboat
