// The configuration's JSON Schema, for editors.

#include "config/schema.h"

#include <vector>

#include "base/exit_code.h"
#include "cli/command.h"
#include "cli/command_tree.h"
#include "recipe/recipe.h"

namespace lifeboat::cli {
namespace {

int print_schema(CommandContext& context) {
  std::vector<RecipeKeys> recipes;
  for (const std::string& name : context.recipes().names()) {
    const RecipeInfo& info = context.recipes().get(name).info();
    recipes.push_back({info.name, info.summary, info.options});
  }
  context.out().json(config_schema(recipes));
  return exit_ok;
}

}  // namespace

void add_schema(CLI::App& app, CommandContext& context) {
  CLI::App& command = add_command(app, context,
                                  {"schema",
                                   "print the JSON Schema of the configuration, for editors",
                                   group_about,
                                   {"lifeboat schema > lifeboat.schema.json"}});
  set_action(command, context, [&context] { return print_schema(context); });
}

}  // namespace lifeboat::cli
