// Small files that must be trusted: the configuration, the env file, files that hold one secret.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "base/secret.h"

namespace lifeboat {

struct SmallFile {
  std::string text;
  unsigned mode = 0;     // permission bits
  bool is_ours = false;  // owned by this user or by root
};

// Throws Error(config) "open '...': ..." also for what is not a regular file, and beyond
// `bytes_max`.
SmallFile read_small_file(const std::filesystem::path& path, size_t bytes_max);

// Why a file of this mode and owner must not hold secrets ("its mode is 0644, others can read it"),
// or empty.
std::string secrecy_fault(const SmallFile& file);

// Overwrites what may be a secret, before its memory is given back.
inline void wipe_text(std::string& text) noexcept {
  wipe(std::as_writable_bytes(std::span(text.data(), text.size())));
}

}  // namespace lifeboat
