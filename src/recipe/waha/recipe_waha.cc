#include "recipe/waha/recipe_waha.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "io/files.h"
#include "io/no_links.h"
#include "recipe/container.h"
#include "recipe/details.h"
#include "recipe/inventory.h"
#include "recipe/sqlite/probes.h"
#include "recipe/sqlite/snapshot.h"
#include "recipe/volume/folder.h"
#include "recipe/volume/glob.h"
#include "recipe/volume/live_file.h"
#include "recipe/volume/locate.h"
#include "recipe/volume/replace.h"
#include "recipe/volume/settled_file.h"
#include "recipe/volume/walk.h"
#include "recipe/waha/quiet.h"
#include "recipe/waha/server.h"
#include "recipe/waha/sessions.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t json_bytes_max = 16 * 1024 * 1024;

// Names of a running browser and its host; restored, they would keep Chromium from starting.
const std::vector<std::string> chromium_locks{"SingletonLock", "SingletonSocket",
                                              "SingletonCookie"};

TreeOptions tree_options(const Settings& settings, const StopToken& stop) {
  TreeOptions options;
  options.exclude = settings.list("exclude");
  options.exclude.insert(options.exclude.end(), chromium_locks.begin(), chromium_locks.end());
  options.stop = stop;
  return options;
}

bool is_below_any(std::string_view path, const std::set<std::string>& folders) {
  return std::any_of(folders.begin(), folders.end(), [&](const std::string& folder) {
    return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
  });
}

class WahaPlan final : public ServicePlan {
 public:
  WahaPlan(const Service& service, RecipeContext& context)
      : service_(service),
        context_(context),
        how_(waha_quiesce(service)),
        folder_(locate_folder(service, context)),
        sessions_(find_sessions(folder_, context.stop)),
        tree_(folder_, options(service)) {
    facts_.items.push_back(
        {"sessions", sessions_.names.size(), "WAHA session", "WAHA sessions", true});
    facts_.details = folder_details(service, folder_);
    facts_.details["sessions"] = Json::array();
    for (const std::string& name : sessions_.names) {
      facts_.details["sessions"].push_back(printable(name));
    }
    for (const std::string& pattern : service.settings.list("exclude")) {
      facts_.missing.push_back(
          format("files that match '{}', as 'exclude' asks", printable(pattern)));
    }
    facts_.consistency = consistency();
    if (!sessions_.profiles.empty() && how_ == WahaQuiesce::none) {
      facts_.consistency +=
          " Chromium profiles (engine WEBJS) were copied raw under the running "
          "browser and may ask for the QR code again.";
    }
    if (sessions_.names.empty()) {
      warnings_.add(format("'{}' holds no session", printable(folder_.native())));
    }
    for (std::string& told : repair_waha(service, context)) warnings_.add(std::move(told));
    if (service.settings.has("url")) ask_server();
  }

  const Facts& facts() const override { return facts_; }

  std::optional<Member> next() override {
    if (how_ != WahaQuiesce::none && !quiet_) quiet_.emplace(service_, context_, how_);
    std::optional<Member> member = tree_.next();
    if (!member) end_quiet();
    if (member && member->meta.type == FileType::file && is_session_json(member->meta.path)) {
      reread(*member);
    }
    return member;
  }

  std::vector<std::string> warnings() const override {
    std::vector<std::string> all = tree_.warnings();
    for (std::string& warning : warnings_.list()) all.push_back(std::move(warning));
    return all;
  }

 private:
  std::string consistency() const {
    switch (how_) {
      case WahaQuiesce::api:
        return "Every session that worked was stopped by the server while its files were read; the "
               "server itself ran on, and its own SQLite file is a consistent snapshot.";
      case WahaQuiesce::container:
        return "The server's container was stopped while its files were read.";
      case WahaQuiesce::none:
        break;
    }
    return "Files were copied live, one after another; each SQLite file is a consistent snapshot "
           "of "
           "its own and creds.json was read until it parsed, but files may be seconds apart.";
  }

