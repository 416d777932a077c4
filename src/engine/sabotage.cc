// Proves that a drill can fail. Every damage is done to a copy: to the bytes on their way out of
// the store, or to the restored files in scratch; the store itself is only read.

#include <algorithm>
#include <functional>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "engine/drill_steps.h"
#include "engine/scratch.h"
#include "io/files.h"
#include "snapshot/catalog.h"
#include "snapshot/index_io.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

// Flips the lowest bit of one byte on its way out.
class FlippingSource final : public Source {
 public:
  FlippingSource(std::unique_ptr<Source> inner, uint64_t position, uint64_t flip_at)
      : inner_(std::move(inner)), position_(position), flip_at_(flip_at) {}
  size_t read(ByteSpan target) override {
    const size_t count = inner_->read(target);
    if (flip_at_ >= position_ && flip_at_ < position_ + count) {
      target[static_cast<size_t>(flip_at_ - position_)] ^= std::byte{1};
    }
    position_ += count;
    return count;
  }

 private:
  std::unique_ptr<Source> inner_;
  uint64_t position_;
  uint64_t flip_at_;
};

// What is read of an object, from the place the range begins, in place of what it holds.
using Damage = std::function<std::unique_ptr<Source>(std::unique_ptr<Source>, ByteRange)>;

// The store with one object damaged. Read-only by construction.
class DamagedStore final : public Store {
 public:
  DamagedStore(Store& inner, std::string key, Damage damage)
      : inner_(inner), key_(std::move(key)), damage_(std::move(damage)) {}
  std::string name() const override { return inner_.name(); }
  StoreTraits traits() const override { return inner_.traits(); }
  std::unique_ptr<Source> open(const std::string& key, ByteRange range) override {
    auto source = inner_.open(key, range);
    return key == key_ ? damage_(std::move(source), range) : std::move(source);
  }
  std::optional<ObjectInfo> stat(const std::string& key) override { return inner_.stat(key); }
  std::vector<ObjectInfo> list(std::string_view prefix) override { return inner_.list(prefix); }
  std::unique_ptr<Sink> create(const std::string&, uint64_t) override {
    throw Bug("sabotage writes");
  }
  void copy(const std::string&, const std::string&) override { throw Bug("sabotage copies"); }
  void remove(const std::string&) override { throw Bug("sabotage removes"); }
  size_t sweep_leftovers(std::string_view) override { throw Bug("sabotage sweeps"); }

 private:
  Store& inner_;
  std::string key_;
  Damage damage_;
};

std::string first_failure(const std::vector<ProbeResult>& probes) {
  for (const ProbeResult& probe : probes) {
    if (!probe.passed) {
      return format("{}: expected {}, found {}", probe.name, printable(probe.expected),
                    printable(probe.found));
    }
  }
  return "";
}

class SabotageRun {
 public:
  SabotageRun(const DrillRequest& request, Environment& environment)
      : request_(request),
        environment_(environment),
        manifest_(load_manifest(environment.store, request.id, environment.trust)),
        steps_(request, manifest_, environment) {}

  std::vector<SabotageOutcome> run() {
    flip_byte();
    wrong_age_key();
    missing_member();
    if (environment_.trust.is_required()) plant_manifests();
    for (const ManifestService& service : manifest_.services) {
      if (service.ok) damage_service(service);
    }
    return std::move(outcomes_);
  }

 private:
  // Runs `attempt`, which returns what it noticed; an Error is a notice too.
  void attempt(SabotageOutcome outcome, const std::function<std::string()>& attempted) {
    environment_.stop.throw_if_stopped();
    try {
      outcome.caught_by = attempted();
    } catch (const Error& error) {
      outcome.caught_by = error.what();
    }
    outcome.caught = !outcome.caught_by.empty();
    outcomes_.push_back(std::move(outcome));
  }

  void flip_byte() {
    const uint64_t position = manifest_.archive.bytes / 2;
    attempt({"", "flipped byte", format("byte {} of the archive", position), false, ""}, [&] {
      const Scratch scratch(request_.scratch_dir, drill_scratch_prefix, environment_.random);
      DamagedStore store(environment_.store, manifest_.archive_key, [&](auto source, auto range) {
        return std::make_unique<FlippingSource>(std::move(source), range.offset, position);
      });
      steps_.extract(store, scratch.path());
      return std::string();
    });
  }

