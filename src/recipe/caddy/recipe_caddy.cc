#include "recipe/caddy/recipe_caddy.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/format.h"
#include "base/text.h"
#include "recipe/caddy/careful_tree.h"
#include "recipe/caddy/pairs.h"
#include "recipe/caddy/probes.h"
#include "recipe/container.h"
#include "recipe/details.h"
#include "recipe/volume/folder.h"
#include "recipe/volume/locate.h"
#include "recipe/volume/replace.h"
#include "recipe/volume/walk.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

// The service's two folders as services of their own, for what all recipes of folders share. Their
// names are where the members lie.
Service data_service(const Service& service) {
  return {service.name + "/" + caddy_data_prefix, service.recipe, service.settings};
}
std::optional<Service> config_service(const Service& service) {
  Service config{service.name + "/" + caddy_config_prefix, service.recipe, {}};
  const Settings& settings = service.settings;
  if (settings.has("config_path")) config.settings.set("path", settings.text("config_path"));
  if (settings.has("config_volume")) config.settings.set("volume", settings.text("config_volume"));
  if (!config.settings.has("path") && !config.settings.has("volume")) return std::nullopt;
  return config;
}

TreeOptions data_options(const CaddyFiles& files, const StopToken& stop) {
  return {.prefix = caddy_data_prefix, .exclude = caddy_excludes(files.below), .stop = stop};
}
TreeOptions config_options(const StopToken& stop) {
  return {.prefix = caddy_config_prefix, .stop = stop};
}

Json names_and_ends(const std::vector<JudgedCertificate>& certificates) {
  Json list = Json::array();
  for (const JudgedCertificate& one : certificates) {
    Json entry = {{"name", one.name}};
    if (one.leaf) entry["not_after"] = print_time(one.leaf->not_after);
    list.push_back(std::move(entry));
  }
  return list;
}

class CaddyPlan final : public ServicePlan {
 public:
  CaddyPlan(const Service& service, RecipeContext& context)
      : folder_(locate_folder(service, context)),
        files_(find_caddy_files(folder_, "", context.stop)),
        data_(folder_, data_options(files_, context.stop)) {
    read_pairs(context.stop);
    for (std::string& warning : judgement_.warnings(context.clock.now())) {
      data_.note(std::move(warning));
    }
    if (files_.sites.empty()) {
      data_.note(format("'{}' holds no certificate", printable(folder_.native())));
    }
    note_facts(service, context.clock.now());
    if (const auto config = config_service(service)) {
      const fs::path folder = locate_folder(*config, context);
      config_.emplace(folder, config_options(context.stop));
      facts_.details["config"] = folder_details(*config, folder);
    }
  }

  const Facts& facts() const override { return facts_; }

  std::optional<Member> next() override {
    std::optional<Member> member = data_.next([this](const std::string& path) {
      if (is_caddy_json(path, files_.below)) data_.hold_json(path);
      if (!is_caddy_certificate(path, files_.below) || data_.holds(path)) return true;
      data_.note(format("'{}' was issued during the backup and left out", printable(path)));
      return false;
    });
    if (member || !config_) return member;
    return config_->next([this](const std::string& path) {
      if (is_caddy_json(path, files_.below)) config_->hold_json(path);
      return true;
    });
  }

  std::vector<std::string> warnings() const override {
    std::vector<std::string> all = data_.warnings();
    if (!config_) return all;
    for (std::string& warning : config_->warnings()) all.push_back(std::move(warning));
    return all;
  }

 private:
  void read_pairs(const StopToken& stop) {
    const auto read = [&](const CaddyPair& pair, std::vector<JudgedCertificate>& judged) {
      ReadPair content = read_pair(folder_, pair, stop);
      judged.push_back(std::move(content.judged));
      data_.hold(std::move(content.chain));
      if (content.key) data_.hold(std::move(*content.key));
    };
    for (const CaddyPair& pair : files_.sites) read(pair, judgement_.sites);
    for (const CaddyPair& pair : files_.authorities) read(pair, judgement_.authorities);
  }

  void note_facts(const Service& service, Timestamp now) {
    facts_.items = {
        {"certificates", files_.sites.size(), "certificate", "certificates", false},
        {"accounts", files_.accounts.size(), "account", "accounts", false},
        {"authorities", files_.roots.size(), "local authority", "local authorities", false}};
    facts_.details = folder_details(service, folder_);
    facts_.details["read_at"] = print_time(now);
    facts_.details["certificates"] = names_and_ends(judgement_.sites);
    facts_.details["authorities"] = names_and_ends(judgement_.authorities);
    // What is renewed within days would always end first: not the authorities.
    facts_.details["summary"] =
        certificates_summary(CaddyJudgement{judgement_.sites, {}}.newest(), now);
    if (const auto first = judgement_.first_end()) {
      facts_.details["first_not_after"] = print_time(*first);
    }
    facts_.missing = {"locks, OCSP staples and challenges under way, which Caddy makes anew"};
    facts_.consistency =
        "Each certificate was read with its key until the two belonged together, all before the "
        "other files, which were copied after it, one by one.";
  }

  fs::path folder_;
  CaddyFiles files_;
  CaddyJudgement judgement_;
  CarefulTree data_;
  std::optional<CarefulTree> config_;
  Facts facts_;
};

