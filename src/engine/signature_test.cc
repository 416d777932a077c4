// What a thief can do who may write to the store and knows the public keys, and who refuses it.
#include <gmock/gmock.h>

#include <algorithm>

#include "engine/engine_test_kit.h"
#include "snapshot/catalog.h"

namespace lifeboat::test {
namespace {

using testing::HasSubstr;

class Signature : public testing::Test {
 protected:
  Signature() { trust_new_key(); }

  void trust_new_key() {
    kit_.signing_key = Ed25519PrivateKey::generate(kit_.random);
    kit_.trust = {{kit_.signing_key->public_key()}};
  }
  // Every flow that reads a snapshot refuses `id` as not to be believed, and leaves nothing.
  void expect_refused(const SnapshotId& id, std::string_view why) {
    const auto refused = [&](const char* flow, const std::function<void()>& read) {
      try {
        read();
        ADD_FAILURE() << flow << " believed " << id.text();
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::verification) << flow;
        EXPECT_THAT(error.what(), HasSubstr(std::string(why))) << flow;
        EXPECT_FALSE(error.hints().empty()) << flow;
      }
    };
    refused("verify", [&] { kit_.verify(id); });
    refused("verify without a key", [&] {
      Environment world = kit_.environment();
      verify_snapshot(id, {}, world);
    });
    refused("restore", [&] { kit_.restore(id, "out"); });
    refused("restore of a part", [&] { kit_.restore(id, "out", {"files"}); });
    refused("drill", [&] { kit_.drill(id); });
    refused("cat", [&] { kit_.cat(id, "files/notes/a.txt"); });
    refused("ls", [&] {
      Environment world = kit_.environment();
      list_members(id, kit_.identities, world, [](const IndexMember&) {});
    });
    refused("sabotage", [&] {
      Environment world = kit_.environment();
      run_sabotage(kit_.drill_request(id), world);
    });
    EXPECT_FALSE(std::filesystem::exists(kit_.folder / "out"));
    EXPECT_TRUE(std::filesystem::is_empty(kit_.folder / "scratch"));
  }
  void expect_good(const SnapshotId& id) {
    EXPECT_TRUE(kit_.verify(id).decrypted);
    EXPECT_EQ(kit_.drill(id).verdict, DrillVerdict::ok);
    EXPECT_EQ(kit_.cat(id, "files/notes/a.txt"), "first\n");
  }
  Manifest manifest_of(const SnapshotId& id) { return load_manifest(kit_.store(), id, {}); }
  void put_manifest(const SnapshotId& id, const Manifest& manifest) {
    kit_.replace(id.manifest_key(), as_bytes(print_manifest(manifest)));
  }
  static std::array<std::string, 3> keys_of(const SnapshotId& id) {
    return {id.archive_key(), id.index_key(), id.manifest_key()};
  }

  EngineKit kit_;
};

TEST_F(Signature, OfTheHostIsAccepted) {
  const BackupResult made = kit_.backup();
  ASSERT_TRUE(made.manifest.signature.has_value());
  EXPECT_EQ(made.manifest.signature->key, kit_.signing_key->public_key());
  expect_good(made.id);
}

TEST_F(Signature, APlantedSnapshotIsRefused) {
  const Trust trust = kit_.trust;
  kit_.signing_key.reset();
  const SnapshotId unsigned_one = kit_.backup().id;
  trust_new_key();  // the thief's
  const SnapshotId foreign = kit_.backup().id;
  const std::string thief = kit_.signing_key->public_key().text();
  expect_good(foreign);
  kit_.trust = trust;
  expect_refused(unsigned_one, "it is not signed");
  expect_refused(foreign, "it is signed by " + thief);
  kit_.trust = {};
  expect_good(unsigned_one);
}

TEST_F(Signature, AnEditedManifestIsRefusedEvenWithoutTrustedKeys) {
  const SnapshotId id = kit_.backup().id;
  Manifest edited = manifest_of(id);
  edited.services.pop_back();
  put_manifest(id, edited);
  expect_refused(id, "it is not what");
  kit_.trust = {};
  expect_refused(id, "it is not what");
}

TEST_F(Signature, AnotherDayOrHostCannotBeReplayed) {
  const SnapshotId first = kit_.backup().id;
  kit_.clock.advance(std::chrono::hours(24));
  const SnapshotId second = kit_.backup().id;
  const SnapshotId other_host{.host = "vps-h2", .date = first.date, .suffix = ""};
  for (const SnapshotId& target : {second, other_host}) {
    for (size_t at = 0; at < 3; ++at) {
      kit_.replace(keys_of(target)[at], kit_.object(keys_of(first)[at]));
    }
    expect_refused(target, "it is that of 'vps-h1/2026-05-07/");
  }
  expect_good(first);
}

TEST_F(Signature, ArchiveAndIndexHangOnTheManifest) {
  const SnapshotId first = kit_.backup().id;
  kit_.clock.advance(std::chrono::hours(24));
  write_file(kit_.folder / "files/notes/a.txt", "second\n");
  const SnapshotId second = kit_.backup().id;
  const Bytes archive = kit_.object(first.archive_key());
  const Bytes index = kit_.object(first.index_key());
  const auto refused = [&](const char* what) {
    EXPECT_THROW(kit_.verify(first), Error) << what;
    EXPECT_THROW(kit_.drill(first), Error) << what;
    EXPECT_THROW(kit_.restore(first, "out"), Error) << what;
    EXPECT_THROW(kit_.cat(first, "files/notes/a.txt"), Error) << what;
  };
  kit_.replace(first.archive_key(), kit_.object(second.archive_key()));
  refused("the archive of another day");
  kit_.replace(first.index_key(), kit_.object(second.index_key()));
  refused("archive and index of another day");
  kit_.replace(first.archive_key(), archive);
  refused("the index of another day");
  kit_.replace(first.index_key(), index);
  expect_good(first);
}

TEST_F(Signature, SabotagePlantsManifestsAndCatchesThem) {
  const BackupResult made = kit_.backup();
  const Bytes before = kit_.object(made.id.manifest_key());
  const auto caught_by = [&](const std::string& name) -> std::string {
    Environment world = kit_.environment();
    for (const auto& outcome : run_sabotage(kit_.drill_request(made.id), world)) {
      EXPECT_TRUE(outcome.caught) << outcome.name;
      if (outcome.name == name) return outcome.caught_by;
    }
    return "";
  };
  EXPECT_THAT(caught_by("unsigned manifest"), HasSubstr("it is not signed"));
  EXPECT_THAT(caught_by("foreign signature"), HasSubstr("which is not trusted here"));
  EXPECT_EQ(kit_.object(made.id.manifest_key()), before);
  kit_.trust = {};
  EXPECT_EQ(caught_by("unsigned manifest"), "");
}

}  // namespace
}  // namespace lifeboat::test