  void wrong_age_key() {
    attempt({"", "wrong age key", "a key that is no recipient", false, ""}, [&] {
      const std::vector<age::Identity> stranger{age::Identity::generate(environment_.random)};
      open_index(environment_.store, manifest_, stranger);
      const Scratch scratch(request_.scratch_dir, drill_scratch_prefix, environment_.random);
      DrillRequest request = request_;
      request.identities = stranger;
      DrillSteps(request, manifest_, environment_).extract(environment_.store, scratch.path());
      return std::string();
    });
  }

  void missing_member() {
    with_restored([&](const fs::path& root) {
      const std::string victim = last_file();
      remove_tree(root / victim, ErrorKind::limit);
      attempt({"", "missing member", format("'{}' was removed", printable(victim)), false, ""},
              [&] { return first_failure(steps_.probe_archive(root)); });
    });
  }

  // What a thief who can write to the store could put there: the same snapshot, its manifest whole.
  void plant_manifests() {
    Manifest planted = manifest_;
    planted.signature.reset();
    attempt({"", "unsigned manifest", "the same manifest, without its signature", false, ""},
            [&] { return drill_planted(planted); });
    const auto stranger = Ed25519PrivateKey::generate(environment_.random);
    sign_manifest(planted, stranger);
    attempt({"", "foreign signature", "the same manifest, signed by a stranger", false, ""},
            [&] { return drill_planted(planted); });
  }

  std::string drill_planted(const Manifest& planted) {
    const std::string text = print_manifest(planted);
    DamagedStore store(environment_.store, request_.id.manifest_key(),
                       [&](auto, auto) { return std::make_unique<MemorySource>(text); });
    Environment environment{store,
                            environment_.recipes,
                            environment_.clock,
                            environment_.random,
                            environment_.stop,
                            environment_.progress,
                            environment_.spool_dir,
                            environment_.trust};
    DrillRequest request = request_;
    request.keep_evidence = false;
    request.engine = DrillEngine::none;
    run_drill(request, environment);
    return "";
  }

  std::string last_file() {
    const auto source = open_index(environment_.store, manifest_, request_.identities);
    IndexReader index(*source);
    std::string last;
    while (const auto member = index.next()) {
      if (member->meta.type == FileType::file) last = member->meta.path;
    }
    return last;
  }

  void damage_service(const ManifestService& service) {
    const Recipe& recipe = environment_.recipes.get(service.recipe);
    for (const Sabotage& sabotage : recipe.sabotages()) {
      with_restored([&](const fs::path& root) {
        try {
          sabotage.apply(steps_.restored(root, service.name));
        } catch (const Error& error) {
          // Nothing to damage, such as a credential row where there are none.
          environment_.progress.note(
              format("{}: {}: not possible here: {}", service.name, sabotage.name, error.what()));
          return;
        }
        attempt({service.name, sabotage.name, sabotage.description, false, ""}, [&] {
          // The service's own probes first: they are what the damage is meant for.
          std::string noticed = first_failure(steps_.probe_service(root, service).probes);
          return noticed.empty() ? first_failure(steps_.probe_archive(root)) : noticed;
        });
      });
    }
  }

  // Each damage is done to a fresh restore, so that none hides another.
  void with_restored(const std::function<void(const fs::path&)>& body) {
    const Scratch scratch(request_.scratch_dir, drill_scratch_prefix, environment_.random);
    steps_.extract(environment_.store, scratch.path());
    body(scratch.path());
  }

  const DrillRequest& request_;
  Environment& environment_;
  Manifest manifest_;
  DrillSteps steps_;
  std::vector<SabotageOutcome> outcomes_;
};

}  // namespace

std::vector<SabotageOutcome> run_sabotage(const DrillRequest& request, Environment& environment) {
  return with_context(format("sabotage {}", request.id.text()),
                      [&] { return SabotageRun(request, environment).run(); });
}

}  // namespace lifeboat
