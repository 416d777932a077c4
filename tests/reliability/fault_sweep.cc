// Lets every effect that a backup, a restore and a drill have on the world fail, one a run, and
// judges what is left: the exit code, the snapshot, the container, scratch and spool, processes,
// uploads, the message, and the run after it.
//
//   fault_sweep LIFEBOAT PRELOAD
//
// The long form takes every effect; the short one, of those with the same call stack, the first,
// and of the stacks of one call as many as fit. LIFEBOAT_SWEEP="dir restore" is one flow alone.
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <set>

#include "base/format.h"
#include "base/json.h"
#include "base/text.h"
#include "reliability/counts.h"
#include "reliability/sweep_world.h"

namespace lifeboat::test {
namespace {

namespace fs = std::filesystem;

struct Flow {
  std::string name;  // "backup"
  std::string what;  // of the closing table
  std::vector<std::string> arguments;
  size_t short_max;  // effects in the short form
};

class Sweep {
 public:
  Sweep(SweepWorld& world, std::string store) : world_(world), store_(std::move(store)) {
    expect_good(world_.run({"backup"}, std::nullopt, false), "the first backup");
    world_.keep_store();
    const fs::path restored = world_.place("restored");
    expect_good(world_.run({"restore", "latest", "--to", restored}), "the first restore");
    for (auto& [path, content] : read_tree(restored)) {
      if (path.find('/') != std::string::npos) good_[path] = content;
    }
  }

  // Returns how many effects failed.
  size_t flow(const Flow& flow);
  const std::map<std::string, size_t>& kinds() const { return kinds_; }
  size_t faults() const { return faults_; }

 private:
  void expect_good(const SweepRun& run, const std::string& what) {
    if (run.status == 0) return;
    std::cout << what << " ended with " << run.status << ": " << run.talk << std::endl;
    std::exit(1);
  }
  void prepare(const std::string& flow);
  std::vector<SweepFault> choose(const Flow& flow, const std::vector<SweepEffect>& effects) const;
  void judge(const Flow& flow, const SweepFault& fault, const SweepRun& run);
  void judge_backup(const SweepFault& fault, const SweepRun& run);
  void judge_restore(const SweepFault& fault, const SweepRun& run);
  void judge_drill(const SweepRun& run);
  void judge_next(const Flow& flow);
  void judge_restored(const Json& manifest);
  std::string daily_manifest() const;
  void bad(const std::string& what) { complaints_.push_back(what); }

