// What a kind of service is, to Lifeboat: how to back it up, and how it proves itself restored.
//
// A recipe makes Sources; it never touches the store, the codec or threads. It is driven like this:
//
//   plan()   opens the service's consistent view (a read transaction, a listing), counts its items
//            and does so before a byte is archived, since facts.json is the archive's second member
//   next()   hands out members in order, fragile ones (dumps, exports) first; whatever must be
//            stopped is stopped at the first call and resumed by the plan's destructor
//   probe()  asks the restored data questions; the answers are data, not exceptions
//   sabotages()  ways to damage the restored data that probe() must notice
//   prove()  starts the service itself on the restored data, away from everything, and asks it
//   inventory()  what the data holds, in the service's own nouns, to compare two states of it
//   replace()  puts the restored data in the live service's place
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/finding_level.h"
#include "base/json.h"
#include "base/random.h"
#include "base/settings.h"
#include "base/stop.h"
#include "docker/docker.h"
#include "io/file_meta.h"
#include "io/source.h"
#include "io/tap.h"

namespace lifeboat {

class ScratchContainers;

// One configured thing to protect.
struct Service {
  std::string name;  // also its folder in the archive
  std::string recipe;
  Settings settings;
};

// What a recipe may use of the world.
struct RecipeContext {
  Clock& clock;
  Random& random;
  StopToken stop;
  std::filesystem::path spool_dir;  // for encrypted, unlinked spool files only
  // Where notes of stopped containers lie (docker/quiesce.h). Empty: nothing may be stopped.
  std::filesystem::path state_dir = {};
  std::filesystem::path docker_socket = {};  // empty: DOCKER_HOST, else /var/run/docker.sock

  DockerOptions docker_options() const { return {.socket = docker_socket, .stop = stop}; }
};

// A count in the service's own nouns.
struct Item {
  std::string key;  // stable: "workflows"; a metric label and a member of facts.json
  uint64_t count = 0;
  std::string singular;   // "workflow"
  std::string plural;     // "workflows"
  bool headline = false;  // told in the line RESTORE OK
  friend bool operator==(const Item&, const Item&) = default;
};

// What was true of the service at the moment its members show.
struct Facts {
  std::vector<Item> items;
  Json details = Json::object();     // versions, journal mode, image digest ...; no secrets
  std::vector<std::string> missing;  // sentences: what this backup does not hold, and why
  std::string consistency;           // one sentence: why the members agree with each other

