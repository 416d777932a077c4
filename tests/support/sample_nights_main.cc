// Writes a store with the past of a small fleet: what months of cron leave, in seconds, since the
// engine runs under a clock that is moved on from night to night. For the tests of `status` and
// `report`, and for looking at them.
//
//   lifeboat-sample-nights STORE NIGHTS NOW       (NOW as 2026-05-07T09:00:00Z)
//
// vps-h1 has seen everything: partial nights, a missing one, a killed run, a drill that failed on a
// night without n8n. vps-i1 is well. All drills and backups are real ones.

#include <cstdio>
#include <filesystem>
#include <string>

#include "base/format.h"
#include "engine/backup.h"
#include "engine/drill.h"
#include "store/dir_store.h"
#include "support/doubles.h"

namespace lifeboat::test {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;

// A byte takes time, as it does in life.
class SlowProgress final : public Progress {
 public:
  explicit SlowProgress(ManualClock& clock) : clock_(clock) {}
  void advance(uint64_t bytes) override {
    clock_.advance(microseconds(300) * static_cast<int64_t>(bytes));
  }

 private:
  ManualClock& clock_;
};

BackupService command(const std::string& name, const std::string& script) {
  BackupService made;
  made.service.name = name;
  made.service.recipe = "command";
  made.service.settings.set("command", std::vector<std::string>{"bash", "-c", script});
  made.service.settings.set("output", name + ".txt");
  return made;
}

class Fleet {
 public:
  Fleet(const std::filesystem::path& place, Timestamp now)
      : place_(place), now_(now), store_(DirStore::make(place, random_)) {
    const std::filesystem::path work = place.native() + ".work";
    for (const char* name : {"lock", "spool", "state", "scratch"}) {
      std::filesystem::create_directories(work / name);
    }
    work_ = work;
    identity_.push_back(age::Identity::generate(random_));
  }
  ~Fleet() { std::filesystem::remove_all(work_); }

  // `ago`: how many nights before the last one.
  void night(int ago, int nights) {
    const Timestamp at = floor<days>(now_) - days(ago) + hours(2);
    if (at > now_) return;
    const int index = nights - 1 - ago;
    const int size = 200'000 + index * 1'500 + static_cast<int>(random_.below(9'000));
    if (ago != 19) h1(at, ago, size);
    std::vector<BackupService> traccar{
        command("traccar", format("head -c {} /dev/urandom", size / 3))};
    SnapshotId id = backup("vps-i1", "nightly", at + minutes(25), traccar);
    if (ago % 28 == 3) drill(id, at + hours(3));
    const std::chrono::weekday day(floor<days>(at));
    if (day != std::chrono::Sunday) return;
    id = backup("vps-i1", "weekly", at + hours(1),
                {command("mail", format("head -c {} /dev/urandom", size / 2))});
    if (ago < 7) drill(id, at + hours(4));
  }

 private:
  void h1(Timestamp at, int ago, int size) {
    const bool is_partial = ago == 8 || ago == 33 || ago == 34;
    const SnapshotId id =
        backup("vps-h1", "nightly", at,
               {command("n8n", format("head -c {} /dev/urandom", size)),
                command("waha", format("head -c {} /dev/urandom", size / 4)),
                command("grafana", is_partial ? "echo 'connect: refused' >&2; exit 1"
                                              : "head -c 30000 /dev/urandom")});
    if (ago % 7 == 1) drill(id, at + hours(3));
    if (ago == 13) store_->remove(id.manifest_key());  // killed before its last object
  }

  SnapshotId backup(const std::string& host, const std::string& job, Timestamp at,
                    std::vector<BackupService> services) {
    clock_.set(print_time(at));
    BackupRequest request;
    request.host = host;
    request.job = job;
    request.services = std::move(services);
    request.recipients = {identity_.front().recipient()};
    request.workers = 1;
    request.config_text = format("host: {}\n", host);
    request.lock_dir = work_ / "lock";
    request.monthly_months = 12;
    Environment world = environment();
    return run_backup(request, world).id;
  }
  void drill(const SnapshotId& id, Timestamp at) {
    if (at > now_) return;
    clock_.set(print_time(at));
    DrillRequest request;
    request.id = id;
    request.identities = identity_;
    request.scratch_dir = work_ / "scratch";
    Environment world = environment();
    run_drill(request, world);
  }
  Environment environment() {
    return {*store_,   recipes_,        clock_, random_,         {},
            progress_, work_ / "spool", {},     work_ / "state", work_ / "none.sock"};
  }

  std::filesystem::path place_;
  std::filesystem::path work_;
  Timestamp now_;
  SeededRandom random_;
  ManualClock clock_;
  SlowProgress progress_{clock_};
  RecipeRegistry recipes_;
  std::unique_ptr<DirStore> store_;
  std::vector<age::Identity> identity_;
};

}  // namespace
}  // namespace lifeboat::test

int main(int count, char** arguments) {
  if (count != 4) {
    std::fputs("usage: lifeboat-sample-nights STORE NIGHTS NOW\n", stderr);
    return 2;
  }
  const int nights = std::stoi(arguments[2]);
  lifeboat::test::Fleet fleet(arguments[1], lifeboat::parse_time(arguments[3]));
  for (int ago = nights - 1; ago >= 0; --ago) fleet.night(ago, nights);
  return 0;
}
