// The configuration's text as it may be archived: with no secret in it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/section_reader.h"

namespace lifeboat {

// `text`, with each literal secret replaced by a reference such as ${REDACTED_STORE_S3_SECRET_KEY}.
// Where one of them cannot be found exactly (it runs over lines, or has an anchor), the whole is
// printed anew from the tree instead, without comments: exact, if less readable.
std::string print_without_secrets(std::string_view text, const YamlNode& root,
                                  const std::vector<LiteralSecret>& secrets);

}  // namespace lifeboat
