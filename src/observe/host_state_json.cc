#include "observe/host_state_json.h"

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "base/json.h"
#include "base/text.h"

namespace lifeboat {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr uint64_t format_number = 1;
constexpr uint64_t duration_max_ms = 1'000'000'000'000;  // 31 years: as nanoseconds it fits
constexpr uint64_t stale_max_seconds = 4'000'000'000;
constexpr size_t text_max_bytes = 1000;

// Printable, and at most `text_max_bytes` long; never cut within a letter.
std::string bounded(std::string_view text) {
  std::string safe = printable(text);
  if (safe.size() <= text_max_bytes) return safe;
  size_t end = text_max_bytes;
  while (end > 0 && (static_cast<unsigned char>(safe[end]) & 0xC0) == 0x80) --end;
  return safe.substr(0, end) + "…";
}

// One object, read by its members' names.
class Reader {
 public:
  explicit Reader(const Json& object) : object_(object) {
    if (!object.is_object()) throw Error(ErrorKind::verification, "an entry is not an object");
  }

  std::string text(const char* name) const {
    const Json* found = find(name);
    if (found == nullptr) return {};
    if (!found->is_string()) fail(name, "is not a text");
    return bounded(found->get_ref<const std::string&>());
  }
  uint64_t number(const char* name, uint64_t max = UINT64_MAX) const {
    const Json* found = find(name);
    if (found == nullptr) return 0;
    if (!found->is_number_unsigned() || found->get<uint64_t>() > max) {
      fail(name, format("is not a whole number up to {}", max));
    }
    return found->get<uint64_t>();
  }
  int status() const { return static_cast<int>(number("status", 255)); }
  bool flag(const char* name) const {
    const Json* found = find(name);
    if (found == nullptr) return false;
    if (!found->is_boolean()) fail(name, "is not true or false");
    return found->get<bool>();
  }
  std::optional<Timestamp> time(const char* name) const {
    const Json* found = find(name);
    if (found == nullptr) return std::nullopt;
    if (!found->is_string()) fail(name, "is not a time");
    try {
      return parse_time(found->get_ref<const std::string&>());
    } catch (const Error&) {
      fail(name, "is not a time");
    }
  }
  milliseconds duration(const char* name) const {
    return milliseconds(number(name, duration_max_ms));
  }
  // Calls `read` with a Reader for each entry of a list.
  template <typename Read>
  void each(const char* name, Read&& read) const {
    const Json* found = find(name);
    if (found == nullptr) return;
    if (!found->is_array()) fail(name, "is not a list");
    for (const Json& entry : *found) read(Reader(entry));
  }
  const Json* find(const char* name) const {
    const auto found = object_.find(name);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }

 private:
  [[noreturn]] static void fail(const char* name, std::string_view fault) {
    throw Error(ErrorKind::verification, format("member '{}' {}", name, fault));
  }

