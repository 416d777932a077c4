#include "recipe/grafana/replace.h"

#include <filesystem>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "crypto/kdf.h"
#include "io/files.h"
#include "io/no_links.h"
#include "recipe/grafana/export.h"
#include "recipe/grafana/import.h"
#include "recipe/grafana/instance.h"
#include "recipe/grafana/secrets.h"
#include "recipe/volume/replace.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t key_bytes_max = 64 << 10;

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// What the restored database knows of data sources' secrets; none without it.
GrafanaSourceSecrets restored_secrets(const RestoredService& restored, const StopToken& stop) {
  const fs::path file = restored.directory / grafana_database_name;
  if (!is_there(file)) return {};
  SqliteDatabase database(file, SqliteOpen::copy, stop);
  return grafana_source_secrets(
      database, read_file_without_links(restored.directory / grafana_key_name, key_bytes_max));
}

// Where the live state is kept: beside Lifeboat's own notes, private.
fs::path kept_folder(const Service& service, RecipeContext& context) {
  const Timestamp now = context.clock.now();
  const fs::path root = context.state_dir.empty() ? context.spool_dir : context.state_dir;
  return root / format("{}.before-{}-{}", service.name, print_date(date_of(now)),
                       print_compact_time_of_day(now));
}

void keep_live_state(GrafanaApi& api, const fs::path& kept, RecipeContext& context) {
  with_context("keep what is live", [&] {
    ExportFiles files(context.spool_dir, context.random);
    const GrafanaExport made = export_grafana(api, {}, context, files);
    if (!made.warnings.empty()) {
      throw Error(ErrorKind::service,
                  "export all of it before it is changed: " + made.warnings.front());
    }
    make_private_directory(kept, ErrorKind::service);
    files.write_to(kept);
  });
}

ReplaceReport replace_by_api(const Service& service, const RestoredService& restored,
                             RecipeContext& context) {
  GrafanaApi api(grafana_access(service.settings), context);
  const GrafanaSourceSecrets secrets = restored_secrets(restored, context.stop);
  const fs::path kept = kept_folder(service, context);
  keep_live_state(api, kept, context);
  GrafanaImport made;
  try {
    made = import_grafana(api, restored.directory, secrets, context.stop);
  } catch (Error& error) {
    try {
      import_grafana(api, kept, {}, context.stop);
      error.add_hint(
          format("What was there before was imported again; things that the backup alone had may "
                 "be there in addition. The state before is in '{}'.",
                 kept.native()));
    } catch (const Error& undo) {
      error.add_hint(
          format("What was there before could not be imported again ({}). It is in "
                 "'{}', by thing; import what is missing from there.",
                 undo.message(), kept.native()));
    }
    throw;
  }
  ReplaceReport report{std::move(made.done), {kept.native()}};
  report.done.insert(report.done.end(), made.notes.begin(), made.notes.end());
  return report;
}

ReplaceReport replace_database(const Service& service, const RestoredService& restored,
                               RecipeContext& context) {
  const fs::path folder = find_grafana_folder(service, context);
  const GrafanaKey live = find_grafana_key(service, folder, context);
  const std::string key =
      read_file_without_links(restored.directory / grafana_key_name, key_bytes_max);
  if (!constant_time_equal(live.key.view(), as_bytes(key))) {
    throw Error(
        ErrorKind::service,
        format("replace Grafana '{}': its secret key is not the one of the backup", service.name))
        .hint(format("Give Grafana the key that is in the backup's {}, as GF_SECURITY_SECRET_KEY "
                     "or in grafana.ini, and 'secret_key' in this configuration the same; with "
                     "another one every data source would lose its secrets.",
                     grafana_key_name));
  }
  FolderChange change;
  change.live = folder;
  put_database(change, grafana_database_name, restored.directory / grafana_database_name);
  return replace_folders(service, {change}, context);
}

}  // namespace

ReplaceReport replace_grafana(const Service& service, const RestoredService& restored,
                              RecipeContext& context) {
  const bool has_url = !service.settings.text("url").empty();
  if (has_url && is_there(restored.directory / grafana_export_folder)) {
    return replace_by_api(service, restored, context);
  }
  if (has_grafana_folder(service) && is_there(restored.directory / grafana_database_name)) {
    return replace_database(service, restored, context);
  }
  throw Error(
      ErrorKind::usage,
      format("replace Grafana '{}': the backup holds {}, and the configuration names {}",
             service.name,
             is_there(restored.directory / grafana_export_folder) ? "an export" : "a database",
             has_url ? "an API" : "a folder"))
      .hint("Set 'url' to import an export, 'path' or 'volume' to put the database back.");
}

}  // namespace lifeboat
