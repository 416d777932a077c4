// Encryption. All that can fail but writing, and all randomness, is in the constructor.

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/format.h"
#include "codec/age/age.h"
#include "codec/age/header.h"
#include "codec/age/stream.h"
#include "codec/age/wrap.h"

namespace lifeboat::age {

namespace {

void check_recipients(std::span<const Recipient> recipients) {
  const auto refuse = [](std::string_view why) {
    return Error(ErrorKind::config, format("encrypt: {}", why));
  };
  if (recipients.empty()) throw refuse("no recipient is given");
  if (recipients.size() > recipients_max) {
    throw refuse(format("{} recipients are more than {}", recipients.size(), recipients_max));
  }
  if (recipients.size() > 1 && std::ranges::any_of(recipients, &Recipient::is_scrypt)) {
    throw refuse("a passphrase must be the only recipient");
  }
}

Stanza wrap(const Recipient& recipient, const Secret& file_key, Random& random) {
  if (const auto* key = std::get_if<Recipient::X25519Key>(&recipient.key())) {
    return wrap_x25519(*key, file_key.view(), random);
  }
  return wrap_scrypt(std::get<Recipient::ScryptKey>(recipient.key()), file_key.view(), random);
}

}  // namespace

// The file key lives in the constructor only: behind it, `cipher` is all that is needed.
struct EncryptSink::State {
  Sink& next;
  Bytes begin;  // header and payload nonce, until written
  ChunkCipher cipher;
  Bytes chunk = Bytes(sealed_chunk_bytes);
  size_t filled = 0;
  uint64_t number = 0;

  void write_begin() {
    next.write(begin);
    begin.clear();
  }
  void write_chunk(ChunkKind kind) {
    const ByteSpan sealed = ByteSpan(chunk).first(filled + tag_bytes);
    cipher.seal(number++, kind, sealed);
    next.write(sealed);
    filled = 0;
  }
};

EncryptSink::EncryptSink(Sink& next, std::span<const Recipient> recipients, Random& random) {
  check_recipients(recipients);
  Secret file_key(file_key_bytes);
  random.fill(file_key.span());
  std::vector<Stanza> stanzas;
  for (const Recipient& recipient : recipients)
    stanzas.push_back(wrap(recipient, file_key, random));
  Bytes begin = to_bytes(print_header(stanzas, file_key.view()));
  begin.resize(begin.size() + payload_nonce_bytes);
  const ByteSpan nonce = ByteSpan(begin).last(payload_nonce_bytes);
  random.fill(nonce);
  ChunkCipher cipher(file_key, nonce);
  state_.reset(new State{next, std::move(begin), std::move(cipher)});
}

EncryptSink::~EncryptSink() = default;

void EncryptSink::do_write(ByteView data) {
  State& state = *state_;
  state.write_begin();
  while (!data.empty()) {
    // A full chunk waits for the next byte: it may be the last one, which is sealed differently.
    if (state.filled == chunk_bytes) state.write_chunk(ChunkKind::inner);
    const size_t count = std::min(chunk_bytes - state.filled, data.size());
    std::memcpy(state.chunk.data() + state.filled, data.data(), count);
    state.filled += count;
    data = data.subspan(count);
  }
}

void EncryptSink::do_finish() {
  state_->write_begin();
  state_->write_chunk(ChunkKind::last);
}

}  // namespace lifeboat::age
