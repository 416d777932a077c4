// Lets every effect that a backup, a restore and a drill have on the world fail, one a run, and
// judges what is left: the exit code, the snapshot, the container, scratch and spool, processes,
// uploads, the message, and the run after it.
//
//   fault_sweep LIFEBOAT PRELOAD
//
// The long form takes every effect, of those with the same call stack the first two and the last;
// the short one the first, and of the stacks of one call as many as fit. LIFEBOAT_SWEEP="dir
// restore" is one flow alone, "dir restore 2/5" the second of five parts, each with all kinds;
// LIFEBOAT_SWEEP_CALL="recv" is that call alone, with all its stacks. The two stores are swept at
// the same time.
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <set>

#include "base/format.h"
#include "base/json.h"
#include "base/text.h"
#include "io/fd.h"
#include "reliability/counts.h"
#include "reliability/sweep_world.h"

namespace lifeboat::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* what_of_backup = "effects failed, one a run: backup and monthly copy";
constexpr const char* what_of_uploads = "uploads without a known name, gone after the next run";
constexpr const char* what_of_faults = "with something wrong";
constexpr uint64_t results_bytes_max = 1 << 16;

struct SweepRequest {
  std::string program;
  std::string preload;
  std::string only;  // of LIFEBOAT_SWEEP; empty: all
  std::string call;  // of LIFEBOAT_SWEEP_CALL: "recv" alone; empty: all
};

// What is said of words that did not get through to stdout.
constexpr std::string_view unprinted = "write to standard output";

// The hundredth block of a file fails as the third does: of one call stack so many, and the last.
constexpr unsigned occurrences_max = 2;
constexpr size_t shown_every = 200;  // faults, in the long form

struct Flow {
  std::string name;  // "backup"
  std::string what;  // of the closing table
  std::vector<std::string> arguments;
  size_t short_max;  // effects in the short form
};

// Of the effects that are chosen: those that `number` has when they are dealt out to `of`.
struct Part {
  size_t number = 1;
  size_t of = 1;
};

class Sweep {
 public:
  Sweep(SweepWorld& world, const SweepRequest& request, std::string store)
      : world_(world), request_(request), store_(std::move(store)) {
    expect_good(world_.run({"backup"}, std::nullopt, false), "the first backup");
    world_.keep_store();
    const fs::path restored = world_.place("restored");
    expect_good(world_.run({"restore", "latest", "--to", restored}), "the first restore");
    for (auto& [path, content] : read_tree(restored)) {
      if (path.find('/') != std::string::npos) good_[path] = content;
    }
  }

  // Returns how many effects failed.
  size_t flow(const Flow& flow, const Part& part);
  const std::map<std::string, size_t>& kinds() const { return kinds_; }
  size_t faults() const { return faults_; }
  size_t swept_uploads() const { return swept_uploads_; }

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
  void judge_monthly();
  void judge_drill(const SweepRun& run);
  void judge_next(const Flow& flow);
  void judge_restored(const Json& manifest);
  std::string daily_manifest() const;
  void bad(const std::string& what) { complaints_.push_back(what); }

  SweepWorld& world_;
  const SweepRequest& request_;
  std::string store_;
  Tree good_;
  std::vector<std::string> complaints_;
  std::map<std::string, size_t> kinds_;
  size_t faults_ = 0;
  size_t swept_uploads_ = 0;
};

void Sweep::prepare(const std::string& flow) {
  world_.reset();
  if (flow != "backup") return;
  // As on a new host: nothing is stored yet.
  world_.forget_store();
}

