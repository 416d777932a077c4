#include "recipe/volume/recipe_volume.h"

#include "base/format.h"
#include "base/text.h"
#include "recipe/container.h"
#include "recipe/details.h"
#include "recipe/volume/databases.h"
#include "recipe/volume/folder.h"
#include "recipe/volume/locate.h"
#include "recipe/volume/replace.h"
#include "recipe/volume/survey.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

TreeOptions tree_options(const Settings& settings, const StopToken& stop) {
  TreeOptions options;
  options.exclude = settings.list("exclude");
  options.must = settings.list("must");
  options.stop = stop;
  return options;
}

class VolumePlan final : public ServicePlan {
 public:
  VolumePlan(const Service& service, RecipeContext& context)
      : is_still_(wants_stillness(service)),
        databases_(std::make_shared<Notes>()),
        folder_(locate_folder(service, context)),
        tree_(folder_, options(service, context)) {
    survey_.add_folder(folder_, "", tree_options(service.settings, context.stop));
    facts_.details = folder_details(service, folder_);
    survey_.note(facts_);
    facts_.details["must"] = service.settings.list("must");
    for (const std::string& pattern : service.settings.list("exclude")) {
      facts_.missing.push_back(
          format("files that match '{}', as 'exclude' asks", printable(pattern)));
    }
    facts_.consistency =
        is_still_ ? "Files were copied one after another."
                  : "Files were copied one after another while the service ran: each is as it was "
                    "at one moment where the kernel's times can tell, but not all at the same "
                    "moment; SQLite databases are snapshots of their own unless a warning says "
                    "otherwise.";
  }

  const Facts& facts() const override { return facts_; }
  uint64_t size_estimate() const override { return survey_.bytes(); }
  std::optional<Member> next() override {
    std::optional<Member> member = tree_.next();
    if (member) survey_.correct(facts_, *member);
    return member;
  }

  std::vector<std::string> warnings() const override {
    std::vector<std::string> all = tree_.warnings();
    for (std::string& note : databases_->list()) all.push_back(std::move(note));
    if (is_still_) return all;
    for (std::string& warning : survey_.database_warnings()) all.push_back(std::move(warning));
    return all;
  }

 private:
  // What stands still is copied as it lies there, logs included: a paused writer may hold a lock
  // for ever.
  TreeOptions options(const Service& service, RecipeContext& context) {
    TreeOptions options = tree_options(service.settings, context.stop);
    if (is_still_) return options;
    options.sqlite = service.settings.flag("sqlite", true) ? sqlite_snapshots(context, databases_)
                                                           : sqlite_named(databases_);
    return options;
  }

  bool is_still_;
  std::shared_ptr<Notes> databases_;
  fs::path folder_;
  TreeMembers tree_;
  Survey survey_;
  Facts facts_;
};

class VolumeRecipe final : public Recipe {
 public:
  const RecipeInfo& info() const override {
    static const RecipeInfo info = [] {
      RecipeInfo made{"volume", "a folder or Docker volume, file by file", locate_options()};
      for (OptionSpec& option :
           std::vector<OptionSpec>{{"exclude", OptionType::list, false,
                                    "patterns of what to leave out, like `cache/**` or `*.log`"},
                                   {"must", OptionType::list, false,
                                    "paths without which the backup fails, relative to the folder"},
                                   {"sqlite", OptionType::boolean, false,
                                    "take SQLite databases as snapshots (default: true)"},
                                   container_option(),
                                   stop_option()}) {
        made.options.push_back(std::move(option));
      }
      return made;
    }();
    return info;
  }

  std::vector<Finding> check(const Service& service, RecipeContext& context) const override {
    std::vector<Finding> findings =
        check_folder(service, tree_options(service.settings, context.stop), context);
    if (findings.front().level != Finding::Level::ok || wants_stillness(service)) return findings;
    Survey survey;
    survey.add_folder(locate_folder(service, context), "",
                      tree_options(service.settings, context.stop));
    for (std::string& warning : survey.database_warnings()) {
      findings.push_back({Finding::Level::warning, std::move(warning), ""});
    }
    return findings;
  }

  std::unique_ptr<ServicePlan> plan(const Service& service, RecipeContext& context) const override {
    return with_container(std::make_unique<VolumePlan>(service, context), service, context);
  }

  std::string restore_card(const Service& service, const Facts& facts) const override {
    return folder_restore_steps(service, facts);
  }

  std::vector<ProbeResult> probe(const RestoredService& restored,
                                 RecipeContext& context) const override {
    std::vector<ProbeResult> answers = probe_survey(restored, context);
    const auto must = detail_list(restored.expected.details, "must");
    if (!must.empty()) answers.push_back(probe_must(restored, must));
    return answers;
  }

  ReplaceReport replace(const Service& service, const RestoredService& restored,
                        RecipeContext& context) const override {
    return replace_folders(
        service, {whole_folder(locate_folder(service, context), restored.directory)}, context);
  }

  std::vector<Sabotage> sabotages() const override {
    std::vector<Sabotage> all = survey_sabotages();
    all.insert(all.begin(),
               {"missing must-have path", "the first path under 'must' was removed",
                [](const RestoredService& restored) { remove_first_listed(restored, "must"); }});
    return all;
  }
};

}  // namespace

std::unique_ptr<Recipe> make_volume_recipe() { return std::make_unique<VolumeRecipe>(); }

}  // namespace lifeboat
