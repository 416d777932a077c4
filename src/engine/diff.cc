#include "engine/diff.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/outward_links.h"
#include "engine/scratch.h"
#include "engine/sides.h"
#include "recipe/inventory.h"
#include "snapshot/catalog.h"
#include "snapshot/run_lock.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

// Things of one kind and id are told apart by their order, so that none hides another.
using EntryKey = std::tuple<std::string, std::string, size_t>;

std::map<EntryKey, InventoryEntry> by_key(std::vector<InventoryEntry> entries) {
  std::sort(entries.begin(), entries.end(),
            [](const InventoryEntry& left, const InventoryEntry& right) {
              return std::tie(left.kind, left.id, left.fingerprint) <
                     std::tie(right.kind, right.id, right.fingerprint);
            });
  std::map<EntryKey, InventoryEntry> keyed;
  for (InventoryEntry& entry : entries) {
    size_t occurrence = 0;
    while (keyed.contains({entry.kind, entry.id, occurrence})) ++occurrence;
    keyed.emplace(EntryKey{entry.kind, entry.id, occurrence}, std::move(entry));
  }
  return keyed;
}

void sort_entries(DiffedService& service) {
  std::sort(service.entries.begin(), service.entries.end(),
            [](const DiffEntry& left, const DiffEntry& right) {
              return std::tie(left.kind, left.name, left.id) <
                     std::tie(right.kind, right.name, right.id);
            });
}

// Both sides come in one order, so that two entries are in memory and what differs.
DiffedService compare_files(const fs::path& from, const fs::path& to, const StopToken& stop) {
  DiffedService result;
  const auto add = [&](Change change, const InventoryEntry& entry) {
    result.entries.push_back({change, entry.kind, entry.id, entry.name});
  };
  FileInventory earlier(from, stop);
  FileInventory later(to, stop);
  std::optional<InventoryEntry> left = earlier.next();
  std::optional<InventoryEntry> right = later.next();
  while (left || right) {
    if (left && (!right || FileInventory::is_before(left->id, right->id))) {
      add(Change::gone, *left);
      left = earlier.next();
      continue;
    }
    if (!left || left->id != right->id) {
      add(Change::added, *right);
      right = later.next();
      continue;
    }
    if (left->kind != right->kind) {
      add(Change::gone, *left);
      add(Change::added, *right);
    } else if (left->fingerprint != right->fingerprint) {
      add(Change::changed, *right);
    } else {
      result.same += 1;
    }
    left = earlier.next();
    right = later.next();
  }
  sort_entries(result);
  return result;
}

class Diff {
 public:
  Diff(const DiffRequest& request, Environment& environment)
      : request_(request),
        environment_(environment),
        scratch_(request.scratch_dir, diff_scratch_prefix, environment.random) {}

  DiffResult run() {
    DiffResult result;
    result.from = request_.from.text();
    result.to = request_.to ? request_.to->text() : live_side_name;
    from_manifest_ = load_manifest(environment_.store, request_.from, environment_.trust);
    if (request_.to) {
      to_manifest_ = load_manifest(environment_.store, *request_.to, environment_.trust);
    }
    const std::vector<std::string> names = chosen_names();
    extract(from_, request_.from, from_manifest_, "from");
    if (to_manifest_) {
      extract(to_, *request_.to, *to_manifest_, "to");
    } else {
      lock_.emplace(request_.lock_dir, request_.host);
    }
    for (const std::string& name : names) {
      environment_.stop.throw_if_stopped();
      environment_.progress.begin(format("compare {}", name), 0);
      result.services.push_back(compare_service(name));
    }
    return result;
  }

 private:
  const BackupService* configured(std::string_view name) const {
    const auto found =
        std::find_if(request_.live.begin(), request_.live.end(),
                     [&](const BackupService& one) { return one.service.name == name; });
    return found == request_.live.end() ? nullptr : &*found;
  }

