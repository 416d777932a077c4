// Bech32, the text form of age keys: https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki
// without its limit of 90 characters, as https://c2sp.org/age says.
#pragma once

#include <string>
#include <string_view>

#include "base/secret.h"

namespace lifeboat::age {

// Holds either `fault`, or the other two. The data may be a private key, so it is a Secret.
struct Bech32 {
  std::string_view fault;  // empty when the text is good; never contains any of it
  std::string prefix;      // lower case
  Secret data;
};
Bech32 bech32_decode(std::string_view text);

// Lower case; `prefix` must be, too.
Secret bech32_encode(std::string_view prefix, ByteView data);

}  // namespace lifeboat::age
