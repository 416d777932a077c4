// How the results of `diff` and of a live restore look; see render.h.
#pragma once

#include <string>

#include "base/json.h"
#include "cli/table.h"
#include "engine/diff.h"
#include "engine/replace.h"

namespace lifeboat::cli {

// Every line says which side has the thing: `from` and `to` are the names of the sides.
struct DiffSides {
  std::string from;
  std::string to;
};
// One service; of its entries the first `entries_max`.
std::string render_diffed(const DiffedService& service, const DiffSides& sides, const Style& style,
                          size_t entries_max);
std::string render_diff(const DiffResult& result, const Style& style);
Json diff_to_json(const DiffResult& result);

std::string render_replace(const SnapshotId& id, const ReplaceResult& result, const Style& style);
Json replace_to_json(const SnapshotId& id, const ReplaceResult& result);

}  // namespace lifeboat::cli
