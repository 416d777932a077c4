#include "recipe/container.h"

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "docker/quiesce.h"

namespace lifeboat {
namespace {

// The only container that mounts what the service names; several are told apart by `container`.
std::optional<DockerContainer> find_by_mount(const Service& service, Docker& docker) {
  const std::string volume = service.settings.text("volume");
  const std::string path = service.settings.text("path");
  std::vector<DockerContainer> found;
  for (const DockerContainer& one : docker.containers({.volume = volume})) {
    const bool mounts =
        std::any_of(one.mounts.begin(), one.mounts.end(), [&](const DockerMount& mount) {
          return volume.empty() ? mount.source == path : mount.volume == volume;
        });
    if (mounts) found.push_back(one);
  }
  if (found.empty()) return std::nullopt;
  if (found.size() == 1) return found.front();
  std::vector<std::string> names;
  for (const DockerContainer& one : found) names.push_back(printable(one.name));
  throw Error(ErrorKind::service, format("find the container of service '{}': {} mount it",
                                         service.name, join(names, ", ")))
      .hint("Set 'container' to the one that writes there.");
}

class Still final : public StillContainer {
 public:
  Still(std::unique_ptr<Docker> docker, const std::string& id, QuiesceMode mode,
        RecipeContext& context)
      : docker_(std::move(docker)),
        quiesce_(*docker_, id, mode, context.state_dir, context.random) {}
  void end() override { quiesce_.end(); }

 private:
  std::unique_ptr<Docker> docker_;
  Quiesce quiesce_;
};

std::unique_ptr<StillContainer> make_still(const Service& service, RecipeContext& context,
                                           const DockerDetails& details, QuiesceMode mode) {
  if (context.state_dir.empty()) {
    throw Bug(format("service '{}' would be stopped without a place for its note", service.name));
  }
  return std::make_unique<Still>(std::make_unique<Docker>(context.docker_options(), context.clock),
                                 details.container.id, mode, context);
}

}  // namespace

OptionSpec container_option() {
  return {"container", OptionType::text, false,
          "the service's container (default: the one that mounts the volume or path)"};
}

OptionSpec stop_option() {
  return {"stop", OptionType::text, false,
          "`stop` or `pause`: what is done to the container while it is read (default: `no`)"};
}

std::optional<DockerDetails> find_container(const Service& service, RecipeContext& context) {
  const std::string name = service.settings.text("container");
  const bool is_here = Docker::is_present(context.docker_options());
  if (!is_here && name.empty()) return std::nullopt;
  Docker docker(context.docker_options(), context.clock);
  if (!name.empty()) return docker.inspect(docker.container({.name = name}).id);
  if (!service.settings.has("volume") && !service.settings.has("path")) return std::nullopt;
  const auto found = find_by_mount(service, docker);
  if (!found) return std::nullopt;
  return docker.inspect(found->id);
}

Json container_details(const DockerDetails& details) {
  return {{"name", printable(details.container.name)},
          {"image", printable(details.container.image)},
          {"image_id", printable(details.image_digest)},
          {"repo_digests", details.repo_digests}};
}

std::unique_ptr<StillContainer> keep_still(const Service& service, RecipeContext& context) {
  const std::string mode = service.settings.text("stop", "no");
  if (mode == "no") return nullptr;
  if (mode != "stop" && mode != "pause") {
    throw Error(ErrorKind::service,
                format("read option 'stop': '{}' is none of its words", printable(mode)))
        .hint("Write stop, pause or no.");
  }
  const auto details = find_container(service, context);
  if (!details) {
    throw Error(ErrorKind::service,
                format("{} the container of service '{}': none was found", mode, service.name))
        .hint("Set 'container' to its name, or leave 'stop' away.");
  }
  return make_still(service, context, *details,
                    mode == "stop" ? QuiesceMode::stop : QuiesceMode::pause);
}

std::unique_ptr<StillContainer> keep_stopped(const Service& service, RecipeContext& context) {
  const auto details = find_container(service, context);
  if (!details) return nullptr;
  return make_still(service, context, *details, QuiesceMode::stop);
}

}  // namespace lifeboat