  // The services to compare, in the order of the earlier side.
  std::vector<std::string> chosen_names() const {
    std::vector<std::string> names;
    const auto add = [&](const std::string& name) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    };
    for (const ManifestService& service : from_manifest_.services) add(service.name);
    if (to_manifest_) {
      for (const ManifestService& service : to_manifest_->services) add(service.name);
    } else {
      for (const std::string& name : request_.live_expected) add(name);
    }
    for (const std::string& wanted : request_.services) {
      if (std::find(names.begin(), names.end(), wanted) != names.end()) continue;
      if (!to_manifest_ && configured(wanted) != nullptr) continue;
      Error error(
          ErrorKind::usage,
          format("compare service '{}': neither {} nor {} has it", printable(wanted),
                 request_.from.text(), request_.to ? request_.to->text() : "the configuration"));
      if (const auto near = nearest(wanted, names)) {
        error.add_hint(format("Did you mean '{}'?", *near));
      }
      throw error;
    }
    return request_.services.empty() ? names : request_.services;
  }

  // Nothing is extracted of a snapshot that has nothing of what was asked for.
  void extract(std::optional<SnapshotSide>& side, const SnapshotId& id, const Manifest& manifest,
               std::string_view folder) {
    std::vector<std::string> chosen;
    for (const ManifestService& service : manifest.services) {
      const auto& wanted = request_.services;
      const bool is_wanted =
          wanted.empty() || std::find(wanted.begin(), wanted.end(), service.name) != wanted.end();
      if (is_wanted && service.ok) chosen.push_back(service.name);
    }
    if (chosen.empty()) return;
    // All of them are read in one go, not member by member.
    if (request_.services.empty()) chosen.clear();
    side.emplace(id, chosen, scratch_.path() / folder, request_.identities, environment_);
  }

  // One side of a service: its recipe, and its folder once it is asked for.
  struct Side {
    bool is_there = false;
    std::string recipe;
    std::string failure;  // it failed when the snapshot was made
  };
  static Side side_of(const SnapshotId& id, const Manifest& manifest, const std::string& name) {
    for (const ManifestService& service : manifest.services) {
      if (service.name != name) continue;
      if (service.ok) return {true, service.recipe, ""};
      return {true, service.recipe,
              format("it failed when {} was made: {}", id.text(), service.error)};
    }
    return {};
  }

  DiffedService compare_service(const std::string& name) {
    const Side from = side_of(request_.from, from_manifest_, name);
    Side to;
    const BackupService* live = to_manifest_ ? nullptr : configured(name);
    if (to_manifest_) to = side_of(*request_.to, *to_manifest_, name);
    if (live != nullptr) to = {true, live->service.recipe, ""};
    DiffedService result;
    result.name = name;
    result.recipe = from.is_there ? from.recipe : to.recipe;
    if (!from.is_there || !to.is_there) {
      result.state = from.is_there ? DiffState::gone : DiffState::added;
      return result;
    }
    try {
      refuse_unlike(from, to);
      return read_and_compare(name, from.recipe, live);
    } catch (const Error& error) {
      // One service's trouble must not hide what the others have to tell.
      result.state = DiffState::failed;
      result.failure = redact(error.what());
      for (const std::string& hint : error.hints()) result.hints.push_back(redact(hint));
      return result;
    }
  }

  static void refuse_unlike(const Side& from, const Side& to) {
    for (const Side* side : {&from, &to}) {
      if (!side->failure.empty()) throw Error(ErrorKind::service, side->failure);
    }
    if (from.recipe == to.recipe) return;
    throw Error(ErrorKind::service,
                format("one side is of recipe '{}', the other of '{}'", from.recipe, to.recipe))
        .hint("Only states of one recipe can be compared.");
  }

  DiffedService read_and_compare(const std::string& name, const std::string& recipe_name,
                                 const BackupService* live) {
    const Recipe& recipe = environment_.recipes.get(recipe_name);
    std::vector<std::string> warnings;
    RestoredService other;
    if (live != nullptr) {
      other = read_live(*live, scratch_.path() / ("live-" + name), environment_, warnings);
    } else {
      other = to_->restored(name);
    }
    const RestoredService from = from_->restored(name);
    // Files are compared without being opened through a link, and links by where they lead.
    if (!has_inventory_of_files(recipe)) {
      cut_outward_links(from.directory, environment_.stop);
      cut_outward_links(other.directory, environment_.stop);
    }
    RecipeContext context = environment_.recipe_context();
    DiffedService result = compare_states(recipe, from, other, context);
    result.name = name;
    result.recipe = recipe_name;
    result.warnings = std::move(warnings);
    // One live service at a time takes room.
    if (live != nullptr) remove_tree(other.directory, ErrorKind::limit);
    return result;
  }

  const DiffRequest& request_;
  Environment& environment_;
  Scratch scratch_;
  std::optional<RunLock> lock_;
  Manifest from_manifest_;
  std::optional<Manifest> to_manifest_;
  std::optional<SnapshotSide> from_;
  std::optional<SnapshotSide> to_;
};

}  // namespace

DiffedService compare_inventories(std::vector<InventoryEntry> from,
                                  std::vector<InventoryEntry> to) {
  const std::map<EntryKey, InventoryEntry> earlier = by_key(std::move(from));
  std::map<EntryKey, InventoryEntry> later = by_key(std::move(to));
  DiffedService result;
  const auto add = [&](Change change, const InventoryEntry& entry) {
    result.entries.push_back({change, entry.kind, entry.id, entry.name});
  };
  for (const auto& [key, entry] : earlier) {
    const auto other = later.find(key);
    if (other == later.end()) {
      add(Change::gone, entry);
      continue;
    }
    if (other->second.fingerprint == entry.fingerprint) {
      result.same += 1;
    } else {
      add(Change::changed, other->second);
    }
    later.erase(other);
  }
  for (const auto& [key, entry] : later) add(Change::added, entry);
  sort_entries(result);
  return result;
}

DiffedService compare_states(const Recipe& recipe, const RestoredService& from,
                             const RestoredService& to, RecipeContext& context) {
  if (has_inventory_of_files(recipe)) {
    return compare_files(from.directory, to.directory, context.stop);
  }
  return compare_inventories(recipe.inventory(from, context), recipe.inventory(to, context));
}

bool DiffResult::differs() const {
  return std::any_of(services.begin(), services.end(),
                     [](const DiffedService& one) { return one.differs(); });
}

bool DiffResult::has_failures() const {
  return std::any_of(services.begin(), services.end(),
                     [](const DiffedService& one) { return one.state == DiffState::failed; });
}

DiffResult run_diff(const DiffRequest& request, Environment& environment) {
  return with_context(format("compare {}", request.from.text()),
                      [&] { return Diff(request, environment).run(); });
}

}  // namespace lifeboat
