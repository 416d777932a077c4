// The smallest rights a key needs for each of its tasks, as an IAM policy in AWS's language, which
// Wasabi, MinIO and Ceph speak too.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/security_iam_service-with-iam.html
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat {

enum class KeyRole {
  writer,   // the host that backs up: adds and reads its own, deletes and overwrites nothing
  drill,    // reads everything of its hosts, adds drill evidence
  watcher,  // lists
};
std::optional<KeyRole> parse_key_role(std::string_view text);

// Documents are JSON with a final newline. `hosts` empty: of all hosts.
std::string print_bucket_policy(KeyRole role, std::string_view bucket,
                                const std::vector<std::string>& hosts);

}  // namespace lifeboat
