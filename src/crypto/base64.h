// Standard base64 with padding (RFC 4648, section 4), of values that may be secret.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/secret.h"

namespace lifeboat {

// Nothing unless `text` is canonical base64 and nothing else.
std::optional<Secret> base64_decode_secret(std::string_view text);
std::string base64_encode_standard(ByteView bytes);

}  // namespace lifeboat
