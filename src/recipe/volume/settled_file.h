// A file that its owner rewrites in place, read until it makes sense.
//
// Truncate-then-write leaves a moment in which the file is empty or half there and two looks at it
// agree. Only its format can tell, so the reader brings a check.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/stop.h"
#include "io/file_meta.h"

namespace lifeboat {

struct SettledFile {
  FileMeta meta;  // path as asked for
  std::string text;
  std::string fault;  // empty: it passed the check; else why the last read did not
};

// Reads `path` below `folder`, without following links, until `check` (which throws
// Error(verification)) accepts it: 6 times within about half a second. At most 64 MiB. Throws
// Error(service) if it cannot be read at all.
SettledFile read_until_valid(const std::filesystem::path& folder, const std::string& path,
                             const std::function<void(std::string_view)>& check,
                             const StopToken& stop);

// A check for read_until_valid(): `text` is one JSON object. The error tells nothing of the
// content, unlike the JSON parser's own.
void check_json_object(std::string_view text);

}  // namespace lifeboat
