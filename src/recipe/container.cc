#include "recipe/container.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "docker/quiesce.h"

namespace lifeboat {
namespace {

// How near a mount is to what the service names: the length of its source; 0: another one. A folder
// above `path` counts if it may be written to: whoever watches the whole disk does not own it.
// Least near is what lies in the folder.
size_t nearness(const DockerMount& mount, const std::string& volume, const std::string& path) {
  if (!volume.empty()) return mount.volume == volume ? 1 : 0;
  if (mount.source == path) return path.size() + 1;
  const auto is_below = [](const std::string& inner, const std::string& outer) {
    return inner.size() > outer.size() && inner.starts_with(outer) && inner[outer.size()] == '/';
  };
  if (is_below(path, mount.source)) return mount.read_only ? 0 : mount.source.size();
  return !path.empty() && is_below(mount.source, path) ? 1 : 0;  // one file of it, or a part
}

// The only container whose mount is nearest; several are told apart by `container`.
std::optional<DockerContainer> find_by_mount(const Service& service, Docker& docker) {
  const std::string volume = service.settings.text("volume");
  const std::string path = service.settings.text("path");
  std::vector<DockerContainer> found;
  size_t nearest = 1;
  for (const DockerContainer& one : docker.containers({.volume = volume})) {
    size_t near = 0;
    for (const DockerMount& mount : one.mounts) {
      near = std::max(near, nearness(mount, volume, path));
    }
    if (near > nearest) found.clear();
    if (near < nearest) continue;
    nearest = near;
    found.push_back(one);
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
        quiesce_(*docker_, id, mode, context.state_dir, context.random, context.clock) {}
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

// The word of `stop`; nothing for "no".
std::optional<QuiesceMode> quiesce_mode(const Service& service) {
  const std::string word = service.settings.text("stop", "no");
  if (word == "no") return std::nullopt;
  if (word == "stop") return QuiesceMode::stop;
  if (word == "pause") return QuiesceMode::pause;
  throw Error(ErrorKind::service,
              format("read option 'stop': '{}' is none of its words", printable(word)))
      .hint("Write stop, pause or no.");
}

const char* participle(QuiesceMode mode) {
  return mode == QuiesceMode::stop ? "stopped" : "paused";
}

DockerDetails container_to_quiet(const Service& service, RecipeContext& context) {
  if (auto details = find_container(service, context)) return *std::move(details);
  throw Error(ErrorKind::service, format("{} the container of service '{}': none was found",
                                         service.settings.text("stop"), service.name))
      .hint("Set 'container' to its name, or leave 'stop' away.");
}

// For facts alone: neither an engine that does not answer nor several that mount the same are a
// reason to go without a backup.
std::optional<DockerDetails> container_if_known(const Service& service, RecipeContext& context) {
  if (wants_stillness(service)) return container_to_quiet(service, context);
  try {
    return find_container(service, context);
  } catch (const Error&) {
    if (service.settings.has("container")) throw;
    return std::nullopt;
  }
}

class StillPlan final : public ServicePlan {
 public:
  StillPlan(std::unique_ptr<ServicePlan> plan, const Service& service, RecipeContext& context)
      : service_(service),
        context_(context),
        is_due_(wants_stillness(service)),
        plan_(std::move(plan)),
        container_(container_if_known(service, context)) {
    if (is_due_ && container_) {
      stillness_ = format("The container '{}' {} while its files were read. ",
                          printable(container_->container.name),
                          container_->container.is_running()
                              ? format("was {}", participle(*quiesce_mode(service)))
                              : "did not run");
    }
    note_facts();
  }

  const Facts& facts() const override { return facts_; }
  uint64_t size_estimate() const override { return plan_->size_estimate(); }

  std::optional<Member> next() override {
    if (std::exchange(is_due_, false)) still_ = keep_still(service_, context_);
    std::optional<Member> member = plan_->next();
    if (!member) {
      note_facts();
      end();
    }
    return member;
  }

  std::vector<std::string> warnings() const override {
    std::vector<std::string> all = plan_->warnings();
    if (!failure_.empty()) all.push_back(failure_);
    return all;
  }

 private:
  // Again at the end: what is read may correct what was expected.
  void note_facts() {
    facts_ = plan_->facts();
    if (container_) facts_.details["container"] = container_details(*container_);
    facts_.consistency = stillness_ + facts_.consistency;
  }

  void end() {
    if (!still_) return;
    try {
      still_->end();
    } catch (const Error& error) {
      failure_ = format("THE CONTAINER DOES NOT RUN: {}", error.what());
      for (const std::string& hint : error.hints()) failure_ += ". " + hint;
      failure_ += ". Start it by hand; the next run tries again as well.";
    }
    still_.reset();
  }

  const Service& service_;
  RecipeContext& context_;
  bool is_due_;
  std::unique_ptr<StillContainer> still_;  // outlives the plan's members
  std::unique_ptr<ServicePlan> plan_;
  std::optional<DockerDetails> container_;
  std::string stillness_;
  Facts facts_;
  std::string failure_;
};

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

bool wants_stillness(const Service& service) { return quiesce_mode(service).has_value(); }

std::vector<Finding> check_container(const Service& service, RecipeContext& context) {
  try {
    const auto details = container_if_known(service, context);
    const bool is_asked = wants_stillness(service) || service.settings.has("container");
    if (!is_asked || !details) return {};
    return {{Finding::Level::ok,
             format("container '{}' is {}", printable(details->container.name),
                    printable(details->container.state)),
             ""}};
  } catch (const Error& error) {
    return {
        {Finding::Level::error, error.what(), error.hints().empty() ? "" : error.hints().front()}};
  }
}

std::unique_ptr<StillContainer> keep_still(const Service& service, RecipeContext& context) {
  const auto mode = quiesce_mode(service);
  if (!mode) return nullptr;
  return make_still(service, context, container_to_quiet(service, context), *mode);
}

std::unique_ptr<StillContainer> keep_stopped(const Service& service, RecipeContext& context) {
  const auto details = find_container(service, context);
  if (!details) return nullptr;
  return make_still(service, context, *details, QuiesceMode::stop);
}

std::unique_ptr<ServicePlan> with_container(std::unique_ptr<ServicePlan> plan,
                                            const Service& service, RecipeContext& context) {
  return std::make_unique<StillPlan>(std::move(plan), service, context);
}

}  // namespace lifeboat
