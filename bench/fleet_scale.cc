// A bucket of thousands of hosts: what the commands that look at all of it ask for, and how long
// they compute.
//
//   fleet_scale HOSTS...           a table, for docs/SCALE.md
//   fleet_scale --check HOSTS...   fails unless the requests are as few as that page says
//
// The store is the real S3 client over a transport that makes its answers up from the request: a
// bucket of millions of keys takes no memory here, so that what is measured is ours. The network is
// not measured: its time is the number of requests times what one takes.

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "engine/bucket.h"
#include "engine/engine_test_kit.h"
#include "engine/watch.h"
#include "observe/full_state_test_kit.h"
#include "observe/metrics.h"
#include "scheduler/when.h"
#include "snapshot/catalog.h"
#include "store/s3/s3_test_kit.h"
#include "store/s3/s3_xml.h"

namespace lifeboat {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using Counts = std::map<std::string, uint64_t>;

const Timestamp now = parse_time("2026-11-28T07:00:00Z");
constexpr size_t page_keys = 1000;
constexpr size_t dailies = 31;
constexpr size_t monthlies = 13;
constexpr size_t drills = 57;  // weekly, kept 400 days
constexpr uint64_t archive_bytes = uint64_t{3} << 30;

std::string host_name(size_t number) { return format("host-{:05}", number); }

// One object of a host, its key without the host.
struct Item {
  std::string rest;
  uint64_t size = 0;
  Timestamp modified{};
};

// What every host holds, in the order of the keys.
std::vector<Item> items_of_host() {
  std::vector<Item> items;
  const auto add = [&](const std::string& key, uint64_t size, Timestamp modified) {
    items.push_back({key.substr(key.find('/')), size, modified});
  };
  const auto add_snapshot = [&](const SnapshotId& id, Timestamp modified) {
    add(id.archive_key(), archive_bytes, modified);
    add(id.index_key(), 20000, modified + minutes(4));
    add(id.manifest_key(), 3000, modified + minutes(5));
  };
  for (size_t age = 0; age < dailies; ++age) {
    const Timestamp start = now - days(age) - hours(5);
    add_snapshot({"h", date_of(start), ""}, start);
  }
  for (size_t age = 0; age < monthlies; ++age) {
    const Date month = date_of(now) - std::chrono::months(age);
    const Timestamp start = std::chrono::sys_days(month.year() / month.month() / 1) + hours(2);
    add_snapshot(monthly_of({"h", date_of(start), ""}), start);
  }
  for (size_t age = 0; age < drills; ++age) {
    const Timestamp time = now - days(7 * age) - hours(3);
    add(drill_key("h", time, true), 2000, time);
  }
  std::sort(items.begin(), items.end(),
            [](const Item& left, const Item& right) { return left.rest < right.rest; });
  return items;
}

// Answers listings and manifests of a bucket with so many equal hosts.
class FleetTransport final : public S3Transport {
 public:
  FleetTransport(size_t hosts, Counts& counts) : hosts_(hosts), counts_(counts) {}

  S3Response send(const S3Request& request, Timestamp) override {
    if (request.method == "GET" && !request.key.empty()) return manifest(request);
    for (const auto& [name, value] : request.query) {
      if (name == "list-type") return list(request);
      if (name == "lifecycle") return lifecycle();
      if (name == "versioning") return ok("<VersioningConfiguration/>", request);
      if (name == "object-lock") return unset("ObjectLockConfigurationNotFoundError");
      if (name == "policy") return unset("NoSuchBucketPolicy");
      if (name == "encryption") return unset("ServerSideEncryptionConfigurationNotFoundError");
    }
    throw Bug(format("the fleet's bucket is not asked to {} '{}'", request.method, request.key));
  }

 private:
  static S3Response ok(std::string body, const S3Request& request) {
    S3Response response{.status = 200, .headers = {}, .body = {}};
    response.headers.emplace_back("content-length", std::to_string(body.size()));
    if (request.on_body) {
      request.on_body(as_bytes(body));
    } else {
      response.body = std::move(body);
    }
    return response;
  }
  S3Response unset(const std::string& code) {
    ++counts_["settings"];
    return {.status = 404, .headers = {}, .body = format("<Error><Code>{}</Code></Error>", code)};
  }

  std::string key_of(size_t number) const {
    return host_name(number / items_.size()) + items_[number % items_.size()].rest;
  }
  // The first key that does not come before `text`.
  size_t lower_bound(std::string_view text) const {
    size_t from = 0;
    size_t to = hosts_ * items_.size();
    while (from < to) {
      const size_t middle = from + (to - from) / 2;
      if (key_of(middle) < text) {
        from = middle + 1;
      } else {
        to = middle;
      }
    }
    return from;
  }

