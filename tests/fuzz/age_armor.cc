// ASCII armor: never more bytes than text, and what is taken can be armored again.
#include "codec/age/age.h"
#include "fuzz/fuzz.h"

using namespace lifeboat;

namespace {

std::string dearmored(Source& source, size_t step) {
  age::DearmorSource plain(source);
  return fuzz::drain(plain, step);
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const std::string result = fuzz::same_for_all_steps(text, dearmored);
  if (!fuzz::is_taken(result)) return 0;
  const std::string bytes = result.substr(result.find(' ') + 1);
  fuzz::require(bytes.size() <= text.size(), "armor is larger than what it holds");
  MemorySink memory;
  age::ArmorSink armor(memory);
  armor.write(as_bytes(bytes));
  armor.finish();
  fuzz::Pieces again(memory.text(), 64 * 1024);
  fuzz::require(dearmored(again, 64 * 1024) == bytes, "what is armored comes back");
  return 0;
}
