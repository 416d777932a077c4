// The index: what is taken can be written anew and says the same.
#include "snapshot/index.h"

#include "fuzz/fuzz.h"

using namespace lifeboat;

namespace {

// Reads all and writes it down again.
std::string rewritten(Source& source, size_t) {
  IndexReader reader(source);
  MemorySink memory;
  IndexWriter writer(memory, reader.archive_key());
  uint64_t members = 0;
  uint64_t end = 0;
  while (const auto member = reader.next()) {
    fuzz::require(member->offset >= end && member->end > member->offset, "members follow in order");
    end = member->end;
    writer.add(*member);
    ++members;
  }
  fuzz::require(reader.tail().members == members, "the tail counts what was there");
  fuzz::require(end <= reader.tail().raw.bytes, "members lie in the archive");
  writer.finish(reader.tail());
  return std::string(memory.text());
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string first = fuzz::same_for_all_steps(fuzz::text_of(data, size), rewritten);
  if (!fuzz::is_taken(first)) return 0;
  const std::string text = first.substr(first.find(' ') + 1);
  fuzz::Pieces again(text, 64 * 1024);
  fuzz::require(fuzz::outcome([&] { return rewritten(again, 0); }) == first,
                "what is written anew says the same", text);
  return 0;
}
