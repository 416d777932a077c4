// What an engine answers, read: JSON that other programs wrote, with parts that a container's image
// or owner chose. Apart from the calls (engine.h), so that it can be fuzzed without a socket.
// https://docs.docker.com/reference/api/engine/version/v1.47/
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "docker/docker.h"

namespace lifeboat {

// Null for an empty body. Throws Error(service), "<attempted>: the engine's answer is not JSON".
Json parse_answer(const std::string& attempted, std::string_view body);

// A member of an answer, or nothing of its type: engines leave out and null what is empty.
std::string text_in(const Json& object, std::string_view name);
bool flag_in(const Json& object, std::string_view name);
// Nothing also for what no int can hold: cut off, it would be another number.
std::optional<int> int_in(const Json& object, std::string_view name);
// Null if it is not there. A part of `object`.
const Json& member_of(const Json& object, std::string_view name);
const Json& member_of(Json&& temporary, std::string_view name) = delete;

// Of /containers/json.
std::vector<DockerContainer> read_containers(const Json& list);
// Of /containers/ID/json; all but the image's digests.
DockerDetails read_details(const Json& seen);
// Of /images/ID/json.
std::vector<std::string> read_repo_digests(const Json& image);
// Of /volumes, and of /volumes/NAME.
std::vector<DockerVolume> read_volumes(const Json& answer);
DockerVolume read_volume(const Json& volume);
// Of /exec/ID/json; nothing while it runs.
std::optional<int> read_exit_code(const Json& exec);

}  // namespace lifeboat
