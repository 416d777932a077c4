// What the stores share: which names are keys, and the errors that all of them must tell alike.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace lifeboat {

// Whether `name` may stand between the slashes of a key, and whether `key` is one (store.h).
bool is_key_segment(std::string_view name);
bool is_key(std::string_view key);

// "<attempted>: <store> holds no such object", with a hint.
Error no_such_object(std::string_view attempted, std::string_view store);
// Throws Error(store) if `offset` lies beyond the end of an object of `size` bytes.
void check_range(const std::string& key, uint64_t offset, uint64_t size);

}  // namespace lifeboat
