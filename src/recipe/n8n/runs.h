// An n8n that a drill runs on a copy of restored data: in a container, or by the host's own n8n in
// a network of its own. Either reaches nothing.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "http/client.h"
#include "recipe/recipe.h"

namespace lifeboat {

class N8nRun {
 public:
  virtual ~N8nRun() = default;
  // Reaches n8n at http://127.0.0.1:5678.
  virtual HttpClient client() = 0;
  // Where it runs, for the evidence.
  virtual std::string place() const = 0;
  // Throws Error(service) with its last words if it ended.
  virtual void check_runs() = 0;
  // "n8n <words>", beside the running one, on the same data. Throws Error(service) if it fails.
  virtual void command(const std::vector<std::string>& words) = 0;
  // A path below ProvingGround::directory, as n8n has it.
  virtual std::string inside(const std::string& relative) const = 0;
};

// Starts it on `ground.directory`/.n8n. Null if neither image nor program is at hand: `why_not`
// tells. Throws Error(service).
std::unique_ptr<N8nRun> run_n8n(const RestoredService& restored, ProvingGround& ground,
                                RecipeContext& context, std::string& why_not);

}  // namespace lifeboat
