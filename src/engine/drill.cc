#include "engine/drill.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "engine/drill_steps.h"
#include "engine/live_drill.h"
#include "engine/repair.h"
#include "engine/scratch.h"
#include "snapshot/catalog.h"
#include "snapshot/index_io.h"

namespace lifeboat {
namespace {

DrillVerdict judge(const DrillResult& result) {
  const auto failed = [](const ProbeResult& probe) { return !probe.passed; };
  if (std::any_of(result.archive_probes.begin(), result.archive_probes.end(), failed)) {
    return DrillVerdict::failed;
  }
  bool partial = false;
  for (const DrilledService& service : result.services) {
    if (!service.in_snapshot) {
      partial = true;
    } else if (!service.passed()) {
      return DrillVerdict::failed;
    }
  }
  return partial ? DrillVerdict::partial : DrillVerdict::ok;
}

Json probe_to_json(const ProbeResult& probe) {
  return {{"name", probe.name},
          {"passed", probe.passed},
          {"expected", probe.expected},
          {"found", probe.found},
          {"evidence", probe.evidence}};
}

// Those of `identities` that open the snapshot, by their public keys; it was opened by all
// together.
std::vector<std::string> openers(const Manifest& manifest,
                                 std::span<const age::Identity> identities, Store& store) {
  std::vector<std::string> keys;
  for (const age::Identity& identity : identities) {
    if (identity.is_scrypt()) continue;
    try {
      std::array<std::byte, 1> first;
      if (identities.size() > 1) open_index(store, manifest, {&identity, 1})->read(first);
      keys.push_back(identity.recipient().text());
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::crypto) throw;  // it is another's key
    }
  }
  return keys;
}

std::string print_evidence(const DrillResult& result, Timestamp now) {
  DrillEvidence evidence;
  evidence.id = result.id;
  evidence.job = result.manifest.job;
  evidence.archive_sha256 = result.manifest.archive.sha256;
  evidence.drilled = now;
  evidence.engine = drill_engine_name(result.engine);
  evidence.restore_duration = result.restore_duration;
  evidence.duration = result.duration;
  evidence.opened_by = result.opened_by;
  evidence.result = drill_line(result);
  Json archive = Json::array();
  for (const auto& probe : result.archive_probes) archive.push_back(probe_to_json(probe));
  Json services = Json::array();
  for (const DrilledService& service : result.services) {
    Json entry = {{"name", service.name},
                  {"recipe", service.recipe},
                  {"in_snapshot", service.in_snapshot},
                  {"passed", service.passed()},
                  {"probes", Json::array()}};
    for (const auto& probe : service.probes) entry["probes"].push_back(probe_to_json(probe));
    if (!service.not_started.empty()) entry["not_started"] = service.not_started;
    services.push_back(std::move(entry));
  }
  return print_drill_evidence(evidence, std::move(archive), std::move(services));
}

// A drill with a key that may only read is still a drill: the reason is told, not thrown.
void keep_evidence(DrillResult& result, Environment& environment) {
  const Timestamp now = environment.clock.now();
  try {
    std::string key = drill_key(result.id.host, now, true);
    if (environment.store.stat(key)) key = drill_key(result.id.host, now, false);
    const auto sink = environment.store.create(key);
    sink->write(as_bytes(print_evidence(result, now)));
    sink->finish();
    result.evidence_key = key;
  } catch (const Error& error) {
    result.warnings.push_back(format("no evidence was written: {}", printable(error.what())));
  }
}

std::vector<std::string> headline(const DrillResult& result) {
  std::vector<std::string> counts;
  for (const DrilledService& service : result.services) {
    for (const Item& item : service.items) {
      if (item.headline) counts.push_back(print_count(item.count, item.singular, item.plural));
    }
  }
  if (counts.empty()) counts.push_back(print_count(result.manifest.members, "member", "members"));
  return counts;
}

std::vector<std::string> failures(const DrillResult& result) {
  std::vector<std::string> told;
  const auto tell = [&](const std::string& who, const ProbeResult& probe) {
    if (probe.passed) return;
    told.push_back(format("{}: {} (expected {}, found {})", who, probe.name,
                          printable(probe.expected), printable(probe.found)));
  };
  for (const auto& probe : result.archive_probes) tell("archive", probe);
  for (const DrilledService& service : result.services) {
    for (const auto& probe : service.probes) tell(service.name, probe);
  }
  return told;
}

// Its scratch is gone by now, unless that could not be removed.
void look_for_scratch(DrillResult& result, const DrillRequest& request) {
  try {
    sweep_scratch(request.scratch_dir, drill_scratch_prefix);
  } catch (const Error& error) {
    result.warnings.push_back(
        format("restored data is left in scratch: {}", printable(error.what())));
  }
}

DrillResult drill_in_scratch(const DrillRequest& request, Environment& environment) {
  DrillResult result;
  result.id = request.id;
  result.engine = request.engine;
  const auto begin = environment.clock.steady_now();
  result.manifest = load_manifest(environment.store, request.id, environment.trust);
  result.age = environment.clock.now() - result.manifest.finished;
  const Scratch scratch(request.scratch_dir, drill_scratch_prefix, environment.random);
  DrillSteps steps(request, result.manifest, environment);
  steps.extract(environment.store, scratch.path());
  result.restore_duration = environment.clock.steady_now() - begin;
  result.opened_by = openers(result.manifest, request.identities, environment.store);
  result.archive_probes = steps.probe_archive(scratch.path());
  for (const ManifestService& service : result.manifest.services) {
    result.services.push_back(steps.probe_service(scratch.path(), service));
    if (service.ok && request.engine != DrillEngine::none) {
      start_service(steps.restored(scratch.path(), service.name), request, environment,
                    result.services.back());
    }
  }
  result.verdict = judge(result);
  result.duration = environment.clock.steady_now() - begin;
  if (request.keep_evidence) keep_evidence(result, environment);
  return result;
}

}  // namespace

