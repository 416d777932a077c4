// The payload of an age file: chunks that are sealed rightly, but put together in any way. Two
// bytes of the input describe a chunk, since no blind change ever gets a tag right. The stream and
// the random access take the same files, and exactly those that the specification calls valid:
// https://c2sp.org/age#payload
#include <optional>

#include "codec/age/age.h"
#include "codec/age/header.h"
#include "codec/age/stream.h"
#include "codec/age/wrap.h"
#include "fuzz/fuzz.h"

using namespace lifeboat;

namespace {

struct Chunk {
  size_t size;
  age::ChunkKind kind;
  bool is_misplaced;
};

constexpr size_t chunks_max = 6;

Chunk chunk_of(uint8_t shape, uint8_t small) {
  const size_t sizes[] = {age::chunk_bytes,     age::chunk_bytes,  0,           1, small,
                          age::chunk_bytes - 1, size_t{small} * 9, 256u * small};
  return {sizes[shape & 7], (shape & 8) != 0 ? age::ChunkKind::last : age::ChunkKind::inner,
          (shape & 0x70) == 0x70};
}

bool is_valid(const std::vector<Chunk>& chunks) {
  if (chunks.empty()) return false;
  for (size_t at = 0; at < chunks.size(); ++at) {
    const bool is_end = at + 1 == chunks.size();
    if (chunks[at].is_misplaced) return false;
    if ((chunks[at].kind == age::ChunkKind::last) != is_end) return false;
    if (!is_end && chunks[at].size != age::chunk_bytes) return false;
    if (is_end && at > 0 && chunks[at].size == 0) return false;
  }
  return true;
}

struct World {
  fuzz::FixedRandom random;
  age::Identity identity = age::Identity::generate(random);
  Bytes file_key = Bytes(age::file_key_bytes, std::byte{7});
  std::string header = age::print_header(
      {age::wrap_x25519(std::get<age::Recipient::X25519Key>(identity.recipient().key()), file_key,
                        random)},
      file_key);
};

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static World world;
  const Bytes nonce(age::payload_nonce_bytes, std::byte{3});
  std::string file = world.header + std::string(as_text(nonce));
  age::ChunkCipher cipher(Secret(ByteView(world.file_key)), nonce);
  std::vector<Chunk> chunks;
  for (size_t at = 0; at + 1 < size && chunks.size() < chunks_max; at += 2) {
    const Chunk chunk = chunk_of(data[at], data[at + 1]);
    Bytes sealed(chunk.size + age::tag_bytes, static_cast<std::byte>(at));
    cipher.seal(chunks.size() + (chunk.is_misplaced ? 1 : 0), chunk.kind, sealed);
    file += as_text(sealed);
    chunks.push_back(chunk);
  }
  const std::span identities(&world.identity, 1);
  const auto streamed = [&](size_t step) {
    return fuzz::outcome([&] {
      fuzz::Pieces pieces(file, step);
      age::DecryptSource source(pieces, identities);
      return fuzz::drain(source, step);
    });
  };
  const std::string whole = streamed(64 * 1024);
  fuzz::require(fuzz::is_taken(whole) == is_valid(chunks), "exactly valid files are taken", whole);
  fuzz::require(streamed(4096 + size) == whole, "the sizes of the reads change nothing");
  const std::string at_random = fuzz::outcome([&] {
    MemoryAccess stored(to_bytes(file));
    age::DecryptAccess access(stored, identities);
    std::string all(access.size(), '\0');
    const ByteSpan bytes = std::as_writable_bytes(std::span(all));
    access.read_at(bytes.size() / 3, bytes.subspan(bytes.size() / 3));
    access.read_at(0, bytes.first(bytes.size() / 3));
    return all;
  });
  fuzz::require(fuzz::is_taken(at_random) == fuzz::is_taken(whole), "both ways take the same");
  fuzz::require(!fuzz::is_taken(whole) || at_random == whole, "both ways give the same");
  return 0;
}
