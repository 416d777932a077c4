// Where a server's own programs run: on this host, or in its container.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "io/fd.h"
#include "io/source.h"
#include "recipe/recipe.h"

namespace lifeboat {

// What a program gets on stdin: a text, or a file from where its descriptor stands; else nothing.
struct ProgramInput {
  std::shared_ptr<const Secret> text = nullptr;
  std::shared_ptr<const UniqueFd> file = nullptr;
};

// One thread at a time.
class ProgramAccess {
 public:
  virtual ~ProgramAccess() = default;
  // The program's stdout; its end means that it ended with exit status 0, else Error(service) with
  // the end of its stderr. The source may not outlive this object.
  virtual std::unique_ptr<Source> run(std::vector<std::string> argv, ProgramInput input,
                                      std::chrono::seconds at_most) = 0;
  // What `program --version` prints; nothing if there is no such program.
  virtual std::optional<std::string> version_of(const std::string& program) = 0;
  // "on this host", "in container 'db'"
  virtual std::string place() const = 0;
};

// `password` goes to every program as MYSQL_PWD, and never into argv; null: none.
std::unique_ptr<ProgramAccess> make_host_access(std::shared_ptr<const Secret> password,
                                                RecipeContext& context);
std::unique_ptr<ProgramAccess> make_container_access(const DockerDetails& details,
                                                     std::shared_ptr<const Secret> password,
                                                     RecipeContext& context);

}  // namespace lifeboat
