#include "recipe/files/recipe_files.h"

#include <fcntl.h>

#include <map>
#include <set>

#include "base/format.h"
#include "base/text.h"
#include "recipe/container.h"
#include "recipe/details.h"
#include "recipe/files/listed_paths.h"
#include "recipe/volume/databases.h"
#include "recipe/volume/folder.h"
#include "recipe/volume/meta.h"
#include "recipe/volume/replace.h"
#include "recipe/volume/survey.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

fs::path root_of(const ListedPath& listed) {
  return listed.is_folder ? listed.path : listed.path.parent_path();
}

class FilesPlan final : public ServicePlan {
 public:
  FilesPlan(const Service& service, RecipeContext& context)
      : service_(service),
        context_(context),
        is_still_(wants_stillness(service)),
        databases_(std::make_shared<Notes>()),
        listed_(list_paths(service.settings)) {
    check_excludes(service.settings, listed_);
    facts_.details["paths"] = Json::array();
    for (const ListedPath& one : listed_.there) {
      const TreeOptions options = options_of(one);
      const TreeMembers can_be_opened(root_of(one), options);
      survey_.add_folder(root_of(one), options.prefix.empty() ? "" : options.prefix + "/", options);
      facts_.details["paths"].push_back(printable(one.member()));
    }
    survey_.note(facts_);
    for (const std::string& named : listed_.missing) {
      facts_.missing.push_back(format("'{}', which is optional and not there", printable(named)));
    }
    for (const std::string& pattern : service.settings.list("exclude")) {
      facts_.missing.push_back(
          format("files that match '{}', as 'exclude' asks", printable(pattern)));
    }
    facts_.consistency =
        "Files were copied one after another: each is as it was at one moment where the kernel's "
        "times can tell, but not all at the same moment.";
  }

  const Facts& facts() const override { return facts_; }
  uint64_t size_estimate() const override { return survey_.bytes(); }

  std::optional<Member> next() override {
    for (;;) {
      if (tree_) {
        std::optional<Member> member = tree_->next();
        // The folder that a file lies in is told with its own kind, once.
        const bool is_told = member && member->meta.type == FileType::directory &&
                             !told_.insert(member->meta.path).second;
        if (member && !is_told) {
          survey_.correct(facts_, *member);
          return member;
        }
        if (member) continue;
        for (std::string& warning : tree_->warnings()) warnings_.push_back(std::move(warning));
        tree_.reset();
      }
      if (at_ == listed_.there.size()) return std::nullopt;
      const ListedPath& one = listed_.there[at_];
      if (std::optional<Member> parent = next_parent(one)) return parent;
      ++at_;
      tree_.emplace(root_of(one), options_of(one));
    }
  }

  std::vector<std::string> warnings() const override {
    std::vector<std::string> all = warnings_;
    for (std::string& note : databases_->list()) all.push_back(std::move(note));
    if (is_still_) return all;
    for (std::string& warning : survey_.database_warnings()) all.push_back(std::move(warning));
    return all;
  }

 private:
  TreeOptions options_of(const ListedPath& listed) {
    TreeOptions options = options_for(listed, service_.settings, context_.stop);
    if (!is_still_) options.sqlite = sqlite_snapshots(context_, databases_);
    return options;
  }

  // The folders above a path keep their modes: `cp -a` gives those of the archive to live ones.
  std::optional<Member> next_parent(const ListedPath& listed) {
    const std::string member = listed.member();
    for (size_t at = member.find('/'); at != std::string::npos; at = member.find('/', at + 1)) {
      const std::string parent = member.substr(0, at);
      if (!told_.insert(parent).second) continue;
      const UniqueFd fd = open_file("/" + parent, O_RDONLY | O_DIRECTORY);
      Member made;
      made.meta = meta_from(stat_fd(fd.get(), parent), parent, owners_);
      made.size = 0;
      return made;
    }
    return std::nullopt;
  }

  const Service& service_;
  RecipeContext& context_;
  bool is_still_;
  std::shared_ptr<Notes> databases_;
  ListedPaths listed_;
  OwnerNames owners_;
  size_t at_ = 0;
  std::optional<TreeMembers> tree_;
  std::set<std::string> told_;  // folders
  Survey survey_;
  Facts facts_;
  std::vector<std::string> warnings_;
};

