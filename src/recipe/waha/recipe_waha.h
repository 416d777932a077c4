// The recipe `waha`: the sessions of a WAHA server, so that no phone must be linked again.
//
// SQLite files are taken as snapshots, the JSON files of a session are read until they parse, and
// everything else is copied as it lies there. A Chromium profile (engine WEBJS) is copied raw: the
// browser holds its databases exclusively, so that no snapshot can be had while it runs.
//
// `quiesce` stops the sessions or the container meanwhile; recipe/waha/quiet.h.
//
// A restored session is never started by a drill: two servers with one session disturb the live one
// (docs/how-to/sessions of WAHA), so probes look at files only.
#pragma once

#include <memory>

#include "recipe/recipe.h"

namespace lifeboat {

std::unique_ptr<Recipe> make_waha_recipe();

}  // namespace lifeboat