  // The members are whole: that sessions are down is told, and the next run tries again.
  void end_quiet() {
    if (!quiet_) return;
    try {
      quiet_->end();
    } catch (const Error& error) {
      std::string told = format("NOT ALL SESSIONS WORK AGAIN: {}", error.what());
      for (const std::string& hint : error.hints()) told += ". " + hint;
      warnings_.add(std::move(told));
    }
  }

  TreeOptions options(const Service& service) {
    TreeOptions options = tree_options(service.settings, context_.stop);
    options.sqlite = [this](const fs::path& file, FileMeta meta) -> std::optional<Member> {
      if (is_below_any(meta.path, sessions_.profiles)) return std::nullopt;
      return snapshot_member(SqliteSnapshot::open(file, context_), std::move(meta));
    };
    return options;
  }

  // Which sessions were working is worth knowing after a restore. A server that does not answer is
  // no reason to go without a backup.
  void ask_server() {
    try {
      const auto listed = WahaServer(service_, context_.stop).sessions();
      Json states = Json::object();
      for (const auto& session : listed)
        states[printable(session.name)] = printable(session.status);
      facts_.details["server_sessions"] = std::move(states);
      if (listed.size() != sessions_.names.size()) {
        warnings_.add(format("the server lists {} sessions, the folder holds {}", listed.size(),
                             sessions_.names.size()));
      }
    } catch (const Error& error) {
      facts_.missing.push_back("the states of the sessions: the server could not be asked");
      warnings_.add(error.what());
    }
  }

  // Puts content that parses into the member's place, as its writer truncates before it writes.
  void reread(Member& member) {
    SettledFile file =
        read_until_valid(folder_, member.meta.path, check_json_object, context_.stop);
    if (!file.fault.empty()) {
      warnings_.add(format("'{}': {}", printable(member.meta.path), file.fault));
      return;
    }
    const Timestamp mtime = file.meta.mtime;
    member = text_member(file.meta.path, std::move(file.text), mtime);
    member.meta = std::move(file.meta);
  }

  const Service& service_;
  RecipeContext& context_;
  WahaQuiesce how_;
  std::optional<WahaQuiet> quiet_;  // outlives what is read
  fs::path folder_;
  WahaSessions sessions_;
  Notes warnings_;
  TreeMembers tree_;
  Facts facts_;
};

ProbeResult probe_session_json(const fs::path& folder, const WahaSessions& sessions,
                               const StopToken& stop) {
  ProbeResult answer{"the JSON files of every session parse", true, "all", "all", ""};
  uint64_t asked = 0;
  TreeWalk walk(folder, {}, stop);
  while (const std::optional<TreeEntry> entry = walk.next()) {
    const bool is_asked = S_ISREG(entry->status.st_mode) && is_session_json(entry->path) &&
                          is_below_any(entry->path, sessions.names);
    if (!is_asked) continue;
    ++asked;
    try {
      check_json_object(read_file_without_links(folder / entry->path, json_bytes_max));
    } catch (const Error& error) {
      answer.passed = false;
      answer.found = format("'{}': {}", printable(entry->path), error.what());
    }
  }
  answer.evidence = print_count(asked, "file", "files") + " read; no session was started";
  return answer;
}

std::vector<std::string> profile_globs(const WahaSessions& sessions) {
  std::vector<std::string> globs;
  for (const std::string& profile : sessions.profiles) globs.push_back(exact_glob(profile));
  return globs;
}

Error nothing_to_damage(std::string_view what) {
  return Error(ErrorKind::service, format("damage the sessions: {}", what));
}

void remove_session(const RestoredService& restored) {
  const WahaSessions sessions = find_sessions(restored.directory, {});
  if (sessions.names.empty()) throw nothing_to_damage("there is none");
  remove_tree(restored.directory / *sessions.names.begin(), ErrorKind::service);
}

