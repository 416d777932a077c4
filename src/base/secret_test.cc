#include "base/secret.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/random.h"
#include "base/stop.h"

#include <poll.h>

namespace lifeboat {
namespace {

TEST(Secret, HoldsClonesAndMoves) {
  Secret secret("hunter2");
  EXPECT_EQ(secret.reveal(), "hunter2");
  const Secret clone = secret.clone();
  Secret moved = std::move(secret);
  EXPECT_TRUE(secret.empty());
  EXPECT_EQ(moved.reveal(), "hunter2");
  moved.span()[0] = std::byte{'H'};
  EXPECT_EQ(moved.reveal(), "Hunter2");
  EXPECT_EQ(clone.reveal(), "hunter2");
  moved = Secret("other");
  EXPECT_EQ(moved.reveal(), "other");
}

TEST(Secret, TruncatesAndWipes) {
  Secret secret("hunter2");
  const std::byte* behind = secret.view().data() + 3;
  secret.truncate(3);
  EXPECT_EQ(secret.reveal(), "hun");
  EXPECT_EQ(*behind, std::byte{0});
  EXPECT_THROW(secret.truncate(4), Bug);
  Bytes memory = to_bytes("text");
  wipe(memory);
  EXPECT_EQ(memory, Bytes(4));
}

TEST(Secret, MayBeEmptyOrLarge) {
  EXPECT_TRUE(Secret().empty());
  EXPECT_TRUE(Secret(std::string_view()).empty());
  EXPECT_EQ(Secret(size_t{100000}).size(), 100000u);
}

TEST(Random, FillsWithOtherBytesEachTime) {
  SystemRandom random;
  EXPECT_EQ(random_hex(random, 8).size(), 16u);
  EXPECT_NE(random_hex(random, 16), random_hex(random, 16));
  Bytes large(1 << 20);
  random.fill(large);
  EXPECT_NE(Bytes(large.end() - 32, large.end()), Bytes(32)) << "filled to its end";
}

TEST(Stop, IsSeenByAllTokens) {
  StopSource source;
  const StopToken token = source.token();
  pollfd waiting{token.fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&waiting, 1, 0), 0);
  token.throw_if_stopped();
  source.request_stop();
  source.request_stop();
  EXPECT_TRUE(token.stop_requested());
  EXPECT_EQ(::poll(&waiting, 1, 0), 1);
  EXPECT_THROW(token.throw_if_stopped(), Interrupted);
  StopToken never;
  EXPECT_FALSE(never.stop_requested());
  EXPECT_EQ(never.fd(), -1);
}

}  // namespace
}  // namespace lifeboat
