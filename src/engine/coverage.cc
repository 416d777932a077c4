#include "engine/coverage.h"

#include <algorithm>

#include "base/format.h"
#include "base/names.h"
#include "base/text.h"

namespace lifeboat {
namespace {

// Recipes that read the same kind of server.
std::string kind_of(const std::string& recipe) {
  if (recipe == "traccar") return "mysql";
  if (recipe == "supabase") return "postgres";
  return recipe;
}

// Recipes that take any folder say nothing of whose it is.
bool is_generic(const std::string& recipe) {
  return recipe == "volume" || recipe == "files" || recipe == "sqlite" || recipe == "command";
}

bool is_local(const std::string& host) {
  return host.empty() || host == "localhost" || host == "127.0.0.1" || host == "::1" ||
         host.starts_with('/');
}

}  // namespace

CoverageJudge::CoverageJudge(const std::vector<CoveringService>& services,
                             const RecipeRegistry& recipes)
    : recipes_(recipes) {
  for (const CoveringService& service : services) {
    claims_.push_back(claim_of(service, recipes));
    names_.insert(service.service.name);
  }
}

// Read from what the recipe declares, so that a new recipe needs no line here: `volume` and
// `..._volume` are names of volumes, options of type path and the lists of `files` are places.
CoverageJudge::Claim CoverageJudge::claim_of(const CoveringService& covering,
                                             const RecipeRegistry& recipes) const {
  const Service& service = covering.service;
  Claim claim;
  claim.covering = &covering;
  claim.recipe = service.recipe;
  const Recipe* recipe = recipes.find(service.recipe);
  if (recipe == nullptr) return claim;
  for (const OptionSpec& option : recipe->info().options) {
    const std::string& name = option.name;
    claim.is_server |= name == "host";
    if (!service.settings.has(name)) continue;
    if (option.type == OptionType::text && (name == "volume" || name.ends_with("_volume"))) {
      claim.volumes.insert(service.settings.text(name));
    } else if (option.type == OptionType::path && (name == "path" || name.ends_with("_path"))) {
      claim.paths.push_back(service.settings.text(name));
    } else if (option.type == OptionType::list && (name == "paths" || name == "optional")) {
      for (const std::string& path : service.settings.list(name)) claim.paths.push_back(path);
    } else if (option.type == OptionType::text && name == "container") {
      claim.container = service.settings.text(name);
    } else if (option.type == OptionType::text && name == "host") {
      claim.is_elsewhere = !is_local(service.settings.text(name));
    }
  }
  return claim;
}

const KnownImage* CoverageJudge::image_of(const std::string& container,
                                          const std::string& image) const {
  if (const KnownImage* known = known_image(image)) return known;
  const auto claim = std::find_if(claims_.begin(), claims_.end(), [&](const Claim& one) {
    return one.container == container && !is_generic(one.recipe);
  });
  if (claim == claims_.end()) return nullptr;
  const auto& images = known_images();
  const auto found = std::find_if(images.begin(), images.end(), [&](const KnownImage& known) {
    return known.recipe == kind_of(claim->recipe);
  });
  return found == images.end() ? nullptr : &*found;
}

void CoverageJudge::count_image(const KnownImage& image) {
  images_[kind_of(std::string(image.recipe))] += 1;
}

bool CoverageJudge::covers(const Claim& claim, const PlaceFacts& place) const {
  if (!place.volume.empty() && claim.volumes.contains(place.volume)) return true;
  const bool is_below =
      std::any_of(claim.paths.begin(), claim.paths.end(), [&](const std::string& path) {
        return claim.recipe != "sqlite" && !place.path.empty() && is_at_or_below(place.path, path);
      });
  if (is_below) return true;
  if (claim.recipe == "sqlite") {
    return place.is_file && !claim.paths.empty() && claim.paths.front() == place.path;
  }
  if (claim.container.empty() || (claim.has_place() && !claim.is_server)) return false;
  return std::find(place.data_containers.begin(), place.data_containers.end(), claim.container) !=
         place.data_containers.end();
}

CoverageJudge::Verdict CoverageJudge::verdict_of(const Claim& claim, const std::string& more) {
  const CoveringService& covering = *claim.covering;
  const std::string service = format("service {}{}", covering.service.name, more);
  if (covering.jobs.empty()) {
    return {false, claim.recipe, format("{} has it, but no job names that", service)};
  }
  return {true, claim.recipe, format("{}, job {}", service, join(covering.jobs, ", "))};
}

CoverageJudge::Verdict CoverageJudge::judge(const PlaceFacts& place) const {
  Verdict best;
  for (const Claim& claim : claims_) {
    if (!covers(claim, place)) continue;
    best = verdict_of(claim, "");
    if (best.is_covered) return best;
  }
  if (!best.reason.empty()) return best;
  for (const Claim& claim : claims_) {
    for (const std::string& path : claim.paths) {
      if (place.path.empty() || !is_at_or_below(path, place.path)) continue;
      return {
          false, "",
          format("only '{}' of it, by service {}", printable(path), claim.covering->service.name)};
    }
  }
  // `traccar: {host: 127.0.0.1}` names no container; it means the only one there is.
  if (place.image == nullptr || place.data_containers.empty()) return best;
  const std::string kind = kind_of(std::string(place.image->recipe));
  const auto images = images_.find(kind);
  if (is_generic(kind) || images == images_.end() || images->second != 1) return best;
  for (const Claim& claim : claims_) {
    const bool is_placed =
        (claim.has_place() && !claim.is_server) || !claim.container.empty() || claim.is_elsewhere;
    if (kind_of(claim.recipe) != kind || is_placed) continue;
    best = verdict_of(claim, format(", which means the only {} here", kind));
    if (best.is_covered) return best;
  }
  return best;
}

CoverageJudge::Verdict CoverageJudge::judge_host_server(
    const std::set<std::string>& recipes) const {
  Verdict best;
  for (const Claim& claim : claims_) {
    if (!recipes.contains(claim.recipe) || !claim.container.empty() || claim.is_elsewhere) continue;
    best = verdict_of(claim, "");
    if (best.is_covered) return best;
  }
  return best;
}

std::string CoverageJudge::free_name(const std::string& wanted) {
  const std::string base = service_name_from(wanted);
  std::string name = base;
  for (unsigned number = 2; names_.contains(name); ++number) {
    name = format("{}-{}", base.substr(0, name_length_max - 4), number);
  }
  names_.insert(name);
  return name;
}

bool CoverageJudge::has_option(const std::string& recipe, std::string_view option) const {
  const Recipe* found = recipes_.find(recipe);
  if (found == nullptr) return false;
  const auto& options = found->info().options;
  return std::any_of(options.begin(), options.end(),
                     [&](const OptionSpec& one) { return one.name == option; });
}

// The recipe knows the option, and wants no other.
bool CoverageJudge::fits_with(const std::string& recipe, std::string_view option) const {
  if (!has_option(recipe, option)) return false;
  const auto& options = recipes_.find(recipe)->info().options;
  return std::none_of(options.begin(), options.end(),
                      [&](const OptionSpec& one) { return one.required && one.name != option; });
}

std::optional<Proposal> CoverageJudge::propose(const PlaceFacts& place,
                                               const std::string& name_hint) {
  const std::string known = place.image == nullptr ? "" : std::string(place.image->recipe);
  const auto with = [&](const std::string& recipe, const std::string& option,
                        const std::string& value) {
    return Proposal{free_name(name_hint), recipe, {{option, value}}};
  };
  const bool is_server = !has_option(known, "path") && !has_option(known, "paths");
  if (!place.data_containers.empty() && is_server && fits_with(known, "container")) {
    return with(known, "container", place.data_containers.front());
  }
  if (!place.volume.empty()) {
    return with(fits_with(known, "volume") ? known : "volume", "volume", place.volume);
  }
  if (place.path.empty()) return std::nullopt;
  if (place.is_file) return with("files", "paths", place.path);
  return with(fits_with(known, "path") ? known : "volume", "path", place.path);
}

std::optional<Proposal> CoverageJudge::propose_host_server(const KnownSocket& socket) {
  if (recipes_.find(socket.recipe) == nullptr) return std::nullopt;
  Proposal made{free_name(std::string(socket.recipe)), std::string(socket.recipe), {}};
  if (has_option(made.recipe, "socket")) made.options = {{"socket", std::string(socket.path)}};
  return made;
}

}  // namespace lifeboat
