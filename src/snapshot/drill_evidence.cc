#include "snapshot/drill_evidence.h"

#include "base/error.h"
#include "base/format.h"
#include "base/short_text.h"
#include "snapshot/json_fields.h"

namespace lifeboat {
namespace {

using std::chrono::nanoseconds;

constexpr size_t evidence_bytes_max = 4 * 1024 * 1024;
constexpr size_t result_bytes_max = 500;
constexpr double seconds_max = 1e9;  // thirty years fit into nanoseconds
constexpr const char* member_job = "job";
constexpr const char* member_engine = "engine";
constexpr const char* member_restore = "restore_duration_seconds";
constexpr const char* member_duration = "duration_seconds";
constexpr const char* member_opened_by = "opened_by";

double seconds_of(nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

nanoseconds read_seconds(JsonFields& fields, const char* name) {
  if (!fields.has(name)) return {};
  const Json& value = fields.value(name);
  const double seconds = value.is_number() ? value.get<double>() : -1;
  if (!(seconds >= 0 && seconds <= seconds_max)) fields.fail(name, "is no duration");
  return std::chrono::round<nanoseconds>(std::chrono::duration<double>(seconds));
}

std::vector<std::string> read_keys(JsonFields& fields) {
  std::vector<std::string> keys;
  const Json& list = fields.value(member_opened_by);
  if (!list.is_array()) fields.fail(member_opened_by, "is no list");
  for (const Json& key : list) {
    if (!key.is_string()) fields.fail(member_opened_by, "holds what is no public key");
    keys.push_back(key.get<std::string>());
  }
  return keys;
}

DrillVerdict verdict_of(std::string_view result, const JsonFields& fields) {
  for (const auto verdict : {DrillVerdict::ok, DrillVerdict::partial, DrillVerdict::failed}) {
    if (result.starts_with(drill_verdict_line(verdict))) return verdict;
  }
  fields.fail("result", "is no result of a drill");
}

}  // namespace

std::string_view drill_verdict_line(DrillVerdict verdict) {
  switch (verdict) {
    case DrillVerdict::ok:
      return "RESTORE OK";
    case DrillVerdict::partial:
      return "RESTORE PARTIAL";
    case DrillVerdict::failed:
      return "RESTORE FAILED";
  }
  throw Bug("unknown verdict of a drill");
}

std::string print_drill_evidence(const DrillEvidence& evidence, Json archive, Json services) {
  return print_json({{"format", 1},
                     {"tool", "lifeboat " LIFEBOAT_VERSION},
                     {"snapshot", evidence.id.text()},
                     {member_job, evidence.job},
                     {"archive_sha256", evidence.archive_sha256},
                     {"drilled", print_time(evidence.drilled)},
                     {member_engine, evidence.engine},
                     {member_restore, seconds_of(evidence.restore_duration)},
                     {member_duration, seconds_of(evidence.duration)},
                     {member_opened_by, evidence.opened_by},
                     {"result", evidence.result},
                     {"archive", std::move(archive)},
                     {"services", std::move(services)}});
}

DrillEvidence parse_drill_evidence(std::string_view text, const std::string& key) {
  const std::string what = format("drill evidence '{}'", key);
  const Json value = parse_json(text, what);
  JsonFields fields(value, what);
  if (fields.has("format")) check_format(fields, what);
  DrillEvidence evidence;
  const auto id = parse_snapshot_text(fields.text("snapshot"));
  if (!id) fields.fail("snapshot", "names no snapshot");
  evidence.id = *id;
  if (fields.has(member_job)) evidence.job = fields.text(member_job);
  evidence.archive_sha256 = fields.sha256("archive_sha256");
  evidence.drilled = fields.time("drilled");
  if (fields.has(member_engine)) evidence.engine = fields.text(member_engine);
  evidence.restore_duration = read_seconds(fields, member_restore);
  evidence.duration = read_seconds(fields, member_duration);
  if (fields.has(member_opened_by)) evidence.opened_by = read_keys(fields);
  evidence.result = fields.text("result");
  evidence.verdict = verdict_of(evidence.result, fields);
  evidence.result = clip_text(evidence.result, result_bytes_max);
  return evidence;
}

DrillEvidence load_drill_evidence(Store& store, const std::string& key) {
  const auto source = store.open(key);
  const Bytes bytes = read_all(*source, evidence_bytes_max, format("drill evidence '{}'", key));
  return parse_drill_evidence(as_text(bytes), key);
}

}  // namespace lifeboat
