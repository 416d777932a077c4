#include "engine/labels.h"

#include <algorithm>
#include <charconv>
#include <memory>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "docker/scratch_containers.h"
#include "recipe/known.h"

namespace lifeboat {
namespace {

constexpr std::string_view prefix = "lifeboat.";
constexpr std::string_view env_suffix = "_env";
constexpr const char* fallback_recipe = "volume";

Error bad_label(std::string_view label, std::string_view why) {
  return Error(ErrorKind::service, format("label '{}': {}", printable(label), why));
}

const OptionSpec* find_option(const Recipe& recipe, std::string_view name) {
  for (const OptionSpec& option : recipe.info().options) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

std::vector<std::string> list_of(const std::string& text) {
  std::vector<std::string> items;
  for (const std::string& item : split(text, ',')) {
    if (!trim(item).empty()) items.emplace_back(trim(item));
  }
  return items;
}

// A label's text as the option's type wants it.
Settings::Value value_of(const OptionSpec& option, std::string_view label,
                         const std::string& text) {
  switch (option.type) {
    case OptionType::text:
      if (!text.empty()) return text;
      throw bad_label(label, "it is empty");
    case OptionType::path:
      if (text.starts_with('/')) return text;
      throw bad_label(label, "not an absolute path");
    case OptionType::list: {
      std::vector<std::string> items = list_of(text);
      if (!items.empty()) return items;
      throw bad_label(label, "it is empty");
    }
    case OptionType::boolean:
      if (text == "true" || text == "false") return text == "true";
      throw bad_label(label, "neither true nor false");
    case OptionType::integer: {
      uint64_t number = 0;
      const auto end = text.data() + text.size();
      const auto parsed = std::from_chars(text.data(), end, number);
      if (parsed.ec == std::errc() && parsed.ptr == end && !text.empty()) return number;
      throw bad_label(label, "not a whole number");
    }
    case OptionType::size:
      if (const auto bytes = parse_bytes(text)) return *bytes;
      throw bad_label(label, "not a size like 512 KiB");
    case OptionType::secret:
      break;
  }
  throw bad_label(label, format("a secret does not belong into a label: name the variable of "
                                "lifeboat's own environment in 'lifeboat.{}_env'",
                                option.name));
}

void set_option(Settings& settings, const Recipe& recipe, const std::string& label,
                const std::string& text, const LabelRequest& request) {
  const std::string name = label.substr(prefix.size());
  if (const OptionSpec* option = find_option(recipe, name)) {
    settings.set(name, value_of(*option, label, text));
    return;
  }
  if (name.ends_with(env_suffix)) {
    const std::string secret = name.substr(0, name.size() - env_suffix.size());
    const OptionSpec* option = find_option(recipe, secret);
    if (option != nullptr && option->type == OptionType::secret) {
      const auto value = request.environment(text);
      if (!value || value->empty()) {
        throw bad_label(label, format("the environment has no variable '{}'", printable(text)));
      }
      log_redact(*value);
      settings.set(secret, std::make_shared<const Secret>(*value));
      return;
    }
  }
  std::vector<std::string> names{"enable", "recipe"};
  for (const OptionSpec& option : recipe.info().options) names.push_back(option.name);
  const auto near = nearest(name, names);
  throw bad_label(label, format("the recipe '{}' has no such option{}", recipe.info().name,
                                near ? format("; did you mean 'lifeboat.{}'?", *near) : ""));
}

std::vector<const DockerMount*> named_volumes(const DockerContainer& container) {
  std::vector<const DockerMount*> volumes;
  for (const DockerMount& mount : container.mounts) {
    if (mount.type == "volume" && !mount.volume.empty()) volumes.push_back(&mount);
  }
  return volumes;
}

class Labelled {
 public:
  Labelled(const DockerContainer& container, LabelRequest& request)
      : container_(container), request_(request) {}

  std::vector<BackupService> run() {
    const std::string& enable = container_.labels.at(enable_label);
    if (enable == "false") return {};
    const std::string name = take_name(container_.name);
    try {
      if (enable != "true") throw bad_label(enable_label, "neither true nor false");
      return make(name);
    } catch (const Error& error) {
      BackupService failed;
      failed.service.name = name;
      failed.service.recipe = label("recipe").value_or(fallback_recipe);
      failed.fault = format("container '{}': {}", printable(container_.name), redact(error.what()));
      return {failed};
    }
  }

 private:
  std::optional<std::string> label(const std::string& name) const {
    const auto found = container_.labels.find(std::string(prefix) + name);
    return found == container_.labels.end() ? std::nullopt : std::optional(found->second);
  }

  std::string take_name(const std::string& wanted) {
    const std::string base = service_name_from(wanted);
    std::string name = base;
    for (unsigned number = 2; !request_.names_taken.insert(name).second; ++number) {
      name = format("{}-{}", base.substr(0, name_length_max - 4), number);
    }
    return name;
  }

  std::vector<BackupService> make(const std::string& name) {
    const KnownImage* image = known_image(container_.image);
    const auto asked = label("recipe");
    const Recipe* known =
        image == nullptr ? nullptr : request_.recipes.find(std::string(image->recipe));
    const Recipe& recipe = asked              ? request_.recipes.get(*asked)
                           : known != nullptr ? *known
                                              : request_.recipes.get(fallback_recipe);
    BackupService made;
    made.service.name = name;
    made.service.recipe = recipe.info().name;
    for (const auto& [key, text] : container_.labels) {
      if (!key.starts_with(prefix) || key == enable_label || key == "lifeboat.recipe") continue;
      if (key == drill_label) continue;
      set_option(made.service.settings, recipe, key, text, request_);
    }
    return with_place(std::move(made), recipe, image);
  }

  // What the labels leave open follows from the container: its own name, and where its data lies.
  std::vector<BackupService> with_place(BackupService made, const Recipe& recipe,
                                        const KnownImage* image) {
    Settings& settings = made.service.settings;
    if (find_option(recipe, "container") != nullptr && !settings.has("container")) {
      settings.set("container", container_.name);
    }
    const bool wants_volume = find_option(recipe, "volume") != nullptr;
    if (!wants_volume || settings.has("volume") || settings.has("path")) {
      require_all(made.service, recipe);
      return {made};
    }
    std::vector<const DockerMount*> volumes = named_volumes(container_);
    for (const DockerMount* mount : volumes) {
      if (image == nullptr || image->destination != mount->destination) continue;
      volumes = {mount};
      break;
    }
    if (volumes.empty()) {
      const bool has_folder = find_option(recipe, "path") != nullptr;
      throw Error(ErrorKind::service,
                  format("it has no volume{}", has_folder ? ": set 'lifeboat.path' to the folder "
                                                            "of the host that holds its data"
                                                          : ""));
    }
    return one_each(std::move(made), volumes, recipe);
  }

  std::vector<BackupService> one_each(BackupService made,
                                      const std::vector<const DockerMount*>& volumes,
                                      const Recipe& recipe) {
    std::vector<BackupService> all;
    for (const DockerMount* mount : volumes) {
      BackupService one = made;
      if (!all.empty()) one.service.name = take_name(made.service.name + "-" + mount->volume);
      one.service.settings.set("volume", mount->volume);
      require_all(one.service, recipe);
      all.push_back(std::move(one));
    }
    return all;
  }

  static void require_all(const Service& service, const Recipe& recipe) {
    for (const OptionSpec& option : recipe.info().options) {
      if (!option.required || service.settings.has(option.name)) continue;
      throw Error(ErrorKind::service, format("the recipe '{}' needs the label 'lifeboat.{}': {}",
                                             recipe.info().name, option.name, option.help));
    }
  }

  const DockerContainer& container_;
  LabelRequest& request_;
};

}  // namespace

std::vector<BackupService> services_of_labels(const DockerContainer& container,
                                              LabelRequest& request) {
  if (!container.labels.contains(enable_label) || container.labels.contains(drill_label)) return {};
  return Labelled(container, request).run();
}

std::vector<BackupService> labelled_services(const DockerOptions& options, Clock& clock,
                                             LabelRequest& request) {
  std::vector<BackupService> all;
  try {
    Docker docker(options, clock);
    for (const DockerContainer& container : docker.containers({})) {
      for (BackupService& one : services_of_labels(container, request)) {
        all.push_back(std::move(one));
      }
    }
  } catch (const Error& error) {
    BackupService failed;
    failed.service.name = service_name_from("labelled-containers");
    failed.service.recipe = fallback_recipe;
    failed.fault = format("find the containers with labels: {}", redact(error.what()));
    return {failed};
  }
  return all;
}

}  // namespace lifeboat
