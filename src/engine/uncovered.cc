#include "engine/uncovered.h"

#include <optional>
#include <set>

#include "base/error.h"
#include "base/format.h"
#include "base/json.h"
#include "base/text.h"
#include "io/files.h"
#include "io/own_directory.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t memory_bytes_max = 4 << 20;
constexpr size_t told_by_name_max = 20;

struct Memory {
  std::string since;  // the time of the last look
  std::set<std::string> volumes;
};

Memory read_memory(const fs::path& path) {
  const Json value =
      parse_json(read_file(path, memory_bytes_max, ErrorKind::config), path.native());
  Memory memory;
  const auto list = value.find("volumes");
  const auto looked = value.find("looked");
  if (list == value.end() || !list->is_array() || looked == value.end() || !looked->is_string()) {
    throw Error(ErrorKind::config, format("read '{}': not what was written", path.native()));
  }
  memory.since = looked->get<std::string>();
  for (const Json& name : *list) {
    if (name.is_string()) memory.volumes.insert(name.get<std::string>());
  }
  return memory;
}

std::string told(const DiscoveredPlace& place) {
  std::string text = format("volume '{}'", printable(place.name));
  if (place.bytes) {
    text += format(" ({}{})", place.is_larger ? "over " : "", print_bytes(*place.bytes));
  }
  if (!place.containers.empty()) {
    text += format(" of container '{}'", printable(place.containers.front()));
  }
  return text + " is NOT COVERED";
}

}  // namespace

std::vector<std::string> tell_uncovered(const Discovery& discovery, const fs::path& state_dir,
                                        Clock& clock, Random& random) {
  const fs::path path = state_dir / "uncovered.json";
  std::vector<std::string> sentences;
  std::optional<Memory> memory;
  std::error_code ignored;
  if (fs::exists(path, ignored)) {
    try {
      memory = read_memory(path);
    } catch (const Error& error) {
      sentences.push_back(format("{}; it is begun anew", error.what()));
    }
  }
  Json now = {{"format", 1}, {"looked", print_time(clock.now())}, {"volumes", Json::array()}};
  size_t known = 0;
  size_t fresh = 0;
  for (const DiscoveredPlace& place : discovery.places) {
    if (place.type != "volume" || place.coverage != Coverage::not_covered) continue;
    now["volumes"].push_back(place.name);
    if (memory && memory->volumes.contains(place.name)) {
      ++known;
    } else if (++fresh <= told_by_name_max) {
      const std::string since = memory ? format("new since {}: ", memory->since) : "";
      sentences.push_back(since + told(place));
    }
  }
  if (fresh > told_by_name_max) {
    sentences.push_back(format("and {} more volumes are NOT COVERED", fresh - told_by_name_max));
  }
  if (known > 0) {
    sentences.push_back(
        format("{} NOT COVERED, as before; see 'lifeboat discover'",
               known == 1 ? std::string("1 volume is") : format("{} volumes are", known)));
  }
  make_own_directory(state_dir, ErrorKind::config);
  AtomicFile file(path, random, {.mode = 0600, .replace = true, .kind = ErrorKind::config});
  file.write(as_bytes(print_json(now)));
  file.finish();
  return sentences;
}

}  // namespace lifeboat
