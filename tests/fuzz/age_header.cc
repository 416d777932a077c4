// The header of an age file: what is taken is spelled in the one way that printing gives.
#include "codec/age/header.h"

#include "fuzz/fuzz.h"

using namespace lifeboat;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  fuzz::same_for_all_steps(text, [&](Source& source, size_t step) {
    age::Input input(source);
    const age::Header header = age::read_header(input);
    fuzz::require(!header.stanzas.empty(), "a header has a stanza");
    fuzz::require(text.starts_with(header.authenticated), "what is authenticated was read");
    const Bytes key(16);
    const std::string printed = age::print_header(header.stanzas, key);
    fuzz::require(printed.starts_with(header.authenticated), "a header has one spelling", printed);
    const std::string payload = fuzz::drain(input, step);
    fuzz::require(printed.size() + payload.size() == text.size() && text.ends_with(payload),
                  "the payload begins where the header ends");
    return header.authenticated + payload;
  });
  return 0;
}