// Certificates as they lie there now.
std::vector<Finding> check_certificates(const Service& service, RecipeContext& context) {
  const fs::path folder = locate_folder(service, context);
  const CaddyFiles files = find_caddy_files(folder, "", context.stop);
  CaddyJudgement judgement;
  for (const CaddyPair& pair : files.sites) {
    judgement.sites.push_back(read_pair(folder, pair, context.stop).judged);
  }
  for (const CaddyPair& pair : files.authorities) {
    judgement.authorities.push_back(read_pair(folder, pair, context.stop).judged);
  }
  std::vector<Finding> findings;
  if (judgement.first_end()) {
    findings.push_back(
        {Finding::Level::ok,
         certificates_summary(CaddyJudgement{judgement.sites, {}}.newest(), context.clock.now()),
         ""});
  } else if (files.sites.empty()) {
    findings.push_back({Finding::Level::warning, "the folder holds no certificate",
                        "It should be what Caddy's container mounts at /data."});
  }
  for (const std::string& warning : judgement.warnings(context.clock.now())) {
    findings.push_back({Finding::Level::warning, warning,
                        "Look into Caddy's log for why it was not renewed or stored."});
  }
  return findings;
}

void make_keys_private(const fs::path& directory) {
  TreeWalk walk(directory, {}, {});
  while (const std::optional<TreeEntry> entry = walk.next()) {
    if (!S_ISREG(entry->status.st_mode) || !entry->name.ends_with(".key")) continue;
    const UniqueFd fd = open_below(entry->parent_fd, entry->name, O_RDONLY);
    if (!fd || ::fchmod(fd.get(), 0600) != 0) fail_unreadable(directory / entry->path, errno);
  }
}

class CaddyRecipe final : public Recipe {
 public:
  const RecipeInfo& info() const override {
    static const RecipeInfo info = [] {
      RecipeInfo made{"caddy", "Caddy's certificates, accounts and local authorities",
                      locate_options()};
      made.options.push_back({"config_path", OptionType::path, false,
                              "folder of the configuration loaded last (autosave.json), or use "
                              "`config_volume`"});
      made.options.push_back({"config_volume", OptionType::text, false,
                              "name of the Docker volume mounted at /config"});
      made.options.push_back(container_option());
      made.options.push_back(stop_option());
      return made;
    }();
    return info;
  }

  std::vector<Finding> check(const Service& service, RecipeContext& context) const override {
    std::vector<Finding> findings = check_folder(service, {.stop = context.stop}, context);
    const bool has_data = findings.front().level == Finding::Level::ok;
    if (const auto config = config_service(service)) {
      findings.push_back(check_folder(*config, config_options(context.stop), context).front());
    }
    if (!has_data) return findings;
    try {
      for (Finding& finding : check_certificates(service, context)) {
        findings.push_back(std::move(finding));
      }
    } catch (const Error& error) {
      findings.push_back(finding_of(error));
    }
    return findings;
  }

  std::unique_ptr<ServicePlan> plan(const Service& service, RecipeContext& context) const override {
    return with_container(std::make_unique<CaddyPlan>(service, context), service, context);
  }

  std::string restore_card(const Service& service, const Facts& facts) const override {
    std::string card = folder_restore_steps(data_service(service), facts);
    if (const auto config = config_service(service)) {
      Facts config_facts;
      config_facts.details = detail_object(facts.details, "config");
      card += "\nThe same for what was mounted at /config. " +
              folder_restore_steps(*config, config_facts) +
              "\n`caddy run --resume` starts with its autosave.json, the configuration that was\n"
              "loaded last.\n";
    }
    return card +
           "\nNobody but Caddy may read the keys: `chmod 600` all files that end in `.key`.\n"
           "Certificates of public issuers come back by themselves, at the cost of their rate\n"
           "limits. A local authority does not: without `pki/authorities` Caddy makes a new\n"
           "root, which every device has to be told to trust.\n";
  }

  std::vector<ProbeResult> probe(const RestoredService& restored,
                                 RecipeContext& context) const override {
    return probe_caddy(restored, context);
  }

  std::vector<InventoryEntry> inventory(const RestoredService& restored,
                                        RecipeContext& context) const override {
    return inventory_caddy(restored, context.stop);
  }

  ReplaceReport replace(const Service& service, const RestoredService& restored,
                        RecipeContext& context) const override {
    std::vector<FolderChange> changes{
        whole_folder(locate_folder(service, context), restored.directory / caddy_data_prefix)};
    changes.front().prepare = make_keys_private;
    const fs::path config = restored.directory / caddy_config_prefix;
    const auto its_service = config_service(service);
    if (its_service && fs::is_directory(config)) {
      changes.push_back(whole_folder(locate_folder(*its_service, context), config));
    }
    return replace_folders(service, changes, context);
  }

  std::vector<Sabotage> sabotages() const override { return caddy_sabotages(); }

  void after_restore(const fs::path& directory) const override { make_keys_private(directory); }
};

}  // namespace

std::unique_ptr<Recipe> make_caddy_recipe() { return std::make_unique<CaddyRecipe>(); }

}  // namespace lifeboat