  S3Response list(const S3Request& request) {
    ++counts_["LIST"];
    std::string prefix;
    std::optional<size_t> at;
    size_t keys_max = page_keys;
    for (const auto& [name, value] : request.query) {
      if (name == "prefix") prefix = value;
      if (name == "continuation-token") at = std::stoull(value);
      if (name == "max-keys") keys_max = std::min(keys_max, size_t{std::stoull(value)});
    }
    if (!at) at = lower_bound(prefix);
    std::string body = "<ListBucketResult><EncodingType>url</EncodingType>";
    size_t count = 0;
    for (; *at < hosts_ * items_.size() && count < keys_max; ++*at, ++count) {
      const std::string key = key_of(*at);
      if (!key.starts_with(prefix)) break;
      const Item& item = items_[*at % items_.size()];
      body +=
          format("<Contents><Key>{}</Key><LastModified>{}</LastModified><Size>{}</Size></Contents>",
                 key, print_time(item.modified), item.size);
    }
    const bool more = *at < hosts_ * items_.size() && key_of(*at).starts_with(prefix);
    body += format("<IsTruncated>{}</IsTruncated>", more);
    if (more) body += format("<NextContinuationToken>{}</NextContinuationToken>", *at);
    return ok(body + "</ListBucketResult>", request);
  }

  S3Response manifest(const S3Request& request) {
    ++counts_["GET"];
    const auto id = parse_manifest_key(request.key);
    ensure(id.has_value(), "only manifests are read");
    Manifest manifest;
    manifest.tool = "lifeboat";
    manifest.host = id->host;
    manifest.job = "nightly";
    manifest.started = manifest.finished = std::chrono::sys_days(id->date) + hours(2);
    manifest.archive_key = id->archive_key();
    manifest.index_key = id->index_key();
    manifest.archive.bytes = archive_bytes;
    manifest.archive.sha256 = manifest.raw.sha256 = manifest.index.sha256 = std::string(64, '0');
    return ok(print_manifest(manifest), request);
  }

  // Of as many hosts as a bucket takes.
  S3Response lifecycle() {
    ++counts_["settings"];
    std::vector<LifecycleRule> rules;
    for (size_t number = 0; number < std::min<size_t>(hosts_, 200); ++number) {
      for (LifecycleRule& rule : lifecycle_rules(host_name(number), {}, false)) {
        rules.push_back(std::move(rule));
      }
    }
    return {.status = 200, .headers = {}, .body = print_s3_lifecycle(rules)};
  }

  size_t hosts_;
  Counts& counts_;
  const std::vector<Item> items_ = items_of_host();
};

// One command's work on a fleet, in a process of its own, so that its peak memory is its own.
struct Measured {
  uint64_t lists = 0;
  uint64_t gets = 0;
  double seconds = 0;
  uint64_t peak_bytes = 0;
};

Measured measure(size_t hosts, const std::function<void(S3Store&, size_t)>& work) {
  int ends[2];
  if (::pipe(ends) != 0) throw system_error(ErrorKind::limit, "make a pipe", errno);
  const pid_t child = ::fork();
  if (child < 0) throw system_error(ErrorKind::limit, "start a process", errno);
  if (child == 0) {
    ::close(ends[0]);
    Counts counts;
    SystemClock clock;
    test::SeededRandom random;
    S3Options options = test::scripted_s3_options({});
    options.download_block_bytes = 4 << 20;
    S3Store store(options, std::make_unique<FleetTransport>(hosts, counts), clock, random);
    const auto begin = clock.steady_now();
    try {
      work(store, hosts);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
      ::_exit(1);
    }
    struct rusage used {};
    ::getrusage(RUSAGE_SELF, &used);
    const Measured result{counts["LIST"], counts["GET"],
                          std::chrono::duration<double>(clock.steady_now() - begin).count(),
                          static_cast<uint64_t>(used.ru_maxrss) * 1024};
    const bool written = ::write(ends[1], &result, sizeof result) == sizeof result;
    ::_exit(written ? 0 : 1);
  }
  ::close(ends[1]);
  Measured result;
  const bool read = ::read(ends[0], &result, sizeof result) == sizeof result;
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!read || status != 0) throw Error(ErrorKind::limit, "measure a fleet: the work failed");
  return result;
}

void must(bool condition, const char* what) {
  if (!condition) throw Error(ErrorKind::verification, what);
}

void watch_all(S3Store& store, size_t hosts) {
  WatchRequest request;
  request.now = now;
  for (size_t number = 0; number < hosts; ++number)
    request.expected.push_back({host_name(number), ""});
  const WatchReport report = watch_store(store, request);
  must(report.hosts.size() == hosts && report.is_good(), "every host is well");
}

void list_one(S3Store& store, size_t hosts) {
  const auto ids = list_snapshots(store, host_name(hosts / 2));
  must(ids.size() == dailies + monthlies, "a host's snapshots are found");
  for (const SnapshotId& id : ids) load_manifest(store, id, {});
}

void list_all_names(S3Store& store, size_t hosts) {
  must(list_snapshots(store, "").size() == hosts * (dailies + monthlies), "all are found");
}

