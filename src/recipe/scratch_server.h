// What the throw-away servers of databases have in common, whichever server it is: the user that
// runs it on this host, and the container that it runs in.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "docker/scratch_containers.h"
#include "process/server.h"
#include "recipe/recipe.h"

namespace lifeboat {

// How long a server may take to make its data folder, and to answer.
inline constexpr std::chrono::seconds scratch_install_timeout{300};
inline constexpr std::chrono::seconds scratch_ready_timeout{120};

// Gives `directory` to the first of `users` that this host has, and tells its name. Empty: the
// server runs as we do, since we are not root, or, with the reason in `why_not`, since no other
// user gets to the folder or there is none of them. Throws Error(service).
std::string give_to_server_user(const std::filesystem::path& directory,
                                const std::vector<std::string>& users, std::string& why_not);

// For a program that keeps all it has in `directory`: temporary files are plain data as well.
ServerOptions scratch_server_options(const std::filesystem::path& directory,
                                     const std::string& user, const StopToken& stop);

// A container that runs `script` by the image's shell, whatever its entrypoint wants to be told;
// gone with this object.
class ServerContainer {
 public:
  // Both referred to must outlive it. Throws Error(service).
  ServerContainer(ScratchContainers& containers, const std::string& image,
                  const std::string& script, const std::string& user, RecipeContext& context);
  ~ServerContainer();
  ServerContainer(const ServerContainer&) = delete;
  ServerContainer& operator=(const ServerContainer&) = delete;

  // Returns once `connect` throws no Error, tried again and again. Throws Error(service) with the
  // last lines that the server printed if it ended or the time is over.
  void wait_until_ready(const std::function<void(const DockerDetails&)>& connect);

 private:
  ScratchContainers& containers_;
  RecipeContext& context_;
  std::string id_;
};

}  // namespace lifeboat