std::vector<std::string> paths_in(const Facts& facts) {
  return detail_list(facts.details, "paths");
}

class FilesRecipe final : public Recipe {
 public:
  const RecipeInfo& info() const override {
    static const RecipeInfo info{
        "files",
        "files and folders from anywhere, each below its own path",
        {{"paths", OptionType::list, true,
          "absolute paths of files and folders, like `/etc/caddy`"},
         {"optional", OptionType::list, false, "more of them, which need not be there"},
         {"exclude", OptionType::list, false,
          "patterns of what to leave out, like `*.log` or `/etc/caddy/cache`"},
         container_option(),
         stop_option()}};
    return info;
  }

  std::vector<Finding> check(const Service& service, RecipeContext& context) const override {
    try {
      const ListedPaths listed = list_paths(service.settings);
      check_excludes(service.settings, listed);
      for (const ListedPath& one : listed.there) {
        const TreeMembers can_be_opened(root_of(one),
                                        options_for(one, service.settings, context.stop));
      }
      std::vector<Finding> findings{
          {Finding::Level::ok,
           format("{} can be read", print_count(listed.there.size(), "path", "paths")), ""}};
      for (const std::string& named : listed.missing) {
        findings.push_back(
            {Finding::Level::ok, format("'{}' is optional and not there", printable(named)), ""});
      }
      for (Finding& finding : check_container(service, context)) {
        findings.push_back(std::move(finding));
      }
      return findings;
    } catch (const Error& error) {
      return {finding_of(error)};
    }
  }

  std::unique_ptr<ServicePlan> plan(const Service& service, RecipeContext& context) const override {
    return with_container(std::make_unique<FilesPlan>(service, context), service, context);
  }

  std::string restore_card(const Service& service, const Facts& facts) const override {
    std::string card =
        "Each path lies here below its own name. Look at what would change, then:\n\n";
    for (const std::string& path : paths_in(facts)) {
      const std::string from = shell_word(service.name + "/" + path);
      card += format("    cp -aT {} {}\n", from, shell_word("/" + path));
    }
    return card +
           "\nExtract with `tar -xp --numeric-owner`. On another machine, copy with care: a\n"
           "host's own addresses, users and keys may be among them.\n";
  }

  std::vector<ProbeResult> probe(const RestoredService& restored,
                                 RecipeContext& context) const override {
    std::vector<ProbeResult> answers = probe_survey(restored, context);
    answers.push_back(probe_must(restored, paths_in(restored.expected)));
    return answers;
  }

  std::vector<Sabotage> sabotages() const override {
    std::vector<Sabotage> all = survey_sabotages();
    all.insert(all.begin(),
               {"missing path", "the first path was removed",
                [](const RestoredService& restored) { remove_first_listed(restored, "paths"); }});
    return all;
  }

  ReplaceReport replace(const Service& service, const RestoredService& restored,
                        RecipeContext& context) const override {
    const std::set<std::string> configured = configured_members(service.settings);
    std::map<fs::path, FolderChange> changes;  // by live folder
    for (const std::string& path : paths_in(restored.expected)) {
      if (!is_inner_path(path)) {
        throw Error(ErrorKind::verification, "read facts: 'paths' holds what is no path");
      }
      if (!configured.contains(path)) {
        throw Error(ErrorKind::verification,
                    format("replace '/{}': service '{}' is not configured with it", printable(path),
                           service.name))
            .hint("Add it to 'paths' if it belongs there; or restore to a folder and copy.");
      }
      const fs::path live = "/" + path;
      FolderChange& change = changes[live.parent_path()];
      change.live = live.parent_path();
      change.put.emplace(live.filename().native(), restored.directory / path);
    }
    std::vector<FolderChange> all;
    for (auto& [live, change] : changes) all.push_back(std::move(change));
    return replace_folders(service, all, context);
  }
};

}  // namespace

std::unique_ptr<Recipe> make_files_recipe() { return std::make_unique<FilesRecipe>(); }

}  // namespace lifeboat