  const Item* find(std::string_view key) const;
};
Json facts_to_json(const Facts& facts);
// Strict inverse; throws Error(verification).
Facts facts_from_json(const Json& value);

// What came out of a member's source, for the recipe to judge.
struct MemberOutcome {
  StreamSummary stream;
  std::string tail;  // the last 4 KiB or less
};

// One file of a service. `meta.path` is relative to the service's folder.
struct Member {
  FileMeta meta;
  // Known: streamed straight into the archive, and a source that ends early or late fails the
  // service, unless `may_change`, where it is padded with zeros or cut. Unknown: spooled first.
  // Of a sparse file this is the apparent size, and the source gives the bytes of its extents only.
  std::optional<uint64_t> size;
  // Called at most once. Null for what has no bytes (folders, links).
  std::function<std::unique_ptr<Source>()> open;
  // Called after a spooled member's end, before it enters the archive; throws Error(service) to
  // refuse it (end-of-dump marker missing, too small, counts differ).
  std::function<void(const MemberOutcome&)> judge;
  bool may_change = false;
};

// A member whose content is `text`.
Member text_member(std::string path, std::string text, Timestamp mtime, uint32_t mode = 0600);

// One service being backed up. Destroying it resumes whatever was stopped, on every path.
class ServicePlan {
 public:
  virtual ~ServicePlan() = default;
  // Valid from the start.
  virtual const Facts& facts() const = 0;
  // About how many bytes the members will hold, as far as that is known before they are read; what
  // is not known counts as nothing. For a store that must choose sizes ahead, not a promise.
  virtual uint64_t size_estimate() const { return 0; }
  // The next member, nothing after the last. Called again only when the previous member's source
  // was read to its end. The same path may come twice: the later one wins (a file that changed
  // while it was read).
  virtual std::optional<Member> next() = 0;
  // Sentences for people, complete after the last member: files that vanished or kept changing.
  virtual std::vector<std::string> warnings() const { return {}; }
};

// A restored service in a private folder.
struct RestoredService {
  std::string name;
  std::filesystem::path directory;  // holds the members below the service's folder
  Facts expected;                   // from backup time
};

// The answer to one question.
struct ProbeResult {
  std::string name;  // "every credential decrypts"
  bool passed = false;
  std::string expected;
  std::string found;
  std::string evidence;  // free text, no secrets
};

// Where the drill lets a recipe start the real thing. All of it is removed after the service's
// turn, whatever happens.
struct ProvingGround {
  // Starts containers without any way out (docker/scratch_containers.h). Null: the host's own
  // programs are to be used (`drill --engine host`).
  ScratchContainers* containers = nullptr;
  // Private and empty, mode 0700: a server's data and its socket. The path is short enough for a
  // unix socket's name of 107 bytes.
  std::filesystem::path directory;
};

// One thing that a service holds, in the service's own nouns.
struct InventoryEntry {
  std::string kind;         // "workflow": singular, for people
  std::string id;           // which of its kind it is, stable from one state to the next
  std::string name;         // for people; may be the id
  std::string fingerprint;  // differs if and only if the content does; never printed
};

// What replace() did.
struct ReplaceReport {
  std::vector<std::string> done;  // sentences, in order
  std::vector<std::string> kept;  // where what was there before lies now: paths, database names
};

// Damage that the drill must catch.
struct Sabotage {
  std::string name;         // "missing row"
  std::string description;  // what was damaged, for people
  std::function<void(const RestoredService&)> apply;
};

struct RecipeInfo {
  std::string name;
  std::string summary;              // one line for docs and --help
  std::vector<OptionSpec> options;  // besides `recipe` and `hooks`, which every service has
};

// Something `check` has to say.
struct Finding {
  using Level = FindingLevel;
  Level level = Level::ok;
  std::string message;
  std::string hint;
};

class Recipe {
 public:
  virtual ~Recipe() = default;
  virtual const RecipeInfo& info() const = 0;
  // What can be known wrong before a run, all of it, changing nothing.
  virtual std::vector<Finding> check(const Service& service, RecipeContext& context) const = 0;
  // Throws Error(service) if the service cannot be read. Service and context outlive the plan.
  virtual std::unique_ptr<ServicePlan> plan(const Service& service,
                                            RecipeContext& context) const = 0;
  // The steps a person takes with stock tools, Markdown, for RESTORE.md; real names, no secrets.
  virtual std::string restore_card(const Service& service, const Facts& facts) const = 0;
  // Touches nothing but the folder; network never.
  virtual std::vector<ProbeResult> probe(const RestoredService& restored,
                                         RecipeContext& context) const = 0;
  virtual std::vector<Sabotage> sabotages() const = 0;
  // Starts the service itself on a copy of the restored data and asks it: the same version where
  // the facts tell one. It must reach nothing outside, and nothing outside it. Empty: it was not
  // started, since the recipe has no such proof, or neither image nor program is at hand; `why_not`
  // tells.
  virtual std::vector<ProbeResult> prove(const RestoredService& restored, ProvingGround& ground,
                                         RecipeContext& context, std::string& why_not) const;
  // What the data holds. Default: its files, the database files of others included, by content.
  virtual std::vector<InventoryEntry> inventory(const RestoredService& restored,
                                                RecipeContext& context) const;
  // Puts `restored`, which passed its probes, in the place of the live service that `service`
  // configures; what was there is kept under a dated name. Whatever is stopped for it runs again on
  // every path, and a failure leaves the live service as it was. Default: Error(usage), with the
  // restore card as the way.
  virtual ReplaceReport replace(const Service& service, const RestoredService& restored,
                                RecipeContext& context) const;
  // After members were extracted for keeps (not a drill): modes, stale files. Default: nothing.
  virtual void after_restore(const std::filesystem::path& directory) const { (void)directory; }
};

// All recipes, by name.
class RecipeRegistry {
 public:
  RecipeRegistry();
  // Throws Error(config) with a did-you-mean.
  const Recipe& get(std::string_view name) const;
  const Recipe* find(std::string_view name) const;
  std::vector<std::string> names() const;

 private:
  std::vector<std::unique_ptr<Recipe>> recipes_;
};

}  // namespace lifeboat