// The first file outside Chromium profiles that `wanted` accepts.
fs::path first_file(const RestoredService& restored,
                    const std::function<bool(const TreeEntry&)>& wanted) {
  const WahaSessions sessions = find_sessions(restored.directory, {});
  TreeWalk walk(restored.directory, profile_globs(sessions), {});
  while (const std::optional<TreeEntry> entry = walk.next()) {
    if (S_ISREG(entry->status.st_mode) && wanted(*entry)) return restored.directory / entry->path;
  }
  throw nothing_to_damage("there is no such file");
}

void cut_json(const RestoredService& restored) {
  const fs::path file =
      first_file(restored, [](const TreeEntry& entry) { return is_session_json(entry.path); });
  const auto half = static_cast<off_t>(fs::file_size(file) / 2);
  if (::truncate(file.c_str(), half) != 0) {
    throw system_error(ErrorKind::service, format("cut '{}'", file.native()), errno);
  }
}

// Cut to its first page, which still begins as a database does.
void cut_database(const RestoredService& restored) {
  const fs::path file = first_file(restored, [](const TreeEntry& entry) {
    const UniqueFd fd = open_below(entry.parent_fd, entry.name, O_RDONLY);
    return fd && begins_as_sqlite(fd.get()) && entry.status.st_size > 512;
  });
  if (::truncate(file.c_str(), 512) != 0) {
    throw system_error(ErrorKind::service, format("cut '{}'", file.native()), errno);
  }
}

// What was at work at backup time, as commands.
std::string sessions_to_start(const Service& service, const Facts& facts) {
  std::string commands;
  std::string url = printable_url(service.settings.text("url", "http://127.0.0.1:3000"));
  while (url.ends_with('/')) url.pop_back();
  const Json sessions = detail_object(facts.details, "server_sessions");
  for (const auto& [name, status] : sessions.items()) {
    if (status != "WORKING") continue;
    commands += format("    curl -fX POST -H \"X-Api-Key: $WAHA_API_KEY\" {}\n",
                       shell_word(format("{}/api/sessions/{}/start", url, percent_encode(name))));
  }
  if (commands.empty()) return "";
  return "\nThese sessions worked at backup time; after the start, list them, and start those "
         "that\n"
         "did not start by themselves:\n\n" +
         commands;
}

// One entry a session, of all its files, and one for each file that belongs to none.
std::vector<InventoryEntry> inventory_waha(const fs::path& folder, const StopToken& stop) {
  const WahaSessions sessions = find_sessions(folder, stop);
  std::map<std::string, Sha256> contents;
  for (const std::string& name : sessions.names) contents[name];
  std::vector<InventoryEntry> entries;
  for (InventoryEntry& entry : inventory_of_files(folder, stop)) {
    const auto session =
        std::find_if(sessions.names.begin(), sessions.names.end(), [&](const std::string& name) {
          return entry.id == name || entry.id.starts_with(name + "/");
        });
    if (session != sessions.names.end()) {
      const std::string line = format("{}\n{}\n", entry.id, entry.fingerprint);
      contents[*session].update(as_bytes(line));
    } else if (entry.kind != "folder") {
      entries.push_back(std::move(entry));
    }
  }
  for (auto& [name, hash] : contents) {
    entries.push_back({"WAHA session", name, printable(name), hex_encode(hash.finish())});
  }
  return entries;
}

class WahaRecipe final : public Recipe {
 public:
  const RecipeInfo& info() const override {
    static const RecipeInfo info = [] {
      RecipeInfo made{"waha", "the sessions of a WAHA (WhatsApp HTTP API) server",
                      locate_options()};
      made.options.push_back({"exclude", OptionType::list, false,
                              "patterns of what to leave out, like `**/Cache/**`"});
      made.options.push_back({"url", OptionType::text, false,
                              "address of the server, to note which sessions were working"});
      made.options.push_back({"api_key", OptionType::secret, false, "the server's API key"});
      made.options.push_back(waha_quiesce_option());
      made.options.push_back(container_option());
      return made;
    }();
    return info;
  }

