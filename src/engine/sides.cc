#include "engine/sides.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "codec/spool.h"
#include "codec/tar/tar.h"
#include "engine/hooks.h"
#include "engine/restore_to_scratch.h"
#include "io/files.h"
#include "io/pipeline.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

// A member's bytes as the archive would hold them: exactly as many as were announced. What ends
// early or late is an Error, or padded and cut if the member may change.
class AnnouncedSource final : public Source {
 public:
  AnnouncedSource(Source& inner, uint64_t bytes, bool may_change)
      : inner_(inner), announced_(bytes), left_(bytes), may_change_(may_change) {}

  size_t read(ByteSpan target) override {
    if (left_ == 0) {
      read_on_to_the_end();
      return 0;
    }
    const ByteSpan space =
        target.first(static_cast<size_t>(std::min<uint64_t>(target.size(), left_)));
    size_t count = has_ended_ ? 0 : inner_.read(space);
    if (count == 0) {
      has_ended_ = true;
      if (!may_change_) fail("fewer");
      std::fill(space.begin(), space.end(), std::byte{0});
      count = space.size();
    }
    left_ -= count;
    return count;
  }

 private:
  // A plan is asked for its next member only when this one was read to its end.
  void read_on_to_the_end() {
    std::array<std::byte, 16 * 1024> block;
    while (!has_ended_) {
      if (inner_.read(block) == 0) {
        has_ended_ = true;
      } else if (!may_change_) {
        fail("more");
      }
    }
  }
  [[noreturn]] void fail(std::string_view what) const {
    throw Error(ErrorKind::service,
                format("it gave {} bytes than the {} announced", what, announced_));
  }

  Source& inner_;
  uint64_t announced_;
  uint64_t left_;
  bool may_change_;
  bool has_ended_ = false;
};

// Puts one member below the extractor's root, judged as in a backup.
void place_member(Member& member, tar::Extractor& extractor, Environment& environment) {
  std::optional<Spool> spool;
  std::unique_ptr<Source> source = member.open ? member.open() : nullptr;
  if (!member.size && source) {
    spool.emplace(environment.spool_dir, environment.random);
    pump(*source, *spool, environment.stop,
         [&](uint64_t bytes) { environment.progress.advance(bytes); });
    source.reset();  // ends what it held: a child, a database lock
    spool->finish();
    if (member.judge) member.judge({spool->summary(), spool->tail()});
    source = spool->open();
  }
  const uint64_t size = spool ? spool->summary().bytes : member.size.value_or(0);
  const tar::Entry entry{.meta = member.meta, .size = size, .offset = 0};
  if (!source) return extractor.extract(entry, nullptr);
  AnnouncedSource announced(*source, stored_size(member.meta, size), member.may_change);
  extractor.extract(entry, &announced);
}

Facts drive_plan(const BackupService& configured, const Recipe& recipe, const fs::path& target,
                 Environment& environment, std::vector<std::string>& warnings) {
  RecipeContext context = environment.recipe_context();
  const std::unique_ptr<ServicePlan> plan = recipe.plan(configured.service, context);
  tar::Extractor extractor(target, {});
  while (std::optional<Member> member = plan->next()) {
    environment.stop.throw_if_stopped();
    environment.progress.begin(format("{}/{}", configured.service.name, member->meta.path),
                               member->size.value_or(0));
    with_context([&] { return format("read '{}'", printable(member->meta.path)); },
                 [&] { place_member(*member, extractor, environment); });
  }
  extractor.finish();
  for (std::string& warning : plan->warnings()) warnings.push_back(std::move(warning));
  return plan->facts();
}

}  // namespace

SnapshotSide::SnapshotSide(const SnapshotId& id, const std::vector<std::string>& services,
                           const fs::path& target, std::span<const age::Identity> identities,
                           Environment& environment)
    : root_(target) {
  RestoreRequest request;
  request.id = id;
  request.selection = services;
  request.target = target;
  request.identities = identities;
  manifest_ = restore_to_scratch(request, environment).manifest;
  // A service without a single file has no folder in an archive.
  for (const ManifestService& service : manifest_.services) {
    make_private_directory(target / service.name, ErrorKind::limit);
  }
  MemorySink facts;
  cat_member(id, "facts.json", identities, environment, facts);
  facts_ = parse_facts(facts.text());
}

RestoredService SnapshotSide::restored(const std::string& service) const {
  RestoredService result;
  result.name = service;
  result.directory = root_ / service;
  for (const ArchivedFacts& archived : facts_) {
    if (archived.service == service) result.expected = archived.facts;
  }
  return result;
}

RestoredService read_live(const BackupService& configured, const fs::path& target,
                          Environment& environment, std::vector<std::string>& warnings) {
  const Service& service = configured.service;
  return with_context(format("read the live service '{}'", service.name), [&] {
    if (!configured.fault.empty()) throw Error(ErrorKind::service, configured.fault);
    make_private_directory(target, ErrorKind::limit);
    const Recipe& recipe = environment.recipes.get(service.recipe);
    RestoredService result;
    result.name = service.name;
    result.directory = target;
    HookScope hooks(configured.hooks, environment);
    try {
      hooks.begin();
      result.expected = drive_plan(configured, recipe, target, environment, warnings);
    } catch (const Error&) {
      hooks.end();
      for (const std::string& failure : run_error_hooks(configured.hooks, environment)) {
        log_warning("{}", failure);
      }
      throw;
    }
    for (std::string& failure : hooks.end()) warnings.push_back(std::move(failure));
    // The other side went through it as well.
    recipe.after_restore(target);
    return result;
  });
}

}  // namespace lifeboat
