// Every prefix and every flipped bit of a small snapshot's three objects is refused by verify and
// by drill.
#include <gtest/gtest.h>

#include "engine/engine_test_kit.h"
#include "snapshot/catalog.h"

namespace lifeboat::test {
namespace {

class Damage : public ::testing::TestWithParam<std::string> {
 protected:
  Damage() {
    id = kit.backup(kit.request({kit.command("dump", "echo ok")})).id;
    if (GetParam() == "archive") key = id.archive_key();
    if (GetParam() == "index") key = id.index_key();
    if (GetParam() == "manifest") key = id.manifest_key();
    content = kit.object(key);
  }

  // True if `body` refuses the snapshot with an Error that is no bug of ours.
  template <typename Body>
  bool refused(Body&& body) {
    try {
      return !body();
    } catch (const Error& error) {
      EXPECT_TRUE(error.kind() == ErrorKind::verification) << error.what();
      return true;
    }
  }
  void expect_refused(const std::string& damage) {
    EXPECT_TRUE(refused([&] {
      kit.verify(id);
      return true;
    })) << "verify: "
        << damage;
    EXPECT_TRUE(refused([&] { return kit.drill(id).verdict == DrillVerdict::ok; }))
        << "drill: " << damage;
  }

  EngineKit kit;
  SnapshotId id;
  std::string key;
  Bytes content;
};

TEST_P(Damage, EveryPrefixIsRefused) {
  for (size_t length = 0; length < content.size(); ++length) {
    kit.replace(key, ByteView(content).first(length));
    expect_refused(format("{} of {} bytes", length, content.size()));
  }
}

TEST_P(Damage, EveryFlippedBitIsRefused) {
  for (size_t bit = 0; bit < content.size() * 8; ++bit) {
    Bytes flipped = content;
    flipped[bit / 8] ^= std::byte(1 << (bit % 8));
    kit.replace(key, flipped);
    expect_refused(format("bit {} of {} bytes", bit, content.size()));
  }
}

TEST_P(Damage, OneByteMoreIsRefused) {
  Bytes longer = content;
  longer.push_back(std::byte{'\n'});
  kit.replace(key, longer);
  expect_refused("one byte more");
}

TEST_P(Damage, WithoutDamageItIsAccepted) {
  EXPECT_TRUE(kit.verify(id).decrypted);
  EXPECT_EQ(kit.drill(id).verdict, DrillVerdict::ok);
}

TEST_P(Damage, AMissingObjectIsRefused) {
  kit.store().remove(key);
  EXPECT_THROW(kit.verify(id), Error);
  EXPECT_THROW(kit.drill(id), Error);
}

INSTANTIATE_TEST_SUITE_P(Objects, Damage, ::testing::Values("archive", "index", "manifest"),
                         [](const auto& damaged) { return damaged.param; });

}  // namespace
}  // namespace lifeboat::test
