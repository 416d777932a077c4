// The payload, as vectors: chunks that are damaged, missing, empty, out of order or too many.

#include <gtest/gtest.h>

#include "codec/age/age.h"
#include "codec/age/vector_maker.h"

namespace lifeboat::age::test {
namespace {

const Bytes full(chunk_bytes, std::byte{1});
const Bytes other(chunk_bytes, std::byte{2});
const ByteView some = as_bytes("age");

constexpr bool inner = false;
constexpr bool last = true;

TEST(AgePayload, TakesEverySize) {
  check_cases({
      {"empty", [](VectorMaker& f) { f.header().payload(""); }},
      {"one full chunk", [](VectorMaker& f) { f.header().nonce().chunk(full, last); }},
      {"two chunks",
       [](VectorMaker& f) { f.header().nonce().chunk(full, inner).chunk(some, last); }},
      {"two full chunks",
       [](VectorMaker& f) { f.header().nonce().chunk(full, inner).chunk(other, last); }},
      {"three chunks",
       [](VectorMaker& f) {
         f.header().nonce().chunk(full, inner).chunk(other, inner).chunk(some, last);
       }},
      {"more chunks than one byte counts",
       [](VectorMaker& f) {
         f.header().nonce();
         for (int i = 0; i < 255; ++i) f.chunk(full, inner);
         f.chunk(full, last);
       }},
  });
}

TEST(AgePayload, RefusesATruncatedNonceAsPartOfTheHeader) {
  check_cases({
      {"no nonce", [](VectorMaker& f) { f.header().expect("header failure"); }},
      {"half a nonce", [](VectorMaker& f) { f.header().raw("12345678").expect("header failure"); }},
  });
}

TEST(AgePayload, RefusesAPayloadThatIsCutOff) {
  check_cases({
      {"no chunk", [](VectorMaker& f) { f.header().nonce().expect_payload_failure(0); }},
      {"less than a tag",
       [](VectorMaker& f) { f.header().nonce().raw("123456789012").expect_payload_failure(0); }},
      {"no last chunk, short",
       [](VectorMaker& f) { f.header().nonce().chunk(some, inner).expect_payload_failure(0); }},
      {"no last chunk, full",
       [](VectorMaker& f) {
         f.header().nonce().chunk(full, inner).expect_payload_failure(chunk_bytes);
       }},
      {"no last chunk, two",
       [](VectorMaker& f) {
         f.header().nonce().chunk(full, inner).chunk(some, inner);
         f.expect_payload_failure(chunk_bytes);
       }},
      {"no last chunk, two full",
       [](VectorMaker& f) {
         f.header().nonce().chunk(full, inner).chunk(other, inner);
         f.expect_payload_failure(2 * chunk_bytes);
       }},
      {"second chunk shorter than a tag",
       [](VectorMaker& f) {
         f.header().nonce().chunk(full, inner).raw("123456789012");
         f.expect_payload_failure(chunk_bytes);
       }},
      {"short inner chunk before the last",
       [](VectorMaker& f) {
         f.header().nonce().chunk(some, inner).chunk(some, last).expect_payload_failure(0);
       }},
  });
}

TEST(AgePayload, RefusesDamagedChunks) {
  check_cases({
      {"bad tag",
       [](VectorMaker& f) { f.header().payload().flip_last_byte().expect_payload_failure(0); }},
      {"bad tag of the second",
       [](VectorMaker& f) {
         f.header().nonce().chunk(full, inner).chunk(some, last).flip_last_byte();
         f.expect_payload_failure(chunk_bytes);
       }},
      {"bad tag of the second, full",
       [](VectorMaker& f) {
         f.header().nonce().chunk(full, inner).chunk(other, last).flip_last_byte();
         f.expect_payload_failure(chunk_bytes);
       }},
      {"two chunks of number 0",
       [](VectorMaker& f) {
         f.header().nonce().chunk(full, inner);
         const std::string chunk = f.file().substr(f.file().size() - chunk_bytes - tag_bytes);
         f.raw(chunk).expect_payload_failure(chunk_bytes);
       }},
  });
}

TEST(AgePayload, RefusesAnEmptyLastChunk) {
  check_cases({
      {"behind a full one",
       [](VectorMaker& f) {
         f.header().nonce().chunk(full, inner).chunk({}, last).expect_payload_failure(chunk_bytes);
       }},
      {"behind two",
       [](VectorMaker& f) {
         f.header().nonce().chunk(full, inner).chunk(full, inner).chunk({}, last);
         f.expect_payload_failure(2 * chunk_bytes);
       }},
      {"inner one alone",
       [](VectorMaker& f) { f.header().nonce().chunk({}, inner).expect_payload_failure(0); }},
  });
}

// The last chunk itself is good and is given out, as by age, before what follows is told.
TEST(AgePayload, RefusesDataBehindTheLastChunk) {
  check_cases({
      {"short",
       [](VectorMaker& f) {
         f.header().nonce().chunk(full, last).raw("123456789012");
         f.expect_payload_failure(chunk_bytes);
       }},
      {"one byte",
       [](VectorMaker& f) {
         f.header().nonce().chunk(full, last).raw("1").expect_payload_failure(chunk_bytes);
       }},
      {"longer than a tag",
       [](VectorMaker& f) {
         f.header().nonce().chunk(full, last).raw("12345678901234567890");
         f.expect_payload_failure(chunk_bytes);
       }},
      {"a second last chunk",
       [](VectorMaker& f) {
         f.header().nonce().chunk(full, last).chunk(some, last);
         f.expect_payload_failure(chunk_bytes);
       }},
      {"a second last chunk, full",
       [](VectorMaker& f) {
         f.header().nonce().chunk(full, last).chunk(other, last);
         f.expect_payload_failure(chunk_bytes);
       }},
      {"behind a short one",
       [](VectorMaker& f) { f.header().payload().raw("1").expect_payload_failure(0); }},
  });
}

}  // namespace
}  // namespace lifeboat::age::test
