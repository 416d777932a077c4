#include "docker/answers.h"

#include <limits>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"

namespace lifeboat {
namespace {

std::map<std::string, std::string> read_labels(const Json& labels) {
  std::map<std::string, std::string> read;
  if (!labels.is_object()) return read;
  for (const auto& [name, value] : labels.items()) {
    if (value.is_string()) read.emplace(name, value.get<std::string>());
  }
  return read;
}

std::vector<DockerMount> read_mounts(const Json& mounts) {
  std::vector<DockerMount> read;
  if (!mounts.is_array()) return read;
  for (const Json& mount : mounts) {
    read.push_back({.type = text_in(mount, "Type"),
                    .volume = text_in(mount, "Name"),
                    .source = text_in(mount, "Source"),
                    .destination = text_in(mount, "Destination"),
                    .read_only = !flag_in(mount, "RW")});
  }
  return read;
}

// "/db" among ["/web/db", "/db"]: the others are links' names for it.
std::string read_name(const Json& names) {
  if (!names.is_array()) return "";
  for (const Json& name : names) {
    const std::string text = name.is_string() ? name.get<std::string>() : "";
    if (text.rfind('/') == 0) return text.substr(1);
  }
  return "";
}

std::map<std::string, std::string> read_environment(const Json& lines) {
  std::map<std::string, std::string> environment;
  if (!lines.is_array()) return environment;
  for (const Json& line : lines) {
    const std::string text = line.is_string() ? line.get<std::string>() : "";
    const size_t equals = text.find('=');
    if (equals != std::string::npos) environment[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return environment;
}

DockerContainer read_listed(const Json& listed) {
  return {.id = text_in(listed, "Id"),
          .name = read_name(member_of(listed, "Names")),
          .image = text_in(listed, "Image"),
          .state = text_in(listed, "State"),
          .labels = read_labels(member_of(listed, "Labels")),
          .mounts = read_mounts(member_of(listed, "Mounts"))};
}

}  // namespace

Json parse_answer(const std::string& attempted, std::string_view body) {
  if (trim(body).empty()) return {};
  Json parsed = Json::parse(body, nullptr, false);
  if (parsed.is_discarded()) {
    throw Error(ErrorKind::service, format("{}: the engine's answer is not JSON", attempted))
        .hint("Is the socket that of a Docker engine?");
  }
  return parsed;
}

const Json& member_of(const Json& object, std::string_view name) {
  static const Json nothing;
  if (!object.is_object()) return nothing;
  const auto found = object.find(name);
  return found == object.end() ? nothing : *found;
}

std::string text_in(const Json& object, std::string_view name) {
  const Json& member = member_of(object, name);
  return member.is_string() ? member.get<std::string>() : "";
}

bool flag_in(const Json& object, std::string_view name) {
  const Json& member = member_of(object, name);
  return member.is_boolean() && member.get<bool>();
}

std::optional<int> int_in(const Json& object, std::string_view name) {
  const Json& member = member_of(object, name);
  if (!member.is_number_integer()) return std::nullopt;
  constexpr int max = std::numeric_limits<int>::max();
  const bool is_large =
      member.is_number_unsigned() ? member.get<uint64_t>() > max : member.get<int64_t>() < -max;
  return is_large ? std::nullopt : std::optional(member.get<int>());
}

std::vector<DockerContainer> read_containers(const Json& list) {
  std::vector<DockerContainer> read;
  for (const Json& one : list) read.push_back(read_listed(one));
  return read;
}

DockerDetails read_details(const Json& seen) {
  const Json& config = member_of(seen, "Config");
  const Json& state = member_of(seen, "State");
  DockerDetails details;
  details.container = {.id = text_in(seen, "Id"),
                       .name = read_name(Json::array({text_in(seen, "Name")})),
                       .image = text_in(config, "Image"),
                       .state = text_in(state, "Status"),
                       .labels = read_labels(member_of(config, "Labels")),
                       .mounts = read_mounts(member_of(seen, "Mounts"))};
  details.image_digest = text_in(seen, "Image");
  details.env = read_environment(member_of(config, "Env"));
  details.user = text_in(config, "User");
  details.is_removed_when_stopped = flag_in(member_of(seen, "HostConfig"), "AutoRemove");
  details.pid = int_in(state, "Pid").value_or(0);
  if (const auto grace = int_in(config, "StopTimeout")) {
    details.stop_grace = std::chrono::seconds(*grace);
  }
  return details;
}

std::vector<std::string> read_repo_digests(const Json& image) {
  std::vector<std::string> read;
  const Json& digests = member_of(image, "RepoDigests");
  if (!digests.is_array()) return read;
  for (const Json& digest : digests) {
    if (digest.is_string()) read.push_back(digest.get<std::string>());
  }
  return read;
}

DockerVolume read_volume(const Json& volume) {
  return {.name = text_in(volume, "Name"),
          .mountpoint = text_in(volume, "Mountpoint"),
          .labels = read_labels(member_of(volume, "Labels"))};
}

std::vector<DockerVolume> read_volumes(const Json& answer) {
  std::vector<DockerVolume> read;
  for (const Json& one : member_of(answer, "Volumes")) read.push_back(read_volume(one));
  return read;
}

std::optional<int> read_exit_code(const Json& exec) {
  return flag_in(exec, "Running") ? std::nullopt : int_in(exec, "ExitCode");
}

}  // namespace lifeboat