  std::vector<Finding> check(const Service& service, RecipeContext& context) const override {
    std::vector<Finding> findings =
        check_folder(service, tree_options(service.settings, context.stop), context);
    const bool has_folder = findings.front().level == Finding::Level::ok;
    try {
      if (has_folder &&
          find_sessions(locate_folder(service, context), context.stop).names.empty()) {
        findings.push_back({Finding::Level::warning, "the folder holds no session",
                            "It should be what WAHA mounts at /app/.sessions."});
      }
    } catch (const Error& error) {
      findings.push_back(finding_of(error));
    }
    try {
      Service asked = service;
      if (waha_quiesce(service) == WahaQuiesce::container)
        asked.settings.set("stop", std::string("stop"));
      for (Finding& finding : check_container(asked, context)) {
        findings.push_back(std::move(finding));
      }
      if (service.settings.has("url")) {
        const size_t count = WahaServer(service, context.stop).sessions().size();
        findings.push_back(
            {Finding::Level::ok,
             format("the server lists {}", print_count(count, "session", "sessions")), ""});
      }
    } catch (const Error& error) {
      findings.push_back(finding_of(error));
    }
    return findings;
  }

  std::unique_ptr<ServicePlan> plan(const Service& service, RecipeContext& context) const override {
    return with_container(std::make_unique<WahaPlan>(service, context), service, context);
  }

  std::string restore_card(const Service& service, const Facts& facts) const override {
    return folder_restore_steps(service, facts) + sessions_to_start(service, facts) +
           "\nNever start the restored sessions while the old server runs: two servers with one\n"
           "session log each other out. After the start, list them with\n"
           "`GET /api/sessions?all=true` and start those that were WORKING. Never log out or "
           "delete\n"
           "a session to repair it: that unlinks the phone.\n";
  }

  std::vector<ProbeResult> probe(const RestoredService& restored,
                                 RecipeContext& context) const override {
    const WahaSessions sessions = find_sessions(restored.directory, context.stop);
    const Item* item = restored.expected.find("sessions");
    const std::string expected = std::to_string(item != nullptr ? item->count : 0);
    std::vector<ProbeResult> answers;
    answers.push_back(compare("as many sessions as at backup time", expected,
                              std::to_string(sessions.names.size())));
    answers.push_back(probe_session_json(restored.directory, sessions, context.stop));
    answers.push_back(
        probe_sqlite_files(restored.directory, profile_globs(sessions), context.stop));
    return answers;
  }

  std::vector<InventoryEntry> inventory(const RestoredService& restored,
                                        RecipeContext& context) const override {
    return inventory_waha(restored.directory, context.stop);
  }

  ReplaceReport replace(const Service& service, const RestoredService& restored,
                        RecipeContext& context) const override {
    const FolderChange change = whole_folder(locate_folder(service, context), restored.directory);
    std::optional<WahaQuiet> quiet;
    if (service.settings.has("url")) {
      // A server that is down has nothing at work, and may be why somebody restores.
      try {
        quiet.emplace(service, context, WahaQuiesce::api);
      } catch (const Error& error) {
        log_line(LogLevel::warning, error.what());
      }
    }
    ReplaceReport report = replace_folders(service, {change}, context);
    if (quiet) {
      quiet->end();
      report.done.emplace_back("the sessions that worked before were started again");
    }
    return report;
  }

  std::vector<Sabotage> sabotages() const override {
    return {{"missing session", "the first session's folder was removed", remove_session},
            {"damaged credentials", "a session's JSON file was cut to half its size", cut_json},
            {"damaged database", "a SQLite file was cut behind its header", cut_database}};
  }
};

}  // namespace

std::unique_ptr<Recipe> make_waha_recipe() { return std::make_unique<WahaRecipe>(); }

}  // namespace lifeboat
