// The recipe `caddy`: certificates, accounts and local authorities of a Caddy server.
//
// Each certificate is read together with its key, all before the first file is handed out, until
// they belong together: during a renewal the two are replaced one after the other. What was read
// then is what the archive holds, so that its counts are those in the facts. Rejected: reading the
// pairs as the tree comes to them, which needs less memory (about 6 KB a pair), but a certificate
// issued meanwhile would make the archive disagree with its own facts.
//
// Members lie under "data/" and "config/", as the container image mounts them.
#pragma once

#include <memory>

#include "recipe/recipe.h"

namespace lifeboat {

std::unique_ptr<Recipe> make_caddy_recipe();

}  // namespace lifeboat
