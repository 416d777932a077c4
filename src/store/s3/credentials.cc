#include "store/s3/credentials.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "io/fd.h"

namespace lifeboat {
namespace {

constexpr off_t file_bytes_max = 1 << 20;

std::shared_ptr<const Secret> shared_secret(std::string_view value) {
  return value.empty() ? nullptr : std::make_shared<const Secret>(value);
}

// The value of an environment variable; an empty one counts as unset, as it does for aws.
std::string variable(const S3CredentialsRequest& request, std::string_view name) {
  return request.environment(name).value_or("");
}

std::filesystem::path credentials_file(const S3CredentialsRequest& request) {
  const std::string home = variable(request, "HOME");
  const std::string named = variable(request, "AWS_SHARED_CREDENTIALS_FILE");
  if (named.starts_with("~/") && !home.empty()) return home + named.substr(1);
  if (!named.empty()) return named;
  return home.empty() ? "" : home + "/.aws/credentials";
}

// The whole file, in memory that is wiped.
Secret read_private_file(const std::filesystem::path& path) {
  const std::string attempted = format("read S3 credentials from '{}'", printable(path.string()));
  const auto refuse = [&](std::string_view why) {
    return Error(ErrorKind::config, format("{}: {}", attempted, why));
  };
  FdSource source(open_file(path, O_RDONLY | O_NONBLOCK, 0, ErrorKind::config), path.string(),
                  ErrorKind::config);
  const struct stat status = stat_fd(source.fd(), path.string(), ErrorKind::config);
  if (!S_ISREG(status.st_mode)) throw refuse("it is not a regular file");
  if (status.st_size > file_bytes_max) throw refuse("it is larger than 1 MiB");
  if ((status.st_mode & 077) != 0 || (status.st_uid != 0 && status.st_uid != ::geteuid())) {
    throw refuse(format("others than its owner can read or change it (mode {:04o})",
                        static_cast<unsigned>(status.st_mode & 07777)))
        .hint(format("Make it yours alone: chmod 600 '{}'.", printable(path.string())));
  }
  Secret text(static_cast<size_t>(status.st_size));
  size_t filled = 0;
  while (filled < text.size()) {
    const size_t count = source.read(text.span().subspan(filled));
    if (count == 0) break;
    filled += count;
  }
  text.truncate(filled);
  return text;
}

struct Profile {
  bool found = false;
  S3Credentials credentials;
  std::vector<std::string> others;  // names of the other profiles
};

// INI: "[name]", "key = value", whole lines of comment after # or ;. The last value wins.
Profile parse_profile(std::string_view text, const std::string& wanted) {
  Profile profile;
  bool inside = false;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line[0] == '#' || line[0] == ';') continue;
    if (line[0] == '[') {
      const std::string name(trim(line.substr(1, line.find(']') - 1)));
      inside = name == wanted;
      profile.found |= inside;
      if (!inside) profile.others.push_back(name);
      continue;
    }
    const size_t equals = line.find('=');
    if (!inside || equals == std::string_view::npos) continue;
    const std::string_view key = trim(line.substr(0, equals));
    const std::string_view value = trim(line.substr(equals + 1));
    S3Credentials& credentials = profile.credentials;
    if (key == "aws_access_key_id") credentials.access_key = value;
    if (key == "aws_secret_access_key") credentials.secret_key = shared_secret(value);
    if (key == "aws_session_token") credentials.session_token = shared_secret(value);
  }
  return profile;
}

S3Credentials credentials_of_profile(const std::filesystem::path& path, const std::string& name) {
  const Secret text = read_private_file(path);
  Profile profile = parse_profile(text.reveal(), name);
  const std::string where =
      format("profile '{}' of '{}'", printable(name), printable(path.string()));
  if (!profile.found) {
    Error error(ErrorKind::config, format("find S3 credentials: there is no {}", where));
    const std::optional<std::string> near = nearest(name, profile.others);
    if (near) error.add_hint(format("Did you mean '{}'?", printable(*near)));
    throw error;
  }
  if (profile.credentials.access_key.empty() || !profile.credentials.secret_key) {
    throw Error(ErrorKind::config,
                format("find S3 credentials: {} lacks {}", where,
                       profile.credentials.access_key.empty() ? "aws_access_key_id"
                                                              : "aws_secret_access_key"))
        .hint(
            "Profiles that fetch their keys (SSO, roles, processes) are not followed: export "
            "the keys with 'aws configure export-credentials --format env'.");
  }
  return std::move(profile.credentials);
}

}  // namespace

S3Credentials find_s3_credentials(const S3CredentialsRequest& request) {
  const std::string access_key = variable(request, "AWS_ACCESS_KEY_ID");
  std::shared_ptr<const Secret> secret_key =
      shared_secret(variable(request, "AWS_SECRET_ACCESS_KEY"));
  if (request.profile.empty() && access_key.empty() != !secret_key) {
    throw Error(ErrorKind::config,
                format("find S3 credentials: {} is set, but {} is not",
                       access_key.empty() ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID",
                       access_key.empty() ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY"))
        .hint("Set both, or none to use a profile.");
  }
  if (request.profile.empty() && secret_key) {
    return {access_key, std::move(secret_key),
            shared_secret(variable(request, "AWS_SESSION_TOKEN"))};
  }
  const std::filesystem::path path = credentials_file(request);
  std::error_code ignored;
  if (path.empty() || !std::filesystem::exists(path, ignored)) {
    throw Error(ErrorKind::config,
                format("find S3 credentials: {}{}",
                       request.profile.empty() ? "AWS_ACCESS_KEY_ID is not set, and " : "",
                       path.empty() ? "HOME is not set"
                                    : format("there is no '{}'", printable(path.string()))))
        .hint("Give access_key and secret_key in the configuration, or in the environment.");
  }
  std::string name = request.profile;
  if (name.empty()) name = variable(request, "AWS_PROFILE");
  return credentials_of_profile(path, name.empty() ? "default" : name);
}

}  // namespace lifeboat