std::vector<SweepFault> Sweep::choose(const Flow& flow,
                                      const std::vector<SweepEffect>& effects) const {
  std::map<std::string, unsigned> last;  // occurrence of each stack
  for (const SweepEffect& one : effects) last[one.stack] = one.occurrence;
  std::vector<SweepFault> all;
  for (const SweepEffect& one : effects) {
    if (!request_.call.empty() && one.call != request_.call) continue;
    const bool is_taken = one.occurrence < occurrences_max || one.occurrence == last[one.stack];
    if (!(long_form() ? is_taken : one.occurrence == 0)) continue;
    all.push_back({one});
    if (one.can_be_short) all.push_back({one, "short"});
    // A disk that stays broken, once for each place that meets it first.
    if (one.occurrence > 0) continue;
    if (one.takes_space) all.push_back({one, "full"});
    if (one.takes_space) all.push_back({one, "quota"});
    if (one.changes_disk) all.push_back({one, "readonly"});
  }
  if (long_form() || !request_.call.empty() || all.size() <= flow.short_max) return all;
  // As many of each call to the same kind as is its share, at least one, from the first to the
  // last.
  std::map<std::string, std::vector<SweepFault>> calls;
  for (const SweepFault& one : all) {
    calls[one.effect.kind + " " + one.effect.call + " " + one.style].push_back(one);
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
  const bool removes = fault.effect.call.starts_with("unlink") || fault.is("readonly");
  if (!world_.store_rubbish().empty() && !is_unknown && !removes) {
    bad(format("left: {}", join(world_.store_rubbish(), ", ")));
  }
  judge_monthly();
  if (run.status == 0 && !key.empty()) {
    const bool monthly = world_.manifests().size() > 1;
    if (!monthly && !world_.was_told("monthly")) bad("no monthly copy, and nobody was told");
  }
}

// A copy that has its manifest is complete, byte for byte.
void Sweep::judge_monthly() {
  for (const std::string& key : world_.manifests()) {
    if (key.find("/monthly/") == std::string::npos) continue;
    const std::string text = world_.object(key);
    const Json manifest = parse_json(text, key);
    const fs::path daily = fs::path(manifest["archive"]["key"].get<std::string>()).parent_path();
    const fs::path folder = fs::path(key).parent_path();
    const std::string stem = "manifest";
    const std::string suffix = fs::path(key).stem().native().substr(stem.size());
    for (const std::string member : {"archive", "index"}) {
      const std::string from = manifest[member]["key"];
      const std::string end = member == "archive" ? ".tar.zst.age" : ".index.age";
      const std::string to = folder / ("backup" + suffix + end);
      if (world_.object(to) != world_.object(from) || world_.object(from).empty()) {
        bad(format("the monthly copy '{}' is not '{}'", to, from));
      }
    }
    const auto all = world_.manifests();
    if (std::none_of(all.begin(), all.end(), [&](const std::string& one) {
          return fs::path(one).parent_path() == daily && world_.object(one) == text;
        })) {
      bad(format("no nightly manifest is as '{}'", key));
    }
  }
}

void Sweep::judge_restore(const SweepFault& fault, const SweepRun& run) {
  const fs::path to = world_.place("restored");
  if (run.status == 7) bad("it blames the snapshot");
  if (run.status != 0) {
    // Where its last words did not get through to stdout, it is there and must be whole.
    const bool is_whole = run.talk.find(unprinted) != std::string::npos;
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
  const std::vector<std::string> evidence = world_.evidence();
  const bool is_over = run.status == 0 || run.output.find("RESTORE ") != std::string::npos;
  if (is_over && evidence.empty() && run.talk.find("no evidence") == std::string::npos) {
    bad("no evidence, and no word");
  }
  if (run.status == 0 && evidence.empty() && !world_.was_told("no evidence")) {
    bad("no evidence, and nobody was told");
  }
  for (const std::string& key : evidence) {
    const Json kept = parse_json(world_.object(key), key);
    const bool is_ok = kept["result"].get<std::string>().starts_with("RESTORE OK");
    // Where it could not be printed, it was so nevertheless.
    const bool was_ok = says_ok || run.talk.find(unprinted) != std::string::npos;
    if (is_ok && !was_ok) bad(format("'{}' says OK of a drill that failed", key));
    if (!is_ok && run.status == 0) bad(format("'{}' says that a good drill failed", key));
    for (const Json& service : kept["services"]) {
      if (is_ok && !service["passed"].get<bool>()) bad(format("'{}' contradicts itself", key));
    }
  }
}

// Nothing fails any more: all is well again, and what was left is gone.
void Sweep::judge_next(const Flow& flow) {
  std::map<std::string, std::string> kept;
  for (const std::string& key : world_.evidence()) kept[key] = world_.object(key);
  const bool has_upload = world_.has_upload();
  fs::remove_all(world_.place("restored"));
  const SweepRun next = world_.run(flow.arguments, std::nullopt, false);
  if (next.status != 0) bad(format("the next run ended with {}: {}", next.status, next.talk));
  if (world_.container_is_down()) bad("the container is down after the next run");
  for (const std::string& left : world_.rubbish()) bad(format("left by the next run: {}", left));
  for (const std::string& left : world_.store_rubbish()) bad("left by the next run: " + left);
  if (has_upload && !world_.has_upload()) ++swept_uploads_;
  if (flow.name == "backup" && world_.manifests().size() < 2) {
    bad("no monthly copy after the next run");
  }
  if (flow.name == "backup") judge_monthly();
  for (const auto& [key, content] : kept) {
    if (world_.object(key) != content) bad(format("the next run changed '{}'", key));
  }
  if (flow.name == "drill" && world_.evidence().size() <= kept.size()) {
    bad("no evidence of the next run");
  }
}

void Sweep::judge(const Flow& flow, const SweepFault& fault, const SweepRun& run) {
  if (run.hung) return bad("it hangs");
  const std::set<int> documented{0, 3, 4, 5, 6, 7, 8, 10};
  if (!documented.contains(run.status)) bad(format("exit code {}", run.status));
  if (fault.is("short") && run.status != 0) bad(format("it fails with {}", run.status));
  if (run.orphans > 0) bad("a process outlived it");
  if (world_.container_is_down()) bad("the container is down");
  // On what is read-only nothing can be removed: the next run does it.
  if (!fault.is("readonly")) {
    for (const std::string& left : world_.rubbish()) bad(format("left: {}", left));
  }
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

size_t Sweep::flow(const Flow& flow, const Part& part) {
  prepare(flow.name);
  const SweepRun whole = world_.run(flow.arguments);
  expect_good(whole, flow.name);
  const std::vector<SweepFault> chosen = choose(flow, whole.effects);
  size_t failed = 0;
  std::map<int, size_t> codes;
  for (size_t at = part.number - 1; at < chosen.size(); at += part.of) {
    const SweepFault& fault = chosen[at];
    prepare(flow.name);
    const SweepRun run = world_.run(flow.arguments, fault);
    // Timing decides about some effects: what was not met this time cannot be judged.
    const bool met = std::any_of(run.effects.begin(), run.effects.end(),
                                 [](const SweepEffect& one) { return one.failed; });
    if (!met) continue;
    failed += 1;
    if (failed % shown_every == 0) {
      std::cout << format("{} {}: {} of {}", store_, flow.name, failed, chosen.size()) << std::endl;
    }
    codes[run.status] += 1;
    kinds_[fault.effect.kind] += 1;
    complaints_.clear();
    judge(flow, fault, run);
    if (complaints_.empty()) continue;
    faults_ += 1;
    std::cout << format("{} {}: {} {} (stack {} {}), exit {}: {}\n", store_, flow.name,
                        fault.effect.call, fault.style, fault.effect.stack, fault.effect.occurrence,
                        run.status, join(complaints_, "; "))
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

namespace {

// "backup", "restore" and "drill" with one store. Results are lines "WHAT<tab>COUNT": of the
// table, of a kind, of faults.
std::string sweep_store(const SweepRequest& request, const std::string& store) {
  SweepWorld world(request.program, request.preload, store == "s3");
  Sweep sweep(world, request, store);
  const bool is_dir = store == "dir";
  std::string results;
  for (const Flow& flow :
       {Flow{"backup", what_of_backup, {"backup"}, is_dir ? 110U : 40U},
        Flow{"restore",
             "effects failed, one a run: restore",
             {"restore", "latest", "--to", world.place("restored")},
             is_dir ? 50U : 20U},
        Flow{"drill", "effects failed, one a run: drill", {"drill"}, is_dir ? 50U : 20U}}) {
    const std::string name = store + " " + flow.name;
    if (!request.only.starts_with(name) && !name.starts_with(request.only)) continue;
    Part part;
    std::sscanf(request.only.c_str() + std::min(name.size(), request.only.size()), "%zu/%zu",
                &part.number, &part.of);
    results += format("{}\t{}\n", flow.what, sweep.flow(flow, part));
  }
  for (const auto& [kind, count] : sweep.kinds()) results += format("{}\t{}\n", kind, count);
  return results + format("{}\t{}\n{}\t{}\n", what_of_uploads, sweep.swept_uploads(),
                          what_of_faults, sweep.faults());
}

// In a process of its own, since each world is the subreaper of its runs. Returns the end to read.
UniqueFd begin_store(const SweepRequest& request, const std::string& store) {
  std::array<int, 2> pair{};
  if (::pipe2(pair.data(), O_CLOEXEC) != 0) throw Bug("no pipe");
  UniqueFd reading(pair[0]);
  const UniqueFd writing(pair[1]);
  if (::fork() != 0) return reading;
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const std::string results = sweep_store(request, store);
  write_fd(writing.get(), as_bytes(results), "the results", ErrorKind::service);
  ::_exit(0);
}

}  // namespace

int sweep(const SweepRequest& request) {
  std::map<std::string, UniqueFd> stores;
  for (const std::string store : {"dir", "s3"}) {
    if (request.only.empty() || request.only.starts_with(store)) {
      stores[store] = begin_store(request, store);
    }
  }
  std::map<std::string, size_t> sums;
  for (auto& [store, fd] : stores) {
    FdSource source(std::move(fd), store);
    const Bytes text = read_all(source, results_bytes_max, store);
    // A world that could not be made, or did not come to its end, has no results.
    if (text.empty()) sums[what_of_faults] += 1;
    for (const std::string& line : split(trim(as_text(text)), '\n')) {
      const size_t tab = line.find('\t');
      if (tab != std::string::npos) sums[line.substr(0, tab)] += std::stoul(line.substr(tab + 1));
    }
  }
  std::string kinds;
  for (const auto& [what, count] : sums) {
    std::cout << format("{}: {}\n", what, count);
    if (what == what_of_faults) continue;
    if (what.find(' ') == std::string::npos) {
      kinds += format("{}{} {}", kinds.empty() ? "" : ", ", what, count);
    } else if (request.only.empty()) {
      counted("fault sweep", what, std::to_string(count));
    }
  }
  if (request.only.empty()) counted("fault sweep", "of these by kind", kinds);
  return sums[what_of_faults] == 0 ? 0 : 1;
}

}  // namespace lifeboat::test

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: fault_sweep LIFEBOAT PRELOAD\n";
    return 2;
  }
  // Memory, where there is some: a disk's syncs would take most of the time.
  if (std::getenv("TMPDIR") == nullptr && ::access("/dev/shm", W_OK) == 0) {
    ::setenv("TMPDIR", "/dev/shm", 1);
  }
  const auto given = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  return lifeboat::test::sweep(
      {argv[1], argv[2], given("LIFEBOAT_SWEEP"), given("LIFEBOAT_SWEEP_CALL")});
}
