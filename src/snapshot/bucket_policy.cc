#include "snapshot/bucket_policy.h"

#include "base/format.h"
#include "base/json.h"

namespace lifeboat {
namespace {

using Texts = std::vector<std::string>;

// What no task needs and what would undo the safety of the bucket. Denied aloud, because another
// policy of the same user may allow it. Wasabi's DeleteBucket can take all objects along.
const Texts& denied_actions() {
  static const Texts actions{"s3:BypassGovernanceRetention", "s3:DeleteBucket",
                             "s3:DeleteBucketPolicy",        "s3:DeleteObject",
                             "s3:DeleteObjectVersion",       "s3:PutBucketAcl",
                             "s3:PutBucketPolicy",           "s3:PutBucketVersioning",
                             "s3:PutLifecycleConfiguration", "s3:PutObjectAcl",
                             "s3:PutObjectLegalHold",        "s3:PutObjectRetention"};
  return actions;
}

std::string bucket_arn(std::string_view bucket) { return format("arn:aws:s3:::{}", bucket); }

// "arn:aws:s3:::BUCKET/vps-h1/*", or below `folder` of each host.
Texts object_arns(std::string_view bucket, const Texts& hosts, std::string_view folder = "") {
  Texts arns;
  for (const std::string& host : hosts) {
    arns.push_back(format("{}/{}/{}*", bucket_arn(bucket), host, folder));
  }
  if (hosts.empty()) {
    arns.push_back(format("{}/{}{}*", bucket_arn(bucket), folder.empty() ? "" : "*/", folder));
  }
  return arns;
}

Json statement(std::string_view id, std::string_view effect, const Texts& actions,
               const Texts& resources) {
  return {{"Sid", id}, {"Effect", effect}, {"Action", actions}, {"Resource", resources}};
}

// Listing is a right on the bucket; the condition keeps a host's key to its own folder.
Json list_statement(std::string_view bucket, const Texts& hosts) {
  Json made = statement("List", "Allow", {"s3:ListBucket"}, {bucket_arn(bucket)});
  if (!hosts.empty()) {
    Texts prefixes;
    for (const std::string& host : hosts) prefixes.push_back(host + "/*");
    made["Condition"] = {{"StringLike", {{"s3:prefix", prefixes}}}};
  }
  return made;
}

void add_writer(Json& statements, std::string_view bucket, const Texts& hosts) {
  statements.push_back(statement(
      "SeeTheBucket", "Allow",
      {"s3:GetBucketLocation", "s3:GetBucketObjectLockConfiguration", "s3:GetBucketVersioning",
       "s3:GetLifecycleConfiguration", "s3:ListBucketMultipartUploads"},
      {bucket_arn(bucket)}));
  // Reading is needed to copy the month's first snapshot within the bucket; what is read is
  // encrypted for keys that this host does not have.
  statements.push_back(statement(
      "AddAndRead", "Allow",
      {"s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"},
      object_arns(bucket, hosts)));
}

void add_drill(Json& statements, std::string_view bucket, const Texts& hosts) {
  statements.push_back(statement("Read", "Allow", {"s3:GetObject"}, object_arns(bucket, hosts)));
  statements.push_back(
      statement("AddEvidence", "Allow", {"s3:PutObject"}, object_arns(bucket, hosts, "drills/")));
}

}  // namespace

std::optional<KeyRole> parse_key_role(std::string_view text) {
  if (text == "writer") return KeyRole::writer;
  if (text == "drill") return KeyRole::drill;
  if (text == "watcher") return KeyRole::watcher;
  return std::nullopt;
}

std::string print_bucket_policy(KeyRole role, std::string_view bucket, const Texts& hosts) {
  Json statements = Json::array();
  statements.push_back(list_statement(bucket, hosts));
  if (role == KeyRole::writer) add_writer(statements, bucket, hosts);
  if (role == KeyRole::drill) add_drill(statements, bucket, hosts);
  statements.push_back(statement("NeverDelete", "Deny", denied_actions(),
                                 {bucket_arn(bucket), bucket_arn(bucket) + "/*"}));
  return print_json({{"Version", "2012-10-17"}, {"Statement", std::move(statements)}});
}

}  // namespace lifeboat
