// Files of recipients and identities: what is taken prints as it was, and no error shows a key.
#include "base/text.h"
#include "codec/age/age.h"
#include "fuzz/fuzz.h"

using namespace lifeboat;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const std::string recipients = fuzz::outcome([&] {
    std::string printed;
    for (const age::Recipient& recipient : age::parse_recipients(text, "r")) {
      printed += recipient.text() + "\n";
    }
    return printed;
  });
  if (fuzz::is_taken(recipients)) {
    for (const std::string& line : split(recipients.substr(recipients.find(' ') + 1), '\n')) {
      fuzz::require(text.find(line) != text.npos, "a recipient prints as it was read", line);
    }
  }
  const std::string identities = fuzz::outcome([&] {
    std::string printed;
    for (const age::Identity& identity : age::parse_identities(text, "i")) {
      printed += std::string(identity.text().reveal()) + "\n";
      (void)identity.recipient().text();
    }
    return printed;
  });
  if (fuzz::is_taken(identities)) {
    for (const std::string& line : split(identities.substr(identities.find(' ') + 1), '\n')) {
      fuzz::require(text.find(line) != text.npos, "an identity prints as it was read");
    }
    return 0;
  }
  constexpr size_t shown_max = 24;  // of bytes that stand in a row in the file
  for (size_t at = 0; at + shown_max <= text.size(); ++at) {
    const std::string_view part = text.substr(at, shown_max);
    if (!part.starts_with("AGE-SECRET-KEY-1") || part.find('\n') != part.npos) continue;
    fuzz::require(identities.find(part) == identities.npos, "no error shows a key");
    fuzz::require(recipients.find(part) == recipients.npos, "no error shows a key");
  }
  return 0;
}
