// The store: whether it answers, what the key may do in it, its clock and its rules.
#include <algorithm>
#include <variant>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/check/check_run.h"
#include "cli/job_request.h"
#include "engine/bucket.h"
#include "http/client.h"
#include "io/files.h"
#include "snapshot/catalog.h"

namespace lifeboat::cli {
namespace {

namespace fs = std::filesystem;
using Level = Finding::Level;

// S3 refuses requests that are 15 minutes off.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html RequestTimeTooSkewed
constexpr std::chrono::minutes clock_refused{15};
constexpr std::chrono::minutes clock_told{5};
constexpr std::chrono::seconds answer_max{10};

void check_folder_store(CheckRun& run, const fs::path& folder) {
  std::error_code ignored;
  if (!fs::exists(folder, ignored)) {
    run.add(ErrorKind::store, "store",
            {Level::warning,
             format("folder '{}' does not exist yet: the first backup makes it",
                    printable(folder.native())),
             "If a disk should be mounted there, mount it first."},
            "store.dir");
    run.listed.emplace();
    return;
  }
  if (!fs::is_directory(folder, ignored)) return;  // told by the listing
  try {
    open_nameless_file(folder, ErrorKind::store);
  } catch (Error& error) {
    error.add_hint("Let the user that runs backups write there, or mount the disk to be written.");
    throw;
  }
}

void list_store(CheckRun& run) {
  Store& store = run.context.store();
  run.listed = list_snapshots(store, run.config().host);
  run.add(ErrorKind::store, "store",
          {Level::ok,
           format("{}: {} of '{}'", store.name(),
                  print_count(run.listed->size(), "snapshot", "snapshots"), run.config().host),
           ""});
}

void add_audit(CheckRun& run, const AuditFinding& finding) {
  run.add(ErrorKind::store, format("store: {}", finding.subject),
          {finding.level, finding.message, finding.hint}, "store.s3");
}

// Asked without a key, since a key that is refused says nothing about the clock. Who does not
// answer was told by the listing.
void check_clock(CheckRun& run, const S3StoreConfig& bucket) {
  HttpRequest request;
  request.url = bucket.endpoint.empty() ? format("https://s3.{}.amazonaws.com/", bucket.region)
                                        : bucket.endpoint;
  request.timeout = answer_max;
  HttpClient client({.kind = ErrorKind::store,
                     .connect_timeout = answer_max,
                     .ca_file = bucket.ca_file,
                     .stop = run.context.stop()});
  std::optional<Timestamp> date;
  try {
    date = parse_http_date(client.send(request).header("date").value_or(""));
  } catch (const Error& error) {
    log_debug("{}", error.what());
  }
  if (!date) return;
  const auto off = run.context.clock().now() - *date;
  const auto size = off < off.zero() ? -off : off;
  const std::string told = format("this machine's is {} {} the store's", print_duration(size),
                                  off < off.zero() ? "behind" : "ahead of");
  if (size <= clock_told) {
    run.add(ErrorKind::store, "clock", {Level::ok, "as the store's", ""});
    return;
  }
  run.add(ErrorKind::store, "clock",
          {size > clock_refused ? Level::error : Level::warning, told,
           "Set the clock and let NTP keep it: 'timedatectl set-ntp true'. Backups are named after "
           "its date, and the store refuses what is 15 minutes off."});
}

}  // namespace

void check_store(CheckRun& run) {
  const auto* folder = std::get_if<DirStoreConfig>(&run.config().store);
  if (folder != nullptr) {
    run.guarded(
        ErrorKind::store, "store", [&] { check_folder_store(run, folder->path); }, "store.dir");
    if (!run.listed) {
      run.guarded(
          ErrorKind::store, "store", [&] { list_store(run); }, "store.dir");
    }
    return;
  }
  const auto& bucket = std::get<S3StoreConfig>(run.config().store);
  run.guarded(
      ErrorKind::store, "store", [&] { list_store(run); }, "store.s3");
  check_clock(run, bucket);
  const Config& config = run.config();
  run.guarded(
      ErrorKind::store, "store: rights",
      [&] {
        for (const AuditFinding& one : probe_rights(run.context.s3_store(), config.host)) {
          add_audit(run, one);
        }
      },
      "store.s3");
  // Reading the rules may be forbidden to this key: that is told.
  run.guarded(
      ErrorKind::store, "store: settings",
      [&] {
        BucketRequest request;
        request.hosts = {config.host};
        request.retention = retention_of(config.retention);
        request.now = run.context.clock().now();
        request.stop = run.context.stop();
        for (AuditFinding& one : audit_bucket(run.context.s3_store(), request).findings) {
          // A backup key may not read the policy, and needs not: 'bucket audit' is for owners.
          if (one.subject == "bucket policy" && one.level == Level::warning) one.level = Level::ok;
          add_audit(run, one);
        }
      },
      "store.s3");
}

}  // namespace lifeboat::cli
