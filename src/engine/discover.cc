#include "engine/discover.h"

#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "docker/scratch_containers.h"
#include "engine/coverage.h"
#include "engine/host_places.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr const char* compose_files_label = "com.docker.compose.project.config_files";
constexpr const char* compose_project_label = "com.docker.compose.project";
constexpr size_t anonymous_name_digits = 64;

bool is_anonymous(std::string_view name) {
  return name.size() == anonymous_name_digits &&
         name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_file(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISDIR(status.st_mode);
}

// What containers mount of the system itself, to watch it or to be like it.
bool is_of_the_system(std::string_view path) {
  for (const std::string_view folder :
       {"/proc", "/sys", "/dev", "/run", "/var/run", "/usr", "/lib", "/boot", "/tmp", "/var/log",
        "/var/lib/docker", "/var/lib/containerd", "/var/lib/kubelet"}) {
    if (is_at_or_below(path, folder)) return true;
  }
  return path == "/" || path == "/etc/localtime" || path == "/etc/timezone" ||
         path == "/etc/machine-id" || path == "/etc/hostname" || path == "/etc/passwd" ||
         path == "/etc/group" || path.starts_with("/etc/ssl") || path == "/etc/hosts";
}

// Docker's own ways, below the folders where people keep theirs.
bool is_of_packages(std::string_view path) { return path.starts_with("/opt/containerd"); }

struct Mounted {
  PlaceFacts facts;
  std::string image;
};

class Discoverer {
 public:
  Discoverer(const DiscoverRequest& request, const RecipeRegistry& recipes, Clock& clock)
      : request_(request), clock_(clock), judge_(request.services, recipes) {}

  Discovery run() {
    if (Docker::is_present(request_.docker)) {
      look_at_engine();
    } else {
      found_.warnings.push_back("no Docker engine answers here: its volumes are not in this list");
    }
    if (request_.with_paths) look_at_host();
    std::stable_sort(found_.places.begin(), found_.places.end(),
                     [](const DiscoveredPlace& left, const DiscoveredPlace& right) {
                       const bool left_last = left.coverage != Coverage::not_covered;
                       const bool right_last = right.coverage != Coverage::not_covered;
                       return std::tie(left_last, left.type, left.name) <
                              std::tie(right_last, right.type, right.name);
                     });
    for (const auto& [name, reason] : request_.skip) {
      if (!used_skips_.contains(name)) found_.unused_skips.push_back(name);
    }
    return std::move(found_);
  }

 private:
  void look_at_engine();
  void add_mounts(const DockerContainer& container, const KnownImage* image);
  void add_bare_container(const DockerContainer& container, const KnownImage* image);
  void add_compose_files(const DockerContainer& container);
  void add_volume(const std::string& name, const Mounted& mounted);
  void look_at_host();
  void add_path(const std::string& path, std::string_view recipe, const std::string& name_hint);
  void judge(DiscoveredPlace place, const PlaceFacts& facts, const std::string& name_hint);
  void ask_git(DiscoveredPlace& place, const fs::path& at);
  void measure(DiscoveredPlace& place, const fs::path& at) const;
  bool skip(DiscoveredPlace& place);
  bool is_ours(const std::string& path) const;
  bool is_below_a_known_path(const std::string& path) const;

  const DiscoverRequest& request_;
  Clock& clock_;
  CoverageJudge judge_;
  Discovery found_;
  std::map<std::string, Mounted> volumes_;            // by name
  std::map<std::string, Mounted> folders_;            // by path on the host
  std::map<std::string, std::string> compose_files_;  // path -> project
  std::set<std::string> paths_;                       // that are rows of their own
  std::set<std::string> whole_paths_;  // of these, the ones that stand for all that is below
  std::set<std::string> used_skips_;
};

void Discoverer::look_at_engine() {
  Docker docker(request_.docker, clock_);
  std::vector<DockerContainer> containers = docker.containers({});
  std::erase_if(containers,
                [](const DockerContainer& one) { return one.labels.contains(drill_label); });
  for (const DockerVolume& volume : docker.volumes()) {
    if (volume.labels.contains(drill_label)) continue;
    PlaceFacts& facts = volumes_[volume.name].facts;
    facts.volume = volume.name;
    facts.path = volume.mountpoint.native();
  }
  for (const DockerContainer& container : containers) {
    const KnownImage* image = judge_.image_of(container.name, container.image);
    if (image != nullptr) judge_.count_image(*image);
    add_mounts(container, image);
    if (request_.with_paths) add_compose_files(container);
  }
  for (const DockerContainer& container : containers) {
    add_bare_container(container, judge_.image_of(container.name, container.image));
  }
  for (const auto& [name, mounted] : volumes_) add_volume(name, mounted);
}

void Discoverer::add_mounts(const DockerContainer& container, const KnownImage* image) {
  for (const DockerMount& mount : container.mounts) {
    Mounted* mounted = nullptr;
    if (mount.type == "volume" && !mount.volume.empty()) {
      mounted = &volumes_[mount.volume];
      mounted->facts.volume = mount.volume;
    } else if (mount.type == "bind" && !is_of_the_system(mount.source)) {
      mounted = &folders_[mount.source];
      mounted->facts.path = mount.source;
      mounted->facts.is_file = is_file(mount.source);
    } else {
      continue;  // tmpfs and the like end with the container
    }
    PlaceFacts& facts = mounted->facts;
    if (mounted->image.empty()) mounted->image = container.image;
    facts.containers.push_back(container.name);
    // "/var/lib/postgresql" holds "/var/lib/postgresql/data", and the other way round.
    const std::string_view data = image == nullptr ? "" : image->destination;
    const bool is_data = image != nullptr && !mount.read_only &&
                         (data.empty() || is_at_or_below(data, mount.destination) ||
                          is_at_or_below(mount.destination, data));
    if (!is_data || facts.is_file) continue;
    facts.image = image;
    facts.data_containers.push_back(container.name);
  }
}

// A container that has no place for its data outside itself.
void Discoverer::add_bare_container(const DockerContainer& container, const KnownImage* image) {
  const bool has_place =
      std::any_of(container.mounts.begin(), container.mounts.end(), [](const DockerMount& mount) {
        return mount.type == "volume" || (mount.type == "bind" && !is_of_the_system(mount.source));
      });
  if (has_place) return;
  DiscoveredPlace place;
  place.type = "container";
  place.name = container.name;
  place.containers = {container.name};
  place.image = container.image;
  PlaceFacts facts;
  facts.containers = {container.name};
  if (image != nullptr && !image->destination.empty()) {
    facts.image = image;
    facts.data_containers = {container.name};
    place.reason = "its data lies inside the container: give it a volume";
    return judge(std::move(place), facts, container.name);
  }
  place.coverage = Coverage::skipped;
  place.reason = "no volume, no folder of the host";
  skip(place);
  found_.places.push_back(std::move(place));
}

void Discoverer::add_compose_files(const DockerContainer& container) {
  const auto files = container.labels.find(compose_files_label);
  const auto project = container.labels.find(compose_project_label);
  if (files == container.labels.end() || project == container.labels.end()) return;
  for (const std::string& file : split(files->second, ',')) {
    if (file.starts_with('/') && is_file(file)) compose_files_[file] = project->second;
  }
}

void Discoverer::add_volume(const std::string& name, const Mounted& mounted) {
  DiscoveredPlace place;
  place.type = "volume";
  place.name = name;
  place.containers = mounted.facts.containers;
  place.image = mounted.image;
  if (place.containers.empty()) place.reason = "no container uses it now";
  if (mounted.facts.image != nullptr) place.reason = mounted.facts.image->note;
  const std::string hint =
      mounted.facts.data_containers.size() == 1 ? mounted.facts.data_containers.front() : name;
  if (is_anonymous(name) && mounted.facts.data_containers.empty()) {
    place.coverage = Coverage::skipped;
    place.reason = place.containers.empty() ? "left over: no name, and no container uses it"
                                            : "no name: it ends with its container";
    skip(place);
    measure(place, mounted.facts.path);
    found_.places.push_back(std::move(place));
    return;
  }
  if (is_anonymous(name)) place.reason = "no name: it ends with its container; give it one";
  judge(std::move(place), mounted.facts, hint);
}

void Discoverer::look_at_host() {
  for (const KnownPlace& known : known_places()) {
    for (const std::string& path : find_places(request_.root, known.pattern)) {
      if (!is_of_packages(path) && !is_ours(path)) add_path(path, known.recipe, "");
    }
  }
  for (const auto& [file, project] : compose_files_) {
    if (!is_below_a_known_path(file)) add_path(file, "files", "compose-" + project);
  }
  for (const auto& [path, mounted] : folders_) {
    if (is_below_a_known_path(path) || is_ours(path)) continue;
    DiscoveredPlace place;
    place.type = mounted.facts.is_file ? "file" : "folder";
    place.name = path;
    place.containers = mounted.facts.containers;
    place.image = mounted.image;
    if (mounted.facts.data_containers.empty()) ask_git(place, path);
    const auto& owners = mounted.facts.data_containers;
    const std::string hint = owners.size() == 1 ? owners.front() : path;
    judge(std::move(place), mounted.facts, hint);
  }
  for (const KnownSocket& socket : known_sockets()) {
    const fs::path at = request_.root / socket.path.substr(1);
    std::error_code error;
    if (!fs::exists(at, error)) continue;
    if (fs::is_directory(at, error) && fs::is_empty(at, error)) continue;
    DiscoveredPlace place;
    place.type = "database";
    place.name = socket.path;
    place.strategy = socket.recipe;
    const auto verdict =
        judge_.judge_host_server({std::string(socket.recipe), std::string(socket.relative)});
    place.reason = verdict.reason;
    if (verdict.is_covered) place.coverage = Coverage::covered;
    if (!verdict.recipe.empty()) place.strategy = verdict.recipe;
    if (!verdict.is_covered && !skip(place) && verdict.recipe.empty()) {
      place.proposal = judge_.propose_host_server(socket);
    }
    found_.places.push_back(std::move(place));
  }
}

void Discoverer::add_path(const std::string& path, std::string_view recipe,
                          const std::string& name_hint) {
  if (!paths_.insert(path).second) return;
  PlaceFacts facts;
  facts.path = path;
  const fs::path at = request_.root / path.substr(1);
  facts.is_file = is_file(at.native());
  const KnownImage as_recipe{.pattern = "", .recipe = recipe, .destination = "", .note = ""};
  facts.image = &as_recipe;
  DiscoveredPlace place;
  place.type = "path";
  place.name = path;
  ask_git(place, at);
  const std::string stem = fs::path(path).filename().native();
  judge(std::move(place), facts, name_hint.empty() ? stem : name_hint);
  if (found_.places.back().coverage != Coverage::skipped) whole_paths_.insert(path);
}

// What is in git, all of it and pushed, is safe there.
void Discoverer::ask_git(DiscoveredPlace& place, const fs::path& at) {
  const auto git = git_state(at, clock_, request_.docker.stop);
  if (git && git->problem.empty()) {
    place.coverage = Coverage::skipped;
    place.reason = format("a clean git checkout of {}", printable(git->remote));
  } else if (git) {
    place.reason = format("a git checkout, but {}", git->problem);
  }
}

// Fills in who covers it, or what would, and its size; it is a row from then on.
void Discoverer::judge(DiscoveredPlace place, const PlaceFacts& facts,
                       const std::string& name_hint) {
  const CoverageJudge::Verdict verdict = judge_.judge(facts);
  if (verdict.is_covered) {
    place.coverage = Coverage::covered;
    place.strategy = verdict.recipe;
    place.reason = verdict.reason;
  } else if (!verdict.reason.empty()) {
    place.coverage = Coverage::not_covered;
    place.reason = verdict.reason;
    place.strategy = verdict.recipe;
  }
  if (!verdict.is_covered) skip(place);
  if (place.coverage == Coverage::not_covered && verdict.recipe.empty()) {
    place.proposal = judge_.propose(facts, name_hint);
    if (place.proposal) place.strategy = place.proposal->recipe;
  }
  if (!facts.path.empty()) {
    const bool is_below_root = place.type == "path";
    measure(place, is_below_root ? request_.root / facts.path.substr(1) : fs::path(facts.path));
  }
  found_.places.push_back(std::move(place));
}

void Discoverer::measure(DiscoveredPlace& place, const fs::path& at) const {
  const bool is_wanted =
      request_.sizes == Measured::all ||
      (request_.sizes == Measured::not_covered && place.coverage == Coverage::not_covered);
  if (!is_wanted) return;
  if (const auto size = measure_place(at, request_.docker.stop)) {
    place.bytes = size->bytes;
    place.is_larger = size->is_larger;
  }
}

// By its own name, or by those of all containers that use it.
bool Discoverer::skip(DiscoveredPlace& place) {
  const auto by_name = request_.skip.find(place.name);
  auto reason = by_name;
  if (by_name == request_.skip.end() && !place.containers.empty()) {
    const bool are_all =
        std::all_of(place.containers.begin(), place.containers.end(),
                    [&](const std::string& one) { return request_.skip.contains(one); });
    if (are_all) reason = request_.skip.find(place.containers.front());
  }
  if (reason == request_.skip.end()) return false;
  used_skips_.insert(reason->first);
  for (const std::string& container : place.containers) used_skips_.insert(container);
  place.coverage = Coverage::skipped;
  place.reason = reason->second;
  return true;
}

bool Discoverer::is_ours(const std::string& path) const {
  return std::any_of(request_.own.begin(), request_.own.end(),
                     [&](const fs::path& own) { return is_at_or_below(path, own.native()); });
}

bool Discoverer::is_below_a_known_path(const std::string& path) const {
  return std::any_of(whole_paths_.begin(), whole_paths_.end(),
                     [&](const std::string& known) { return is_at_or_below(path, known); });
}

}  // namespace

