// Encrypting and decrypting, streamed and at random, with everything that can stop it midway.

#include "codec/age/age.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "codec/age/stream.h"
#include "io/tap.h"
#include "support/doubles.h"

namespace lifeboat::age {
namespace {

using lifeboat::test::drain;
using lifeboat::test::error_text;
using lifeboat::test::FailingSink;
using lifeboat::test::SeededRandom;
using lifeboat::test::SteppedSource;

constexpr size_t sizes[] = {0, 1, 2, 65535, 65536, 65537, 131071, 131072, 131073, 5 * 65536 + 17};

struct Keys {
  explicit Keys(uint64_t seed = 7) {
    SeededRandom random(seed);
    identities.push_back(Identity::generate(random));
    recipients.push_back(identities.front().recipient());
  }
  std::vector<Identity> identities;
  std::vector<Recipient> recipients;
};

Bytes encrypt(ByteView data, std::span<const Recipient> recipients, size_t step = 10'000) {
  SeededRandom random;
  MemorySink memory;
  EncryptSink sink(memory, recipients, random);
  for (size_t at = 0; at < data.size(); at += step) {
    sink.write(data.subspan(at, std::min(step, data.size() - at)));
  }
  sink.finish();
  return memory.take();
}

Bytes decrypt(const Bytes& file, std::span<const Identity> identities) {
  MemorySource source(file);
  DecryptSource plain(source, identities);
  return drain(plain);
}

// The text of the error with which decryption of a whole file must end.
std::string failure(const Bytes& file, std::span<const Identity> identities) {
  return error_text([&] { decrypt(file, identities); });
}

TEST(Age, ReturnsEverySizeUnchangedInAnySteps) {
  const Keys keys;
  for (const size_t size : sizes) {
    const Bytes data = SeededRandom(size).bytes(size);
    const Bytes file = encrypt(data, keys.recipients);
    for (const size_t step : {1000, 65535, 65536, 65537, 400'000}) {
      EXPECT_EQ(encrypt(data, keys.recipients, step), file) << size << " written by " << step;
    }
    for (const size_t step : {0, 100, 65536, 65552}) {
      SteppedSource source(file, step);
      DecryptSource plain(source, keys.identities);
      EXPECT_EQ(drain(plain, step), data) << size << " read by " << step;
    }
  }
  const Bytes data = SeededRandom(1).bytes(70'000);
  const Bytes file = encrypt(data, keys.recipients, 1);
  SteppedSource source(file, 1);
  DecryptSource plain(source, keys.identities);
  EXPECT_EQ(drain(plain, 1), data) << "byte by byte";
}

TEST(Age, AddsAHeaderANonceAndATagForEachChunk) {
  const Keys keys;
  const size_t header = encrypt({}, keys.recipients).size() - payload_nonce_bytes - tag_bytes;
  for (const size_t size : sizes) {
    const size_t chunks = size == 0 ? 1 : (size + chunk_bytes - 1) / chunk_bytes;
    EXPECT_EQ(encrypt(Bytes(size), keys.recipients).size(),
              header + payload_nonce_bytes + size + chunks * tag_bytes);
  }
}

TEST(Age, LetsEachRecipientDecryptAlone) {
  std::vector<Keys> all;
  std::vector<Recipient> recipients;
  for (uint64_t seed = 0; seed < 5; ++seed) {
    all.emplace_back(seed + 100);
    recipients.push_back(all.back().recipients.front());
  }
  const Bytes data = SeededRandom().bytes(1000);
  const Bytes file = encrypt(data, recipients);
  for (const Keys& keys : all) EXPECT_EQ(decrypt(file, keys.identities), data);
  const std::vector<Identity> two = {Keys(1).identities.front(), all[3].identities.front()};
  EXPECT_EQ(decrypt(file, two), data) << "the second identity matches";
  EXPECT_NE(failure(file, Keys(1).identities).find("no identity matches"), std::string::npos);
}

TEST(Age, TakesAPassphrase) {
  const std::vector<Recipient> recipients = {Recipient::scrypt(Secret("pass word"), 5)};
  const std::vector<Identity> right = {Identity::scrypt(Secret("pass word"))};
  const std::vector<Identity> wrong = {Identity::scrypt(Secret("pass-word"))};
  const Bytes data = SeededRandom().bytes(1000);
  const Bytes file = encrypt(data, recipients);
  EXPECT_EQ(decrypt(file, right), data);
  EXPECT_NE(failure(file, wrong).find("hint: The passphrase is not"), std::string::npos);
}

TEST(Age, HintsAtWhatWouldOpenTheFile) {
  const Keys keys;
  const std::vector<Identity> passphrase = {Identity::scrypt(Secret("p"))};
  const std::vector<Recipient> scrypt = {Recipient::scrypt(Secret("p"), 1)};
  const std::string to_key = failure(encrypt({}, keys.recipients), passphrase);
  EXPECT_NE(to_key.find("any of its recipients (X25519)"), std::string::npos) << to_key;
  EXPECT_NE(to_key.find("hint: The file is encrypted to keys"), std::string::npos) << to_key;
  const std::string to_passphrase = failure(encrypt({}, scrypt), keys.identities);
  EXPECT_NE(to_passphrase.find("(scrypt)"), std::string::npos) << to_passphrase;
  EXPECT_NE(to_passphrase.find("hint: The file is encrypted with a passphrase"), std::string::npos);
  const Bytes foreign =
      to_bytes("age-encryption.org/v1\n-> mlkem768x25519 x\n\n-> ssh-rsa x\n\n--- " +
               std::string(43, 'A') + "\n");
  const std::string other = failure(foreign, keys.identities);
  EXPECT_NE(other.find("(mlkem768x25519, ssh-rsa)"), std::string::npos) << other;
  EXPECT_NE(other.find("age -d"), std::string::npos) << other;
}

TEST(Age, WantsOneKindOfRecipients) {
  const Keys keys;
  const auto fails = [](const std::vector<Recipient>& recipients, const char* why) {
    SeededRandom random;
    NullSink sink;
    const std::string text = error_text([&] { EncryptSink(sink, recipients, random); });
    EXPECT_NE(text.find(why), std::string::npos) << text;
  };
  const Recipient scrypt = Recipient::scrypt(Secret("p"), 1);
  fails({}, "no recipient is given");
  fails({keys.recipients.front(), scrypt}, "a passphrase must be the only recipient");
  fails({scrypt, scrypt}, "a passphrase must be the only recipient");
  fails(std::vector<Recipient>(recipients_max + 1, keys.recipients.front()), "more than 1000");
}

TEST(Age, ReadsFilesWithTheMostRecipients) {
  const Keys keys;
  const std::vector<Recipient> many(recipients_max, keys.recipients.front());
  EXPECT_EQ(decrypt(encrypt(as_bytes("x"), many), keys.identities), to_bytes("x"));
}

TEST(Age, UsesNewRandomnessForEachFile) {
  const Keys keys;
  SeededRandom random;
  const auto file = [&] {
    MemorySink memory;
    EncryptSink sink(memory, keys.recipients, random);
    sink.finish();
    return memory.take();
  };
  EXPECT_NE(file(), file());
}

TEST(Age, FailsWithItsSinkAndStaysFailed) {
  const Keys keys;
  const Bytes data(3 * chunk_bytes);
  const auto attempt = [&](FailingSink& failing) {
    SeededRandom random;
    EncryptSink sink(failing, keys.recipients, random);
    try {
      sink.write(data);
      sink.finish();
    } catch (const Error&) {
      const size_t writes = failing.writes();
      EXPECT_THROW(sink.write(data), Error);
      EXPECT_THROW(sink.finish(), Error);
      EXPECT_EQ(failing.writes(), writes) << "nothing is written behind a failure";
      throw;
    }
  };
  size_t fail_at = 1;
  for (;; ++fail_at) {
    FailingSink failing(fail_at);
    try {
      attempt(failing);
      break;
    } catch (const Error&) {
    }
  }
  EXPECT_EQ(fail_at, 5u) << "the beginning and three chunks";
}

TEST(Age, LeavesNothingThatDecryptsWhenItIsNotFinished) {
  const Keys keys;
  SeededRandom random;
  MemorySink memory;
  { EncryptSink(memory, keys.recipients, random).write(Bytes(3 * chunk_bytes)); }
  EXPECT_NE(failure(memory.take(), keys.identities).find("cut off"), std::string::npos);
}

TEST(Age, PassesOnAFailureOfItsSource) {
  const Keys keys;
  const Bytes file = encrypt(Bytes(100'000), keys.recipients);
  for (const size_t at : {0, 50, 190, 1000, 70'000, 100'000}) {
    SteppedSource source(file, 4096);
    source.fail_at(at);
    DecryptSource plain(source, keys.identities);
    for (int i = 0; i < 2; ++i) {
      const std::string text = error_text([&] { drain(plain); });
      EXPECT_NE(text.find("made to fail"), std::string::npos) << text;
    }
  }
}

// Every prefix and every flipped bit of a file of two chunks: an error, and only true plaintext.
TEST(Age, RefusesEveryPrefixAndEveryFlippedBit) {
  const Keys keys;
  const Bytes data = SeededRandom().bytes(chunk_bytes + 3);
  const Bytes file = encrypt(data, keys.recipients);
  const auto check = [&](const Bytes& damaged, const std::string& what) {
    MemorySource source(damaged);
    DecryptSource plain(source, keys.identities);
    Bytes released;
    EXPECT_THROW(
        {
          Bytes block(chunk_bytes);
          while (const size_t count = plain.read(block)) {
            released.insert(released.end(), block.begin(),
                            block.begin() + static_cast<ptrdiff_t>(count));
          }
        },
        Error)
        << what;
    EXPECT_TRUE(released.empty() || released.size() == chunk_bytes) << what;
    EXPECT_TRUE(std::equal(released.begin(), released.end(), data.begin())) << what;
    MemoryAccess access(damaged);
    EXPECT_THROW(
        {
          DecryptAccess at_random(access, keys.identities);
          Bytes all(at_random.size());
          at_random.read_at(0, all);
        },
        Error)
        << what;
  };
  // The middle of the first chunk is one like the other: its ends and samples are enough.
  const auto is_sampled = [&](size_t at) {
    return at < 400 || at + 100 > file.size() || at % 4001 == 0;
  };
  for (size_t at = 0; at < file.size(); ++at) {
    if (!is_sampled(at)) continue;
    const std::string where = std::to_string(at);
    check(Bytes(file.begin(), file.begin() + static_cast<ptrdiff_t>(at)), "prefix of " + where);
    for (int bit = 0; bit < 8; ++bit) {
      Bytes damaged = file;
      damaged[at] ^= std::byte{1} << bit;
      check(damaged, "bit " + std::to_string(bit) + " of byte " + where);
    }
  }
}

// Counts what is asked for.
class CountingAccess final : public RandomAccess {
 public:
  explicit CountingAccess(Bytes file) : inner_(std::move(file)) {}
  uint64_t size() const override { return inner_.size(); }
  void read_at(uint64_t offset, ByteSpan target) override {
    ++reads;
    bytes += target.size();
    inner_.read_at(offset, target);
  }
  size_t reads = 0;
  uint64_t bytes = 0;

 private:
  MemoryAccess inner_;
};

TEST(AgeAccess, ReadsTheSameAsTheStream) {
  const Keys keys;
  for (const size_t size : sizes) {
    const Bytes data = SeededRandom(size).bytes(size);
    MemoryAccess file(encrypt(data, keys.recipients));
    DecryptAccess plain(file, keys.identities);
    ASSERT_EQ(plain.size(), size);
    const auto check = [&](uint64_t from, uint64_t to) {
      from = std::min<uint64_t>(from, size);
      to = std::clamp<uint64_t>(to, from, size);
      Bytes part(to - from);
      plain.read_at(from, part);
      EXPECT_TRUE(std::equal(part.begin(), part.end(), data.begin() + static_cast<ptrdiff_t>(from)))
          << from << ".." << to << " of " << size;
    };
    check(0, size);
    for (uint64_t border = 0; border <= size + chunk_bytes; border += chunk_bytes) {
      for (const uint64_t from : {border - 1, border, border + 1}) {
        check(from, from + 1);
        check(from, from + 2);
        check(from, from + chunk_bytes);
        check(from, from + chunk_bytes + 2);
      }
    }
    SeededRandom random(size);
    for (int i = 0; i < 50; ++i) check(random.below(size + 1), random.below(size + 1));
  }
}

TEST(AgeAccess, RefusesToReadBeyondTheEnd) {
  const Keys keys;
  MemoryAccess file(encrypt(Bytes(100), keys.recipients));
  DecryptAccess plain(file, keys.identities);
  Bytes one(1);
  EXPECT_THROW(plain.read_at(100, one), Error);
  EXPECT_THROW(plain.read_at(UINT64_MAX, one), Error);
  Bytes more(101);
  EXPECT_THROW(plain.read_at(0, more), Error);
  EXPECT_NO_THROW(plain.read_at(100, {}));
}

TEST(AgeAccess, AsksOnlyForWhatItNeeds) {
  const Keys keys;
  CountingAccess file(encrypt(Bytes(100 * chunk_bytes), keys.recipients));
  DecryptAccess plain(file, keys.identities);
  EXPECT_LE(file.reads, 2u) << "the header and the last chunk";
  EXPECT_LE(file.bytes, 4096 + sealed_chunk_bytes);
  file.reads = 0;
  file.bytes = 0;
  Bytes part(10);
  for (uint64_t at = 0; at < chunk_bytes; at += 4096) plain.read_at(10 * chunk_bytes + at, part);
  EXPECT_EQ(file.reads, 1u) << "one chunk is fetched once";
  EXPECT_EQ(file.bytes, sealed_chunk_bytes);
  Bytes large(10 * chunk_bytes);
  plain.read_at(20 * chunk_bytes, large);
  EXPECT_EQ(file.reads, 2u) << "neighbours are fetched together";
  EXPECT_EQ(file.bytes, 11 * sealed_chunk_bytes);
}

TEST(AgeAccess, SeesADamagedChunkOnlyWhereItIsRead) {
  const Keys keys;
  const Bytes data = SeededRandom().bytes(4 * chunk_bytes);
  Bytes file = encrypt(data, keys.recipients);
  file[file.size() - 2 * sealed_chunk_bytes - 1] ^= std::byte{1};  // the end of chunk 1
  MemoryAccess access(file);
  DecryptAccess plain(access, keys.identities);
  Bytes part(100);
  plain.read_at(0, part);
  const std::string text = error_text([&] { plain.read_at(chunk_bytes, part); });
  EXPECT_NE(text.find("chunk 1 is damaged"), std::string::npos) << text;
  plain.read_at(0, part);
  EXPECT_TRUE(std::equal(part.begin(), part.end(), data.begin())) << "a failure leaves no trace";
  plain.read_at(2 * chunk_bytes, part);
  EXPECT_TRUE(std::equal(part.begin(), part.end(), data.begin() + 2 * chunk_bytes));
}

}  // namespace
}  // namespace lifeboat::age
