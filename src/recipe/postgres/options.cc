#include "recipe/postgres/options.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "recipe/container.h"

namespace lifeboat {
namespace {

constexpr std::array<std::string_view, 6> ssl_modes{"disable", "allow",     "prefer",
                                                    "require", "verify-ca", "verify-full"};
constexpr uint64_t timeout_default_s = 6 * 3600;

Error refused(std::string_view what) {
  return Error(ErrorKind::service, format("read the options of the server: {}", what));
}

std::string env_of(const DockerDetails& details, const std::string& name) {
  const auto found = details.env.find(name);
  return found == details.env.end() ? "" : found->second;
}

// The server's own image says who its superuser is.
void fill_from_container(PostgresTarget& target, RecipeContext& context) {
  if (target.user.empty()) target.user = env_of(*target.container, "POSTGRES_USER");
  if (target.user.empty()) target.user = "postgres";
  if (target.password == nullptr && target.user == env_of(*target.container, "POSTGRES_USER")) {
    Docker docker(context.docker_options(), context.clock);
    target.password = docker_secret(docker, *target.container, "POSTGRES_PASSWORD");
  }
}

}  // namespace

std::vector<OptionSpec> connection_options() {
  return {{"host", OptionType::text, false, "name or address of the server (default: its socket)"},
          {"port", OptionType::integer, false, "its port (default: 5432)"},
          {"user", OptionType::text, false, "the role that reads; see the grants below"},
          {"password", OptionType::secret, false, "its password (default: ~/.pgpass)"},
          {"sslmode", OptionType::text, false, "as libpq's: require, verify-full ..."},
          {"program_dir", OptionType::path, false,
           "folder of pg_dump, pg_dumpall and psql (default: the newest installed)"},
          {"timeout", OptionType::integer, false, "seconds one dump may take (default: 21600)"}};
}

PostgresTarget read_target(const Service& service, RecipeContext& context) {
  const Settings& settings = service.settings;
  PostgresTarget target;
  target.host = settings.text("host");
  target.port = settings.number("port", 0);
  target.user = settings.text("user");
  target.password = settings.secret("password");
  target.sslmode = settings.text("sslmode");
  target.program_dir = settings.text("program_dir");
  if (settings.has("socket")) {
    if (!target.host.empty()) throw refused("both 'host' and 'socket' are set");
    target.host = settings.text("socket");
  }
  if (target.port > 65535) throw refused("'port' is not a port");
  const bool is_known =
      target.sslmode.empty() || std::ranges::find(ssl_modes, target.sslmode) != ssl_modes.end();
  if (!is_known) {
    throw refused(format("'{}' is no 'sslmode'", printable(target.sslmode)))
        .hint(format("Use one of: {}.", join(ssl_modes, ", ")));
  }
  const uint64_t timeout_s = settings.number("timeout", timeout_default_s);
  if (timeout_s == 0 || timeout_s > 30 * 86400) {
    throw refused("'timeout' is not between 1 second and 30 days");
  }
  target.timeout = std::chrono::seconds(timeout_s);
  if (settings.has("container")) {
    target.container = find_container(service, context);
    if (!target.container) throw refused("its container is not there");
    fill_from_container(target, context);
  }
  return target;
}

}  // namespace lifeboat
