#include "codec/age/testkit.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "base/error.h"
#include "crypto/hash.h"
#include "support/shell.h"

namespace lifeboat::age::test {

namespace {

// The beginnings of our messages, one for each class of failure.
const std::map<std::string, std::string> classes = {
    {"read age armor: ", "armor failure"},        {"read age header: ", "header failure"},
    {"check age header MAC: ", "HMAC failure"},   {"open age file: no identity", "no match"},
    {"decrypt age payload: ", "payload failure"},
};

std::string classify(const Error& error) {
  if (error.kind() != ErrorKind::crypto) return "an error of the wrong kind";
  for (const auto& [prefix, name] : classes) {
    if (error.message().starts_with(prefix)) return name;
  }
  return "an error of no class";
}

// A zlib stream is a gzip stream with another head and checksum. gzip(1) gives out all of it, then
// misses its own checksum; the vector's hash of the payload takes its place.
Bytes inflate(ByteView zlib) {
  constexpr std::string_view gzip_head("\x1f\x8b\x08\0\0\0\0\0\0\3", 10);
  constexpr size_t zlib_head_bytes = 2;
  const lifeboat::test::TempFolder folder;
  const std::string path = (folder / "vector").string();
  lifeboat::test::write_file(
      path + ".gz", std::string(gzip_head) + std::string(as_text(zlib.subspan(zlib_head_bytes))));
  lifeboat::test::shell("gzip -dc < " + path + ".gz > " + path);
  return to_bytes(lifeboat::test::slurp(path));
}

Outcome attempt(const std::function<void(Bytes& released)>& decrypt) {
  Outcome outcome;
  try {
    decrypt(outcome.released);
    outcome.result = "success";
  } catch (const Error& error) {
    outcome.result = classify(error);
    outcome.message = error.what();
  }
  return outcome;
}

void add_key(Vector& vector, std::string_view key, std::string_view value) {
  if (key == "expect") {
    vector.expect = value;
  } else if (key == "payload") {
    vector.payload_sha256 = value;
  } else if (key == "identity") {
    if (value.starts_with("AGE-SECRET-KEY-PQ-")) {
      vector.skip = "it needs a post-quantum identity";
      return;
    }
    vector.identities.push_back(parse_identities(value, "vector").front());
  } else if (key == "passphrase") {
    vector.identities.push_back(Identity::scrypt(Secret(value)));
  } else if (key == "armored") {
    vector.armored = value == "yes";
  } else if (key == "compressed") {
    vector.compressed = value == "zlib";
    if (!vector.compressed) vector.skip = "it is compressed in an unknown way";
  } else if (key != "comment" && key != "file key") {
    vector.skip = "it has an unknown key";
  }
}

}  // namespace

Vector parse_vector(std::string_view text) {
  Vector vector;
  for (;;) {
    const size_t end = text.find('\n');
    ensure(end != std::string_view::npos, "a vector has an empty line behind its keys");
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line.empty()) break;
    const size_t colon = line.find(": ");
    ensure(colon != std::string_view::npos, "a vector's keys are 'key: value' lines");
    add_key(vector, line.substr(0, colon), line.substr(colon + 2));
  }
  vector.file = vector.compressed ? inflate(as_bytes(text)) : to_bytes(text);
  return vector;
}

Outcome decrypt_stream(const Vector& vector) {
  return attempt([&](Bytes& released) {
    MemorySource file(vector.file);
    DearmorSource binary(file);
    DecryptSource plain(binary, vector.identities);
    Bytes block(10'000);
    while (const size_t count = plain.read(block)) {
      released.insert(released.end(), block.begin(),
                      block.begin() + static_cast<std::ptrdiff_t>(count));
    }
  });
}

Outcome decrypt_at_random(const Vector& vector) {
  return attempt([&](Bytes& released) {
    MemoryAccess file(vector.file);
    DecryptAccess plain(file, vector.identities);
    Bytes block;
    for (uint64_t at = 0; at < plain.size(); at += block.size()) {
      block.resize(std::min<uint64_t>(10'000, plain.size() - at));
      plain.read_at(at, block);
      released.insert(released.end(), block.begin(), block.end());
    }
  });
}

void check_vector(const Vector& vector) {
  const Outcome streamed = decrypt_stream(vector);
  EXPECT_EQ(streamed.result, vector.expect) << streamed.message;
  if (!vector.payload_sha256.empty()) {
    EXPECT_EQ(sha256_hex(streamed.released), vector.payload_sha256)
        << streamed.released.size() << " bytes were released";
  } else {
    EXPECT_TRUE(streamed.released.empty()) << "plaintext before " << vector.expect;
  }
  if (vector.armored) return;
  const Outcome seeked = decrypt_at_random(vector);
  EXPECT_EQ(seeked.result, vector.expect) << seeked.message;
  if (vector.expect == "success") {
    EXPECT_EQ(seeked.released, streamed.released);
  }
}

}  // namespace lifeboat::age::test