  const Json& object_;
};

void set_time(Json& object, const char* name, const std::optional<Timestamp>& time) {
  if (time) object[name] = print_time(*time);
}

uint64_t count_ms(std::chrono::nanoseconds duration) {
  const auto ms = std::chrono::duration_cast<milliseconds>(duration).count();
  return std::min(static_cast<uint64_t>(std::max<int64_t>(ms, 0)), duration_max_ms);
}

uint64_t count_seconds(seconds duration) {
  return std::min(static_cast<uint64_t>(std::max<int64_t>(duration.count(), 0)), stale_max_seconds);
}

Json json_of(const ServiceState& service) {
  Json object{{"name", bounded(service.name)}, {"ok", service.ok}};
  set_time(object, "last_success", service.last_success);
  object["source_bytes"] = service.source_bytes;
  object["items"] = Json::array();
  for (const ItemCount& count : service.items) {
    object["items"].push_back({{"item", bounded(count.item)}, {"count", count.count}});
  }
  return object;
}

Json json_of(const JobState& job) {
  Json object{{"name", bounded(job.name)}, {"last_run", print_time(job.last_run)}};
  set_time(object, "last_success", job.last_success);
  object["status"] = job.status;
  object["error"] = bounded(job.error);
  object["snapshot"] = bounded(job.snapshot);
  object["duration_ms"] = count_ms(job.duration);
  object["archive_bytes"] = job.archive_bytes;
  object["raw_bytes"] = job.raw_bytes;
  object["members"] = job.members;
  object["services"] = Json::array();
  for (const ServiceState& service : job.services) object["services"].push_back(json_of(service));
  if (job.stale_after) object["stale_after_seconds"] = count_seconds(*job.stale_after);
  return object;
}

Json json_of(const DrillState& drill) {
  Json object{{"host", bounded(drill.host)},
              {"job", bounded(drill.job)},
              {"last_run", print_time(drill.last_run)}};
  set_time(object, "last_success", drill.last_success);
  object["status"] = drill.status;
  object["result"] = bounded(drill.result);
  object["error"] = bounded(drill.error);
  object["restore_duration_ms"] = count_ms(drill.restore_duration);
  object["duration_ms"] = count_ms(drill.duration);
  return object;
}

Json json_of(const ActivityState& activity) {
  return {{"name", bounded(activity.name)},
          {"last_run", print_time(activity.last_run)},
          {"status", activity.status},
          {"error", bounded(activity.error)}};
}

Json json_of(const NotifierState& notifier) {
  Json object{{"name", bounded(notifier.name)},
              {"target_id", bounded(notifier.target_id)},
              {"dead", notifier.dead},
              {"failing", notifier.failing}};
  set_time(object, "last_success", notifier.last_success);
  set_time(object, "last_failure", notifier.last_failure);
  object["failures_total"] = notifier.failures_total;
  object["error"] = bounded(notifier.error);
  return object;
}

Json json_of(const Shelf& shelf) {
  Json object{{"dailies", shelf.dailies}};
  set_time(object, "oldest_expires", shelf.oldest_expires);
  set_time(object, "newest_expires", shelf.newest_expires);
  return object;
}

template <typename Entry>
Json list_of(const std::vector<Entry>& entries) {
  Json list = Json::array();
  for (const Entry& entry : entries) list.push_back(json_of(entry));
  return list;
}

ServiceState read_service(const Reader& from) {
  ServiceState service{.name = from.text("name"),
                       .ok = from.flag("ok"),
                       .last_success = from.time("last_success"),
                       .source_bytes = from.number("source_bytes"),
                       .items = {}};
  from.each("items", [&](const Reader& count) {
    service.items.push_back({count.text("item"), count.number("count")});
  });
  return service;
}

void read_job(const Reader& from, JobState& job) {
  job.last_run = from.time("last_run").value_or(Timestamp{});
  job.last_success = from.time("last_success");
  job.status = from.status();
  job.error = from.text("error");
  job.snapshot = from.text("snapshot");
  job.duration = from.duration("duration_ms");
  job.archive_bytes = from.number("archive_bytes");
  job.raw_bytes = from.number("raw_bytes");
  job.members = from.number("members");
  job.services.clear();
  from.each("services",
            [&](const Reader& service) { job.services.push_back(read_service(service)); });
  job.stale_after.reset();
  if (from.find("stale_after_seconds") != nullptr) {
    job.stale_after = seconds(from.number("stale_after_seconds", stale_max_seconds));
  }
}

void read_drill(const Reader& from, DrillState& drill) {
  drill.last_run = from.time("last_run").value_or(Timestamp{});
  drill.last_success = from.time("last_success");
  drill.status = from.status();
  drill.result = from.text("result");
  drill.error = from.text("error");
  drill.restore_duration = from.duration("restore_duration_ms");
  drill.duration = from.duration("duration_ms");
}

void read_activity(const Reader& from, ActivityState& activity) {
  activity.last_run = from.time("last_run").value_or(Timestamp{});
  activity.status = from.status();
  activity.error = from.text("error");
}

void read_notifier(const Reader& from, NotifierState& notifier) {
  notifier.target_id = from.text("target_id");
  notifier.dead = from.flag("dead");
  notifier.failing = from.flag("failing");
  notifier.last_success = from.time("last_success");
  notifier.last_failure = from.time("last_failure");
  notifier.failures_total = from.number("failures_total");
  notifier.error = from.text("error");
}

}  // namespace

std::string print_host_state(const HostState& state) {
  Json object{{"format", format_number},
              {"host", bounded(state.host)},
              {"jobs", list_of(state.jobs)},
              {"drills", list_of(state.drills)},
              {"activities", list_of(state.activities)},
              {"notifiers", list_of(state.notifiers)}};
  if (state.shelf) object["shelf"] = json_of(*state.shelf);
  return print_json(object);
}

HostState parse_host_state(std::string_view text) {
  const Json json = parse_json(text, "the state");
  const Reader from(json);
  const uint64_t number = from.number("format");
  if (number == 0) throw Error(ErrorKind::verification, "member 'format' is missing");
  if (number > format_number) {
    throw Error(ErrorKind::verification, format("a newer Lifeboat wrote it (format {})", number));
  }
  HostState state;
  state.host = from.text("host");
  from.each("jobs", [&](const Reader& job) { read_job(job, state.job(job.text("name"))); });
  from.each("drills", [&](const Reader& drill) {
    read_drill(drill, state.drill(drill.text("host"), drill.text("job")));
  });
  from.each("activities", [&](const Reader& activity) {
    read_activity(activity, state.activity(activity.text("name")));
  });
  from.each("notifiers", [&](const Reader& notifier) {
    read_notifier(notifier, state.notifier(notifier.text("name")));
  });
  if (const Json* shelf = from.find("shelf")) {
    const Reader reader(*shelf);
    state.shelf = Shelf{.dailies = reader.number("dailies"),
                        .oldest_expires = reader.time("oldest_expires"),
                        .newest_expires = reader.time("newest_expires")};
  }
  return state;
}

}  // namespace lifeboat
