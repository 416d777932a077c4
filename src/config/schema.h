// The configuration as a JSON Schema, for editors: made from the key tables, so that it cannot say
// something else than the loader.
//
// Draft 07, which the YAML plugins of VS Code, JetBrains, Neovim and Helix read. It follows values
// as they are written, with `${VAR}` unfilled, so it takes what the loader may refuse later (an
// undefined variable, a job with an unknown service); what it refuses, the loader refuses too.
// Rejected: a file written by hand, which every new key would make wrong.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/settings.h"

namespace lifeboat {

// A recipe as the schema needs it.
struct RecipeKeys {
  std::string name;
  std::string summary;
  std::vector<OptionSpec> options;
};

// https://json-schema.org/draft-07/json-schema-release-notes
Json config_schema(const std::vector<RecipeKeys>& recipes);

}  // namespace lifeboat
