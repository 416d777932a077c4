// The container that `openssl enc -aes-256-cbc -md md5 -base64 -A -pass pass:PASSPHRASE` writes and
// n8n keeps its credentials in: base64 of "Salted__", 8 bytes of salt, AES-256-CBC with PKCS#7
// padding; key and IV from EVP_BytesToKey with MD5 and one round.
//
// It has no authentication: a wrong passphrase is noticed by the padding only, and 1 in 256 of them
// slips through. Whoever needs to be sure also parses the plaintext.
// Format: https://docs.openssl.org/3.0/man3/EVP_BytesToKey/
#pragma once

#include <string>
#include <string_view>

#include "base/random.h"
#include "base/secret.h"

namespace lifeboat {

// The plaintext. Strict: canonical base64 with padding and nothing else. Throws Error(crypto),
// without a word of the content, if it is malformed or the padding does not come out.
Secret openssl_salted_decrypt(std::string_view base64, std::string_view passphrase);
std::string openssl_salted_encrypt(ByteView plaintext, std::string_view passphrase, Random& random);

}  // namespace lifeboat
