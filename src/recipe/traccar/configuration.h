// What Traccar's own files say: which database it uses, and which of its folders are worth keeping.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "recipe/recipe.h"

namespace lifeboat {

struct TraccarFiles {
  // Folder on this host -> folder in the archive; empty if neither `path` nor `volume` is set.
  std::vector<std::pair<std::filesystem::path, std::string>> folders;
  std::string database;  // that traccar.xml names; empty if it names none
};

// Throws Error(service) for a folder that holds nothing of Traccar's, and for a Traccar on H2 or
// another database that is not MariaDB or MySQL.
TraccarFiles find_traccar_files(const Service& service, RecipeContext& context);

// The database in "jdbc:mysql://host/NAME?options"; throws as above for another kind.
std::string database_of_url(const std::string& url);

}  // namespace lifeboat
