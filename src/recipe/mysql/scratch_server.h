// A throw-away server for restored data: reachable by its socket alone, gone with this object.
//
// Dumps are SQL that somebody else wrote, and are run as the server's root. So the server has no
// network, may read and write no file outside its folder (secure_file_priv), runs no event, and is
// not root on this host where that can be had.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "process/server.h"
#include "recipe/mysql/server.h"

namespace lifeboat {

class ScratchMysqlServer {
 public:
  virtual ~ScratchMysqlServer() = default;
  virtual MysqlServer& server() = 0;
};

// By this host's programs, in `directory`, which is private and empty and may be given to the
// server's user. Null, with the reason in `why_not`, if there are no programs of the family or
// older ones than `wanted`. Throws Error(service) if the server does not start.
std::unique_ptr<ScratchMysqlServer> start_mysql_on_host(const std::filesystem::path& directory,
                                                        const MysqlVersion& wanted,
                                                        RecipeContext& context,
                                                        std::string& why_not);

// From the image that `container` (container_details()) tells of. Null if it is not at hand.
std::unique_ptr<ScratchMysqlServer> start_mysql_in_container(ScratchContainers& containers,
                                                             const Json& container,
                                                             RecipeContext& context,
                                                             std::string& why_not);

// The socket of a server that start_mysql_on_host() started.
std::filesystem::path scratch_mysql_socket(const std::filesystem::path& directory);

}  // namespace lifeboat
