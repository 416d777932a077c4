#include "snapshot/trust.h"

#include <gmock/gmock.h>

#include "snapshot/catalog.h"
#include "store/memory_store.h"
#include "support/doubles.h"

namespace lifeboat::test {
namespace {

using testing::HasSubstr;

class TrustTest : public testing::Test {
 protected:
  Manifest signed_by(const Ed25519PrivateKey& signer) {
    Manifest manifest;
    sign_manifest(manifest, signer);
    return manifest;
  }
  static std::string refusal(const Manifest& manifest, const Trust& trust) {
    return error_text([&] { check_trust(manifest, trust, "h1/2026-05-07/manifest.json"); });
  }

  SeededRandom random_;
  Ed25519PrivateKey ours_ = Ed25519PrivateKey::generate(random_);
  Ed25519PrivateKey second_ = Ed25519PrivateKey::generate(random_);
  Ed25519PrivateKey foreign_ = Ed25519PrivateKey::generate(random_);
  Trust trust_{{ours_.public_key(), second_.public_key()}};
};

TEST_F(TrustTest, WithoutKeysEverythingIsBelieved) {
  EXPECT_NO_THROW(check_trust(Manifest(), {}, "key"));
  EXPECT_NO_THROW(check_trust(signed_by(foreign_), {}, "key"));
}

TEST_F(TrustTest, WithKeysOnlyWhatOneOfThemSigned) {
  EXPECT_EQ(distrust(signed_by(ours_), trust_), "");
  EXPECT_NO_THROW(check_trust(signed_by(second_), trust_, "key"));
  EXPECT_EQ(distrust(Manifest(), trust_), "it is not signed");
  EXPECT_THAT(refusal(Manifest(), trust_),
              HasSubstr("believe manifest 'h1/2026-05-07/manifest.json': it is not signed"));
  EXPECT_THAT(refusal(Manifest(), trust_), HasSubstr("signing.key_file"));
  const std::string foreign = foreign_.public_key().text();
  EXPECT_THAT(refusal(signed_by(foreign_), trust_), HasSubstr("it is signed by " + foreign));
  EXPECT_THAT(refusal(signed_by(foreign_), trust_), HasSubstr("or give --trust " + foreign + "."));
}

TEST_F(TrustTest, LoadingAManifestAsksForIt) {
  const SnapshotId id = *parse_snapshot_name("h1", "2026-05-07");
  Manifest manifest;
  manifest.host = "h1";
  manifest.archive_key = id.archive_key();
  manifest.index_key = id.index_key();
  for (StreamSummary* stream : {&manifest.archive, &manifest.raw, &manifest.index}) {
    stream->sha256 = std::string(64, '0');
  }
  MemoryStore store;
  const auto put = [&] {
    store.remove(id.manifest_key());
    const auto sink = store.create(id.manifest_key());
    sink->write(as_bytes(print_manifest(manifest)));
    sink->finish();
    EXPECT_EQ(load_manifest(store, id, {}), manifest);
  };
  const auto refusal_of_load = [&] {
    return error_text([&] { load_manifest(store, id, trust_); });
  };
  put();
  EXPECT_THAT(refusal_of_load(), HasSubstr("it is not signed"));
  sign_manifest(manifest, foreign_);
  put();
  EXPECT_THAT(refusal_of_load(), HasSubstr(foreign_.public_key().text()));
  sign_manifest(manifest, second_);
  put();
  EXPECT_EQ(load_manifest(store, id, trust_), manifest);
}

}  // namespace
}  // namespace lifeboat::test
