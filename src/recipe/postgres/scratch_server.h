// A throw-away PostgreSQL for restored data: reachable by its socket alone, gone with this object.
//
// Dumps are SQL that somebody else wrote, run as the server's superuser, which may start programs.
// So the server has no network, and on this host it runs as a user that owns nothing else; it
// refuses to run as root anyway.
#pragma once

#include <memory>
#include <string>

#include "recipe/postgres/client.h"

namespace lifeboat {

class ScratchPostgres {
 public:
  virtual ~ScratchPostgres() = default;
  // As its superuser, whose name no dump makes. There is no database but template1.
  virtual PostgresClient& client() = 0;
};

// At least `major`. By this host's programs in ground.directory, or from the image that `container`
// (container_details()) tells of. Null, with the reason in `why_not`, if neither is at hand. Throws
// Error(service) if the server does not start.
std::unique_ptr<ScratchPostgres> start_scratch_postgres(ProvingGround& ground, uint64_t major,
                                                        const Json& container,
                                                        RecipeContext& context,
                                                        std::string& why_not);

}  // namespace lifeboat