void audit(S3Store& store, size_t hosts) {
  BucketRequest request;
  request.now = now;
  const BucketAudit result = audit_bucket(store, request);
  must(result.hosts.size() == hosts, "every host is audited");
  must(result.is_good(), "no rule ends anything early");
}

void lifecycle(S3Store& store, size_t hosts) {
  BucketRequest request;
  request.now = now;
  try {
    must(plan_lifecycle(store, request).merged.size() == 5 * hosts, "five rules a host");
    must(hosts <= 200, "more than a bucket takes is refused");
  } catch (const Error& error) {
    must(error.kind() == ErrorKind::limit && hosts > 200, "200 hosts fit into a bucket");
  }
}

struct Task {
  const char* name;
  void (*work)(S3Store&, size_t);
  bool lists_all;
  uint64_t gets;
};
constexpr std::array<Task, 5> tasks{{{"watch, all hosts", watch_all, true, 0},
                                     {"list, names only", list_all_names, true, 0},
                                     {"list --host H", list_one, false, dailies + monthlies},
                                     {"bucket audit", audit, true, 0},
                                     {"bucket lifecycle", lifecycle, true, 0}}};

// Requests of one nightly run, the month's copy included, on a bucket of its own.
Counts nightly_requests() {
  test::S3World world({}, [](S3Options& options) { options.part_bytes = 8 << 20; });
  test::EngineKit kit(world.store.get());
  kit.clock.set(print_time(world.clock.now()));
  BackupRequest request = kit.request({kit.files()});
  request.monthly_months = 12;
  kit.backup(request);  // the copy of the month
  kit.clock.advance(days(1));
  world.server.reset_counts();
  kit.backup(request);
  return world.server.counts().requests;
}

uint64_t samples_of_host() {
  uint64_t samples = 0;
  for (const std::string& line : split(print_metrics(test::full_state()), '\n')) {
    if (!line.empty() && line.front() != '#') ++samples;
  }
  return samples;
}

// Of hosts with the schedule "daily": how many begin in the busiest minute.
size_t busiest_minute(size_t hosts) {
  std::map<std::string, size_t> starts;
  size_t most = 0;
  for (size_t number = 0; number < hosts; ++number) {
    most = std::max(most, ++starts[cron_fields("daily", host_name(number), "backup-nightly")]);
  }
  return most;
}

int run(const std::vector<size_t>& fleets, bool checks) {
  const size_t objects = items_of_host().size();
  std::printf("%zu objects a host: %zu nightlies, %zu monthly copies, %zu drills' evidence\n",
              objects, dailies, monthlies, drills);
  std::printf("| hosts | command | LIST | GET | seconds here | peak memory |\n");
  std::printf("| ---: | --- | ---: | ---: | ---: | ---: |\n");
  for (const size_t hosts : fleets) {
    const uint64_t pages = (hosts * objects + page_keys - 1) / page_keys;
    for (const Task& task : tasks) {
      const Measured measured = measure(hosts, task.work);
      std::printf("| %zu | %s | %lu | %lu | %.2f | %s |\n", hosts, task.name, measured.lists,
                  measured.gets, measured.seconds, print_bytes(measured.peak_bytes).c_str());
      std::fflush(stdout);
      if (!checks) continue;
      must(measured.lists == (task.lists_all ? pages : 1), "as many LIST requests as pages");
      must(measured.gets == task.gets, "no more GET requests than manifests of one host");
    }
  }
  for (const size_t hosts : fleets) {
    const size_t most = busiest_minute(hosts);
    std::printf("of %zu hosts with 'daily', %zu start in the busiest minute\n", hosts, most);
    // Two hours of minutes; three times the mean and a few are never seen of an even spread.
    must(!checks || most <= 3 * hosts / 120 + 6, "starts are spread");
  }
  std::printf("\na night of one host:");
  uint64_t all = 0;
  for (const auto& [operation, count] : nightly_requests()) {
    std::printf(" %s %lu", operation.c_str(), count);
    all += count;
  }
  std::printf("; %lu requests and one a part\n", all);
  must(!checks || all <= 20, "a night takes 20 requests at most");
  const uint64_t samples = samples_of_host();
  std::printf("samples of a host with two jobs, two services and two notifiers: %lu\n", samples);
  must(!checks || samples <= 60, "a host has 60 samples at most");
  return 0;
}

}  // namespace
}  // namespace lifeboat

int main(int count, char** arguments) {
  bool checks = false;
  std::vector<size_t> fleets;
  for (int at = 1; at < count; ++at) {
    const std::string_view text = arguments[at];
    size_t hosts = 0;
    if (text == "--check") {
      checks = true;
    } else if (std::from_chars(text.data(), text.data() + text.size(), hosts).ec == std::errc() &&
               hosts > 0 && hosts <= 100'000) {
      fleets.push_back(hosts);
    } else {
      std::fprintf(stderr, "usage: fleet_scale [--check] HOSTS...\n");
      return 2;
    }
  }
  try {
    return lifeboat::run(fleets, checks);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "fleet_scale: %s\n", error.what());
    return 1;
  }
}
