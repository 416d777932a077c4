// Where a key pair is found that the configuration does not give: the environment, then a profile
// of the shared credentials file, as the AWS command line has it.
// https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "store/s3/s3_options.h"

namespace lifeboat {

struct S3CredentialsRequest {
  // A profile that must be used, and nothing else; empty: AWS_ACCESS_KEY_ID and so on, else the
  // profile of AWS_PROFILE or "default".
  std::string profile;
  std::function<std::optional<std::string>(std::string_view name)> environment;
};

// Reads AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or
// AWS_SHARED_CREDENTIALS_FILE (default ~/.aws/credentials), which must not be readable by others.
// Throws Error(config) that says where it looked and names no secret.
S3Credentials find_s3_credentials(const S3CredentialsRequest& request);

}  // namespace lifeboat