size_t Discovery::uncovered() const {
  return static_cast<size_t>(std::count_if(
      places.begin(), places.end(),
      [](const DiscoveredPlace& one) { return one.coverage == Coverage::not_covered; }));
}

Discovery discover(const DiscoverRequest& request, const RecipeRegistry& recipes, Clock& clock) {
  return with_context("look for what there is to protect",
                      [&] { return Discoverer(request, recipes, clock).run(); });
}

std::string quote_for_config(std::string_view text) {
  // JSON's strings are YAML's, whatever is in them; `$` would begin a variable.
  std::string doubled;
  for (const char letter : text) doubled += letter == '$' ? "$$" : std::string(1, letter);
  return print_json_line(Json(doubled));
}

std::string print_proposals(const Discovery& discovery) {
  std::string text;
  std::vector<std::string> names;
  for (const DiscoveredPlace& place : discovery.places) {
    if (!place.proposal) continue;
    const Proposal& made = *place.proposal;
    std::string options = format("recipe: {}", made.recipe);
    for (const auto& [name, value] : made.options) {
      const std::string quoted = quote_for_config(value);
      options += format(", {}: {}", name, name == "paths" ? format("[{}]", quoted) : quoted);
    }
    text += format("  {}: {{{}}}\n", made.name, options);
    names.push_back(made.name);
  }
  if (names.empty()) return "";
  return format("services:\n{}# and to the services of a job: [{}]\n", text, join(names, ", "));
}

}  // namespace lifeboat
