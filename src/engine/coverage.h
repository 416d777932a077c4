// Which configured service covers a place, and which service would.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/discover.h"
#include "recipe/known.h"

namespace lifeboat {

// What is known of a place when it is judged.
struct PlaceFacts {
  std::string volume;                        // name; empty: it is no volume
  std::string path;                          // on the host; empty: not known
  bool is_file = false;                      // a single file
  const KnownImage* image = nullptr;         // of the container that has its data here
  std::vector<std::string> containers;       // that use it
  std::vector<std::string> data_containers;  // of these, whose own data it is
};

class CoverageJudge {
 public:
  // Both must outlive it.
  CoverageJudge(const std::vector<CoveringService>& services, const RecipeRegistry& recipes);

  struct Verdict {
    bool is_covered = false;
    std::string recipe;  // of the service that has it
    std::string reason;  // also why a service that has it does not cover it
  };
  Verdict judge(const PlaceFacts& place) const;
  // A server of the host itself: `recipes` read such a one.
  Verdict judge_host_server(const std::set<std::string>& recipes) const;
  // What is known of a container: by its image or, since images of one's own have names of their
  // own, by the recipe of the service that names it. Null: nothing.
  const KnownImage* image_of(const std::string& container, const std::string& image) const;
  // Told of the kinds of images that run here: a single service of a kind, told no place, means the
  // only container of that kind.
  void count_image(const KnownImage& image);

  // A service that would cover it; each name is given once. Nothing where no recipe can.
  std::optional<Proposal> propose(const PlaceFacts& place, const std::string& name_hint);
  std::optional<Proposal> propose_host_server(const KnownSocket& socket);

 private:
  struct Claim {
    const CoveringService* covering = nullptr;
    std::string recipe;
    std::set<std::string> volumes;
    std::vector<std::string> paths;  // files and folders, with all that is below
    std::string container;
    bool is_server = false;     // it asks one, and may take files besides
    bool is_elsewhere = false;  // which is on another machine

    bool has_place() const { return !volumes.empty() || !paths.empty(); }
  };
  Claim claim_of(const CoveringService& covering, const RecipeRegistry& recipes) const;
  bool covers(const Claim& claim, const PlaceFacts& place) const;
  static Verdict verdict_of(const Claim& claim, const std::string& more);
  std::string free_name(const std::string& wanted);
  bool has_option(const std::string& recipe, std::string_view option) const;
  bool fits_with(const std::string& recipe, std::string_view option) const;

  const RecipeRegistry& recipes_;
  std::vector<Claim> claims_;
  std::map<std::string, size_t> images_;  // recipe -> containers of its kind
  std::set<std::string> names_;
};

}  // namespace lifeboat
