#include "store/s3/credentials.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <map>

#include "base/error.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class S3CredentialsTest : public testing::Test {
 protected:
  S3CredentialsTest() { environment_["HOME"] = folder_.path().string(); }

  void write_profile_file(const std::string& text, mode_t mode = 0600) {
    ::mkdir((folder_ / ".aws").c_str(), 0700);
    test::write_file(folder_ / ".aws/credentials", text);
    ASSERT_EQ(::chmod((folder_ / ".aws/credentials").c_str(), mode), 0);
  }
  S3CredentialsRequest request(const std::string& profile = "") {
    return {profile, [this](std::string_view name) -> std::optional<std::string> {
              const auto found = environment_.find(std::string(name));
              if (found == environment_.end()) return std::nullopt;
              return found->second;
            }};
  }
  // "access secret token"
  std::string found(const std::string& profile = "") {
    const S3Credentials keys = find_s3_credentials(request(profile));
    return keys.access_key + " " + std::string(keys.secret_key->reveal()) + " " +
           (keys.session_token ? std::string(keys.session_token->reveal()) : "-");
  }
  std::string failure(const std::string& profile = "") {
    return test::error_text([&] { find_s3_credentials(request(profile)); });
  }

  test::TempFolder folder_;
  std::map<std::string, std::string> environment_;
};

TEST_F(S3CredentialsTest, TheEnvironmentComesFirst) {
  write_profile_file("[default]\naws_access_key_id = FILE\naws_secret_access_key = file\n");
  EXPECT_EQ(found(), "FILE file -");
  environment_["AWS_ACCESS_KEY_ID"] = "ENV";
  environment_["AWS_SECRET_ACCESS_KEY"] = "hunter2";
  EXPECT_EQ(found(), "ENV hunter2 -");
  environment_["AWS_SESSION_TOKEN"] = "token";
  EXPECT_EQ(found(), "ENV hunter2 token");
  EXPECT_EQ(found("default"), "FILE file -") << "a profile that is asked for, and nothing else";
  environment_["AWS_ACCESS_KEY_ID"] = "";
  EXPECT_THAT(failure(), AllOf(HasSubstr("AWS_ACCESS_KEY_ID is not"), Not(HasSubstr("hunter2"))));
}

TEST_F(S3CredentialsTest, ReadsProfiles) {
  write_profile_file(
      "# a comment\n; another = one\n[default]\naws_access_key_id=A\naws_secret_access_key=s=/+=\n"
      "\n [ spare ]\r\n  aws_access_key_id = B \r\n aws_secret_access_key = t\r\n"
      "aws_session_token = u\r\nregion = nowhere\nnot a setting\n[empty]\n[half]\n"
      "aws_access_key_id = C");
  EXPECT_EQ(found(), "A s=/+= -");
  EXPECT_EQ(found("spare"), "B t u");
  environment_["AWS_PROFILE"] = "spare";
  EXPECT_EQ(found(), "B t u");
  EXPECT_THAT(failure("empty"), HasSubstr("lacks aws_access_key_id"));
  EXPECT_THAT(failure("half"), HasSubstr("lacks aws_secret_access_key"));
  EXPECT_THAT(failure("spaer"),
              AllOf(HasSubstr("no profile 'spaer'"), HasSubstr("hint: Did you mean 'spare'?")));
}

TEST_F(S3CredentialsTest, AFileThatOthersCanReadIsRefused) {
  for (const mode_t mode : {0644, 0640, 0620}) {
    write_profile_file("[default]\naws_access_key_id=A\naws_secret_access_key=hunter2\n", mode);
    EXPECT_THAT(failure(), AllOf(HasSubstr("/.aws/credentials"), HasSubstr("chmod 600"),
                                 Not(HasSubstr("hunter2"))));
  }
  write_profile_file("[default]\naws_access_key_id=A\naws_secret_access_key=hunter2\n", 0400);
  EXPECT_EQ(found(), "A hunter2 -");
}

TEST_F(S3CredentialsTest, SaysWhereItLooked) {
  EXPECT_THAT(failure(), AllOf(HasSubstr("AWS_ACCESS_KEY_ID is not set"),
                               HasSubstr("/.aws/credentials'"), HasSubstr("hint:")));
  EXPECT_THAT(failure("spare"), Not(HasSubstr("AWS_ACCESS_KEY_ID")));
  environment_["AWS_SHARED_CREDENTIALS_FILE"] = "~/elsewhere";
  EXPECT_THAT(failure(), HasSubstr(folder_.path().string() + "/elsewhere"));
  test::write_file(folder_ / "elsewhere",
                   "[default]\naws_access_key_id=A\n"
                   "aws_secret_access_key=s\n");
  ASSERT_EQ(::chmod((folder_ / "elsewhere").c_str(), 0600), 0);
  EXPECT_EQ(found(), "A s -");
  environment_.clear();
  EXPECT_THAT(failure(), HasSubstr("HOME is not set"));
}

TEST_F(S3CredentialsTest, AFolderOrAHugeFileIsNoCredentialsFile) {
  environment_["AWS_SHARED_CREDENTIALS_FILE"] = folder_.path().string();
  EXPECT_THAT(failure(), HasSubstr("not a regular file"));
  write_profile_file(std::string((1 << 20) + 1, '#'));
  environment_.erase("AWS_SHARED_CREDENTIALS_FILE");
  EXPECT_THAT(failure(), HasSubstr("larger than 1 MiB"));
}

}  // namespace
}  // namespace lifeboat
