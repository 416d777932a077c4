// Grafana itself, on a copy of the restored database, in a container that reaches nothing:
// anonymous visitors are its admins there, so that no password needs to be known.
#include <chrono>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "docker/scratch_containers.h"
#include "io/files.h"
#include "io/no_links.h"
#include "recipe/details.h"
#include "recipe/grafana/api.h"
#include "recipe/grafana/instance.h"
#include "recipe/grafana/replace.h"
#include "recipe/recorded_image.h"
#include "recipe/sqlite/probes.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr const char* address = "http://127.0.0.1:3000";
constexpr uint64_t key_bytes_max = 64 << 10;
constexpr std::chrono::seconds start_max{120};  // migrations of a large database
constexpr std::chrono::milliseconds pause{500};

std::shared_ptr<const Secret> secret_of(std::string_view text) {
  return std::make_shared<const Secret>(text);
}

ScratchContainer container_of(const std::string& image, const fs::path& data,
                              std::string_view secret_key, const std::string& org) {
  ScratchContainer made;
  made.image = image;
  made.user = "0";  // the copy belongs to root
  made.env = {{"GF_SECURITY_SECRET_KEY", secret_of(secret_key)},
              {"GF_PATHS_DATA", secret_of("/lifeboat")},
              {"GF_SERVER_HTTP_ADDR", secret_of("127.0.0.1")},
              {"GF_SERVER_HTTP_PORT", secret_of("3000")},
              {"GF_AUTH_ANONYMOUS_ENABLED", secret_of("true")},
              {"GF_AUTH_ANONYMOUS_ORG_ROLE", secret_of("Admin")},
              {"GF_AUTH_ANONYMOUS_ORG_NAME", secret_of(org)},
              {"GF_ANALYTICS_REPORTING_ENABLED", secret_of("false")},
              {"GF_ANALYTICS_CHECK_FOR_UPDATES", secret_of("false")},
              {"GF_UNIFIED_ALERTING_EXECUTE_ALERTS", secret_of("false")}};
  made.binds = {{data, "/lifeboat"}};
  return made;
}

// Until it says that its database is ready; Error(service) with its last lines otherwise.
void wait_until_ready(HttpClient& client, ScratchContainers& containers, const std::string& id,
                      RecipeContext& context) {
  const auto end = context.clock.steady_now() + start_max;
  HttpRequest request;
  request.url = std::string(address) + "/api/health";
  for (;;) {
    try {
      if (client.send(request).status == 200) return;
    } catch (const Error& error) {
      if (!error.is_transient()) throw;
    }
    const bool is_over = containers.docker().state(id).value_or("gone") != "running";
    if (is_over || context.clock.steady_now() > end) {
      throw Error(ErrorKind::service, format("start Grafana on the restored database: it {}: {}",
                                             is_over ? "ended" : "is not ready after 2 min",
                                             printable(containers.log_tail(id))));
    }
    context.clock.sleep(pause, context.stop);
  }
}

uint64_t rows_where(SqliteDatabase& database, const std::string& condition) {
  return static_cast<uint64_t>(database.query_integer("SELECT count(*) FROM " + condition));
}

std::vector<ProbeResult> ask_grafana(GrafanaApi& api, SqliteDatabase& database, int64_t org) {
  std::vector<ProbeResult> answers;
  answers.push_back(ask("Grafana shows every dashboard", [&] {
    // Folders are rows of the same table in older versions.
    const uint64_t expected =
        rows_where(database, format("dashboard WHERE org_id = {} AND is_folder = 0", org));
    return compare("", format("{}", expected),
                   format("{}", api.list("/api/search?type=dash-db&limit=500", "uid").size()));
  }));
  answers.push_back(ask("Grafana shows every data source", [&] {
    const uint64_t expected = rows_where(database, format("data_source WHERE org_id = {}", org));
    return compare("", format("{}", expected), format("{}", api.get("/api/datasources").size()));
  }));
  answers.push_back(ask("Grafana shows every alert rule", [&] {
    const uint64_t expected = rows_where(database, format("alert_rule WHERE org_id = {}", org));
    return compare("", format("{}", expected),
                   format("{}", api.get("/api/v1/provisioning/alert-rules").size()));
  }));
  answers.push_back(ask("Grafana opens the secrets of contact points", [&] {
    api.get("/api/v1/provisioning/contact-points/export?decrypt=true&format=json");
    return compare("", "yes", "yes");
  }));
  return answers;
}

}  // namespace

std::vector<ProbeResult> prove_grafana(const RestoredService& restored, ProvingGround& ground,
                                       RecipeContext& context, std::string& why_not) {
  const fs::path file = restored.directory / grafana_database_name;
  std::error_code ignored;
  if (!fs::exists(file, ignored)) {
    why_not = "The backup holds the export of the API alone, and Grafana needs its database.";
    return {};
  }
  if (ground.containers == nullptr) {
    why_not = "Grafana is started as a container only: use `--engine docker`.";
    return {};
  }
  const std::string image = recorded_image(detail_object(restored.expected.details, "container"),
                                           ImageMatch::exact, *ground.containers, why_not);
  if (image.empty()) return {};
  const fs::path data = ground.directory / "grafana";
  make_private_directory(data, ErrorKind::service);
  fs::copy_file(file, data / grafana_database_name);
  SqliteDatabase database(file, SqliteOpen::copy, context.stop);
  const int64_t org = database.query_integer("SELECT id FROM org ORDER BY id LIMIT 1");
  const std::string name = database.query_text("SELECT name FROM org ORDER BY id LIMIT 1");
  const std::string key =
      read_file_without_links(restored.directory / grafana_key_name, key_bytes_max);
  HttpClient client = with_context("start Grafana on the restored database", [&] {
    const std::string id = ground.containers->start(container_of(image, data, key, name));
    HttpOptions options;
    options.stop = context.stop;
    HttpClient inside = ground.containers->client(id, options);
    wait_until_ready(inside, *ground.containers, id, context);
    return inside;
  });
  GrafanaApi api({.url = address, .token = nullptr, .user = "", .password = nullptr}, context,
                 std::move(client));
  return ask_grafana(api, database, org);
}

}  // namespace lifeboat
