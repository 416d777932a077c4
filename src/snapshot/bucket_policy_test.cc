#include "snapshot/bucket_policy.h"

#include <gmock/gmock.h>

#include <map>

#include "base/json.h"

namespace lifeboat {
namespace {

using testing::ElementsAre;
using Texts = std::vector<std::string>;

// All actions that `effect` names, with the resources of each.
std::map<std::string, Texts> actions(KeyRole role, const Texts& hosts, std::string_view effect) {
  std::map<std::string, Texts> found;
  const Json policy = parse_json(print_bucket_policy(role, "backups", hosts), "policy");
  EXPECT_EQ(policy["Version"], "2012-10-17");
  for (const Json& one : policy["Statement"]) {
    if (one["Effect"] != effect) continue;
    for (const Json& action : one["Action"]) {
      found[action.get<std::string>()] = one["Resource"].get<Texts>();
    }
  }
  return found;
}

TEST(BucketPolicy, TheWriterAddsToItsOwnHostAndDeletesNothing) {
  const auto allowed = actions(KeyRole::writer, {"vps-h1", "vps-i1"}, "Allow");
  EXPECT_THAT(allowed.at("s3:PutObject"),
              ElementsAre("arn:aws:s3:::backups/vps-h1/*", "arn:aws:s3:::backups/vps-i1/*"));
  EXPECT_THAT(allowed.at("s3:ListBucket"), ElementsAre("arn:aws:s3:::backups"));
  const auto denied = actions(KeyRole::writer, {"vps-h1"}, "Deny");
  for (const char* action :
       {"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutLifecycleConfiguration",
        "s3:DeleteBucket", "s3:BypassGovernanceRetention"}) {
    EXPECT_FALSE(allowed.contains(action)) << action;
    EXPECT_TRUE(denied.contains(action)) << action;
  }
}

TEST(BucketPolicy, TheDrillReaderWritesEvidenceOnly) {
  const auto allowed = actions(KeyRole::drill, {"vps-h1"}, "Allow");
  EXPECT_THAT(allowed.at("s3:GetObject"), ElementsAre("arn:aws:s3:::backups/vps-h1/*"));
  EXPECT_THAT(allowed.at("s3:PutObject"), ElementsAre("arn:aws:s3:::backups/vps-h1/drills/*"));
  EXPECT_EQ(allowed.size(), 3u);
  EXPECT_THAT(actions(KeyRole::drill, {}, "Allow").at("s3:PutObject"),
              ElementsAre("arn:aws:s3:::backups/*/drills/*"));
}

TEST(BucketPolicy, TheWatcherOnlyLists) {
  const auto allowed = actions(KeyRole::watcher, {}, "Allow");
  EXPECT_EQ(allowed.size(), 1u);
  EXPECT_TRUE(allowed.contains("s3:ListBucket"));
}

TEST(BucketPolicy, ListingIsKeptToTheHosts) {
  const Json policy = parse_json(print_bucket_policy(KeyRole::watcher, "b", {"vps-h1"}), "policy");
  EXPECT_EQ(policy["Statement"][0]["Condition"]["StringLike"]["s3:prefix"],
            Json(Texts{"vps-h1/*"}));
}

TEST(BucketPolicy, Roles) {
  EXPECT_EQ(parse_key_role("drill"), KeyRole::drill);
  EXPECT_EQ(parse_key_role("admin"), std::nullopt);
}

}  // namespace
}  // namespace lifeboat