  SweepWorld& world_;
  std::string store_;
  Tree good_;
  std::vector<std::string> complaints_;
  std::map<std::string, size_t> kinds_;
  size_t faults_ = 0;
};

void Sweep::prepare(const std::string& flow) {
  world_.reset();
  if (flow != "backup") return;
  // As on a new host: nothing is stored yet.
  world_.forget_store();
}

std::vector<SweepFault> Sweep::choose(const Flow& flow,
                                      const std::vector<SweepEffect>& effects) const {
  std::vector<SweepFault> all;
  for (const SweepEffect& one : effects) {
    if (!long_form() && one.occurrence > 0) continue;
    all.push_back({one, false});
    if (one.can_be_short) all.push_back({one, true});
  }
  if (long_form() || all.size() <= flow.short_max) return all;
  // As many of each call as is its share, at least one, from the first to the last.
  std::map<std::string, std::vector<SweepFault>> calls;
  for (const SweepFault& one : all) {
    calls[one.effect.call + (one.is_short ? " short" : "")].push_back(one);
  }
  std::vector<SweepFault> chosen;
  for (const auto& [call, faults] : calls) {
    const size_t share = std::max<size_t>(1, faults.size() * flow.short_max / all.size());
    for (size_t at = 0; at < share; ++at) chosen.push_back(faults[at * faults.size() / share]);
  }
  return chosen;
}

std::string Sweep::daily_manifest() const {
  for (const std::string& key : world_.manifests()) {
    if (key.find("/monthly/") == std::string::npos) return key;
  }
  return "";
}

// What the manifest calls safe is there, byte for byte.
void Sweep::judge_restored(const Json& manifest) {
  const fs::path to = world_.place("restored");
  fs::remove_all(to);
  const SweepRun restored = world_.run({"restore", "latest", "--to", to}, std::nullopt, false);
  if (restored.status != 0 && restored.status != 8) {
    bad(format("the snapshot does not restore ({}): {}", restored.status, restored.talk));
  }
  const Tree tree = read_tree(to);
  for (const Json& service : manifest["services"]) {
    const std::string name = service["name"];
    if (!service["ok"].get<bool>()) continue;
    for (const auto& [path, content] : good_) {
      if (!path.starts_with(name + "/")) continue;
      const auto found = tree.find(path);
      if (found == tree.end()) {
        bad(format("'{}' is not in the snapshot", path));
      } else if (found->second != content) {
        bad(format("'{}' is restored as something else", path));
      }
    }
  }
  fs::remove_all(to);
}

void Sweep::judge_backup(const SweepFault& fault, const SweepRun& run) {
  const std::string key = daily_manifest();
  const bool says_good = run.status == 0 || run.status == 8;
  if (says_good && key.empty()) bad("it says that there is a snapshot, and there is none");
  if (!key.empty()) judge_restored(parse_json(world_.object(key), key));
  // An upload whose beginning was answered into a broken connection has a name that nobody knows:
  // the next run finds it.
  const bool is_unknown = fault.effect.kind == "http" || fault.effect.call == "poll";
  const bool removes = fault.effect.call.starts_with("unlink");
  if (!world_.store_rubbish().empty() && !is_unknown && !removes) {
    bad(format("left: {}", join(world_.store_rubbish(), ", ")));
  }
  if (run.status == 0 && !key.empty()) {
    const bool monthly = world_.manifests().size() > 1;
    if (!monthly && !world_.was_told()) bad("no monthly copy, and nobody was told");
  }
}

void Sweep::judge_restore(const SweepFault& fault, const SweepRun& run) {
  const fs::path to = world_.place("restored");
  if (run.status == 7) bad("it blames the snapshot");
  if (run.status != 0) {
    // Where its last words did not get through to stdout, it is there and must be whole.
    const bool is_whole = run.talk.find("write to standard output") != std::string::npos;
    if (!is_whole && fs::exists(to)) bad("half a restore is left under its final name");
    if (run.talk.find("lifeboat: ") == std::string::npos && fault.effect.call != "write") {
      bad("no word on stderr");
    }
    if (!is_whole) return;
  }
  const Tree tree = read_tree(to);
  for (const auto& [path, content] : good_) {
    const auto found = tree.find(path);
    if (found == tree.end() || found->second != content) bad(format("'{}' is not whole", path));
  }
}

void Sweep::judge_drill(const SweepRun& run) {
  const bool says_ok = run.output.find("RESTORE OK") != std::string::npos;
  if (run.status != 0 && says_ok && run.output.find("RESTORE FAILED") != std::string::npos) {
    bad("it says both OK and FAILED");
  }
  if (run.status == 0 && !says_ok) bad("it ended with 0 and does not say RESTORE OK");
  const std::vector<std::string> stored = world_.keys();
  const bool has_evidence = std::any_of(stored.begin(), stored.end(), [](const std::string& key) {
    return key.find("/drills/") != std::string::npos;
  });
  if (run.status == 0 && !has_evidence && !world_.was_told()) bad("no evidence, and no word");
}

// Nothing fails any more: all is well again, and what was left is gone.
void Sweep::judge_next(const Flow& flow) {
  if (flow.name == "restore") return;
  const SweepRun next = world_.run(flow.arguments, std::nullopt, false);
  if (next.status != 0) bad(format("the next run ended with {}: {}", next.status, next.talk));
  if (world_.container_is_down()) bad("the container is down after the next run");
  for (const std::string& left : world_.rubbish()) bad(format("left by the next run: {}", left));
  for (const std::string& left : world_.store_rubbish()) bad("left by the next run: " + left);
  if (flow.name == "backup" && world_.manifests().size() < 2) {
    bad("no monthly copy after the next run");
  }
}

void Sweep::judge(const Flow& flow, const SweepFault& fault, const SweepRun& run) {
  if (run.hung) return bad("it hangs");
  const std::set<int> documented{0, 3, 4, 5, 6, 7, 8, 10};
  if (!documented.contains(run.status)) bad(format("exit code {}", run.status));
  if (fault.is_short && run.status != 0) bad(format("it fails with {}", run.status));
  if (run.orphans > 0) bad("a process outlived it");
  if (world_.container_is_down()) bad("the container is down");
  for (const std::string& left : world_.rubbish()) bad(format("left: {}", left));
  // Before the configuration there is nobody to tell but stderr.
  const bool is_early = fault.effect.call == "eventfd" && !run.talk.empty();
  if (run.status != 0 && flow.name != "restore" && !is_early && !world_.was_told()) {
    bad("nobody was told");
  }
  if (flow.name == "backup") judge_backup(fault, run);
  if (flow.name == "restore") judge_restore(fault, run);
  if (flow.name == "drill") judge_drill(run);
  const bool is_clean = world_.rubbish().empty() && world_.store_rubbish().empty();
  if (run.status != 0 || !is_clean || long_form()) judge_next(flow);
}

size_t Sweep::flow(const Flow& flow) {
  prepare(flow.name);
  const SweepRun whole = world_.run(flow.arguments);
  expect_good(whole, flow.name);
  const std::vector<SweepFault> chosen = choose(flow, whole.effects);
  size_t failed = 0;
  std::map<int, size_t> codes;
  for (const SweepFault& fault : chosen) {
    prepare(flow.name);
    const SweepRun run = world_.run(flow.arguments, fault);
    // Timing decides about some effects: what was not met this time cannot be judged.
    const bool met = std::any_of(run.effects.begin(), run.effects.end(),
                                 [](const SweepEffect& one) { return one.failed; });
    if (!met) continue;
    failed += 1;
    codes[run.status] += 1;
    kinds_[fault.effect.kind] += 1;
    complaints_.clear();
    judge(flow, fault, run);
    if (complaints_.empty()) continue;
    faults_ += 1;
    std::cout << format("{} {}: {}{} (stack {} {}), exit {}: {}\n", store_, flow.name,
                        fault.effect.call, fault.is_short ? " in part" : "", fault.effect.stack,
                        fault.effect.occurrence, run.status, join(complaints_, "; "))
              << format("    {}", join(split(run.output + run.talk, '\n'), "\n    ")) << std::endl;
  }
  std::string told;
  for (const auto& [code, count] : codes) told += format(" {}x exit {}", count, code);
  std::cout << format("{} {}: {} effects, {} chosen, {} failed:{}", store_, flow.name,
                      whole.effects.size(), chosen.size(), failed, told)
            << std::endl;
  return failed;
}

}  // namespace

int sweep(const std::string& program, const std::string& preload) {
  const char* only = std::getenv("LIFEBOAT_SWEEP");
  std::map<std::string, size_t> sums;
  std::map<std::string, size_t> kinds;
  size_t faults = 0;
  for (const std::string store : {"dir", "s3"}) {
    SweepWorld world(program, preload, store == "s3");
    Sweep sweep(world, store);
    const std::string backup = "effects failed, one a run: backup and monthly copy";
    for (const Flow& flow : {Flow{"backup", backup, {"backup"}, store == "dir" ? 110U : 40U},
                             Flow{"restore",
                                  "effects failed, one a run: restore",
                                  {"restore", "latest", "--to", world.place("restored")},
                                  store == "dir" ? 50U : 20U},
                             Flow{"drill",
                                  "effects failed, one a run: drill",
                                  {"drill"},
                                  store == "dir" ? 50U : 20U}}) {
      if (only != nullptr && only != store + " " + flow.name) continue;
      sums[flow.what] += sweep.flow(flow);
    }
    for (const auto& [kind, count] : sweep.kinds()) kinds[kind] += count;
    faults += sweep.faults();
  }
  std::string told;
  for (const auto& [kind, count] : kinds) {
    told += format("{}{} {}", told.empty() ? "" : ", ", kind, count);
  }
  std::cout << "kinds: " << told << '\n' << faults << " with something wrong" << std::endl;
  if (only == nullptr) {
    for (const auto& [what, count] : sums) counted("fault sweep", what, std::to_string(count));
    counted("fault sweep", "of these by kind", told);
  }
  return faults == 0 ? 0 : 1;
}

}  // namespace lifeboat::test

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: fault_sweep LIFEBOAT PRELOAD\n";
    return 2;
  }
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  // Memory, where there is some: a disk's syncs would take most of the time.
  if (std::getenv("TMPDIR") == nullptr && ::access("/dev/shm", W_OK) == 0) {
    ::setenv("TMPDIR", "/dev/shm", 1);
  }
  return lifeboat::test::sweep(argv[1], argv[2]);
}
