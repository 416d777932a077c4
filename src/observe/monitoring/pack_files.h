// The monitoring pack's files as they lie in the tree.
#pragma once

#include <span>

#include "base/embedded_file.h"

namespace lifeboat {

std::span<const EmbeddedFile> pack_sources();

}  // namespace lifeboat
