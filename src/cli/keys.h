// Keys and passphrases as a command line names them, by age's rules.
#pragma once

#include <string>
#include <vector>

#include "base/secret.h"
#include "cli/context.h"
#include "codec/age/age.h"

namespace lifeboat::cli {

// age's own limits on such files are 16 MiB.
inline constexpr size_t key_file_bytes_max = 16 * 1024 * 1024;

// The private keys of files ("-": stdin), in order. A file that is itself encrypted with a
// passphrase, as `age -p` makes it, is decrypted first.
std::vector<age::Identity> load_identities(const std::vector<std::string>& files,
                                           CommandContext& context);
// The recipients of recipients files ("-": stdin).
std::vector<age::Recipient> load_recipients(const std::vector<std::string>& files,
                                            CommandContext& context);

// What --trust names: public signing keys, files with one a line (# for comments, "-": stdin), or
// the word "any", which asks for none.
Trust load_trust(const std::vector<std::string>& values, CommandContext& context);

// From --passphrase-file, LIFEBOAT_PASSPHRASE or the terminal, in this order. `what` is what it
// opens: "identity file 'key.age'".
Secret existing_passphrase(std::string_view what, CommandContext& context);
// The same; on the terminal it is asked twice, and a strong one is made up for an empty answer.
Secret new_passphrase(CommandContext& context);

// True if the binary age header at the start of a file has a scrypt stanza, which is always alone.
bool is_passphrase_encrypted(std::string_view head);
// Enough of a file for the question above.
inline constexpr size_t passphrase_head_bytes = 64;

}  // namespace lifeboat::cli