std::optional<DrillEngine> parse_drill_engine(std::string_view text) {
  for (const DrillEngine engine : {DrillEngine::none, DrillEngine::host, DrillEngine::docker}) {
    if (drill_engine_name(engine) == text) return engine;
  }
  return std::nullopt;
}

std::string_view drill_engine_name(DrillEngine engine) {
  switch (engine) {
    case DrillEngine::none:
      return "none";
    case DrillEngine::host:
      return "host";
    case DrillEngine::docker:
      return "docker";
  }
  throw Bug("unknown drill engine");
}

bool DrilledService::passed() const {
  return in_snapshot && std::all_of(probes.begin(), probes.end(),
                                    [](const ProbeResult& probe) { return probe.passed; });
}

DrillResult run_drill(const DrillRequest& request, Environment& environment) {
  return with_context(format("drill {}", request.id.text()), [&] {
    repair_stopped(environment);
    sweep_live_drills(request, environment);
    // Else what a killed one left would lie there in the clear until somebody types it again.
    for (const auto prefix : {diff_scratch_prefix, replace_scratch_prefix}) {
      sweep_scratch(request.scratch_dir, prefix);
    }
    DrillResult result = drill_in_scratch(request, environment);
    look_for_scratch(result, request);
    return result;
  });
}

std::string drill_line(const DrillResult& result) {
  std::string rest;
  if (result.verdict == DrillVerdict::failed) {
    rest = format("{}", join(failures(result), "; "));
  } else {
    rest = format("{}", join(headline(result), ", "));
  }
  if (result.verdict == DrillVerdict::partial) {
    std::vector<std::string> absent;
    for (const DrilledService& service : result.services) {
      if (!service.in_snapshot) absent.push_back(service.name);
    }
    rest += format("; not in the snapshot: {}", join(absent, ", "));
  }
  return format("{} — {}", drill_verdict_line(result.verdict), rest);
}

}  // namespace lifeboat
