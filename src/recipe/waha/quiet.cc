#include "recipe/waha/quiet.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "io/files.h"
#include "io/folder.h"
#include "io/own_directory.h"
#include "recipe/container.h"
#include "recipe/details.h"
#include "recipe/waha/server.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view note_prefix = "waha-";
constexpr std::string_view note_suffix = ".json";
constexpr uint64_t note_bytes_max = 1 << 20;
constexpr const char* working = "WORKING";
constexpr const char* stopped = "STOPPED";
constexpr std::chrono::seconds pause{1};
constexpr int stop_tries_max = 60;    // until sessions are seen as stopped
constexpr int answer_tries_max = 90;  // until a server answers that was just started

// Which sessions of which service, in a file that is locked while its writer lives.
struct Note {
  fs::path path;
  UniqueFd lock;
  std::vector<std::string> sessions;
};

Note write_note(const Service& service, std::vector<std::string> sessions, RecipeContext& context) {
  if (context.state_dir.empty()) {
    throw Bug(format("service '{}' would be stopped without a place for its note", service.name));
  }
  make_own_directory(context.state_dir, ErrorKind::service);
  Note note;
  note.sessions = std::move(sessions);
  note.path =
      context.state_dir / format("{}{}{}", note_prefix, random_hex(context.random, 8), note_suffix);
  note.lock = open_file(note.path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  const std::string text = print_json(Json{{"service", service.name}, {"sessions", note.sessions}});
  if (::flock(note.lock.get(), LOCK_EX | LOCK_NB) != 0) {
    throw system_error(ErrorKind::service, format("lock '{}'", note.path.native()), errno);
  }
  write_fd(note.lock.get(), as_bytes(text), note.path.native(), ErrorKind::service);
  if (::fsync(note.lock.get()) != 0) {
    throw system_error(ErrorKind::service, format("write '{}'", note.path.native()), errno);
  }
  sync_directory(context.state_dir, ErrorKind::service);
  return note;
}

// False for a note of another service. One that is not whole was never finished, and what it would
// tell of was not stopped yet: it tells of no session.
bool read_note(Note& note, const Service& service) {
  const Json json =
      Json::parse(read_file(note.path, note_bytes_max), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return true;
  if (detail_text(json, "service") != service.name) return false;
  note.sessions = detail_list(json, "sessions");
  return true;
}

void remove_note(const Note& note) {
  if (::unlink(note.path.c_str()) != 0 && errno != ENOENT) {
    throw system_error(ErrorKind::service, format("remove '{}'", note.path.native()), errno);
  }
}

std::vector<std::string> names_with(const std::vector<WahaServerSession>& sessions,
                                    std::string_view status) {
  std::vector<std::string> names;
  for (const WahaServerSession& one : sessions) {
    if (one.status == status) names.push_back(one.name);
  }
  return names;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// A server whose container was just started needs a while. Never ended by Ctrl-C.
std::vector<WahaServerSession> list_when_up(WahaServer& server, Clock& clock) {
  for (int left = answer_tries_max;; --left) {
    try {
      return server.sessions();
    } catch (const Error&) {
      if (left <= 1) throw;
    }
    clock.sleep(pause, {});
  }
}

// Those of `names` that stand still. One that failed does not keep the others down.
void start_again(const Service& service, const std::vector<std::string>& names, Clock& clock) {
  if (names.empty()) return;
  WahaServer server(service, {});
  const auto at_rest = names_with(list_when_up(server, clock), stopped);
  std::optional<Error> failure;
  for (const std::string& name : names) {
    if (!contains(at_rest, name)) continue;
    try {
      server.start_session(name);
    } catch (Error& error) {
      error.add_hint(
          format("Start session '{}' by hand: POST /api/sessions/NAME/start.", printable(name)));
      if (!failure) failure = error;
    }
  }
  if (failure) throw *failure;
}

}  // namespace

OptionSpec waha_quiesce_option() {
  return {"quiesce", OptionType::text, false,
          "`api` or `container`: what is stopped while the files are read (default: `no`)"};
}

WahaQuiesce waha_quiesce(const Service& service) {
  const std::string word = service.settings.text("quiesce", "no");
  if (word == "no") return WahaQuiesce::none;
  if (word == "container") return WahaQuiesce::container;
  if (word != "api") {
    throw Error(ErrorKind::service,
                format("read option 'quiesce': '{}' is none of its words", printable(word)))
        .hint("Write api, container or no.");
  }
  if (service.settings.has("url")) return WahaQuiesce::api;
  throw Error(ErrorKind::service, "read option 'quiesce': 'api' needs the server's address")
      .hint("Set 'url', and 'api_key' if the server wants one.");
}

// Its destruction undoes, so that a failure half-way through the beginning does as well.
struct WahaQuiet::State {
  State(const Service& its_service, RecipeContext& its_context)
      : service(its_service), context(its_context) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    try {
      end();
    } catch (const std::exception& error) {
      log_line(LogLevel::error, error.what());
    }
  }

  void stop_by_api() {
    WahaServer server(service, context.stop);
    note_down(names_with(server.sessions(), working));
    if (!note) return;
    for (const std::string& name : note->sessions) server.stop_session(name);
    for (int left = stop_tries_max;; --left) {
      const auto at_rest = names_with(server.sessions(), stopped);
      const auto late = std::find_if(note->sessions.begin(), note->sessions.end(),
                                     [&](const auto& name) { return !contains(at_rest, name); });
      if (late == note->sessions.end()) return;
      if (left == 1) {
        throw Error(ErrorKind::service,
                    format("stop session '{}': it does not come to rest", printable(*late)))
            .hint("Look into WAHA's log, or copy while it works with 'quiesce: no'.");
      }
      context.clock.sleep(pause, context.stop);
    }
  }

  void stop_container() {
    if (service.settings.has("url")) {
      // A server that does not answer works on nothing.
      try {
        note_down(names_with(WahaServer(service, context.stop).sessions(), working));
      } catch (const Error& error) {
        log_line(LogLevel::warning, error.what());
      }
    }
    Service asked = service;
    asked.settings.set("stop", std::string("stop"));
    still = keep_still(asked, context);
  }

  void note_down(std::vector<std::string> names) {
    if (!names.empty()) note = write_note(service, std::move(names), context);
  }

  void end() {
    if (std::exchange(is_ended, true)) return;  // a second try is for the next run
    if (still) still->end();
    if (!note) return;
    start_again(service, note->sessions, context.clock);
    remove_note(*note);
  }

  const Service& service;
  RecipeContext& context;
  std::optional<Note> note;
  std::unique_ptr<StillContainer> still;
  bool is_ended = false;
};

WahaQuiet::WahaQuiet(const Service& service, RecipeContext& context, WahaQuiesce how) {
  ensure(how != WahaQuiesce::none, "something is to be stopped");
  auto state = std::make_unique<State>(service, context);
  if (how == WahaQuiesce::api) {
    state->stop_by_api();
  } else {
    state->stop_container();
  }
  state_ = std::move(state);
}

WahaQuiet::~WahaQuiet() = default;

void WahaQuiet::end() { state_->end(); }

std::vector<std::string> repair_waha(const Service& service, RecipeContext& context) {
  std::vector<std::string> told;
  if (context.state_dir.empty() || !service.settings.has("url")) return told;
  std::vector<fs::path> paths;
  for (const fs::path& entry : list_folder(context.state_dir, ErrorKind::service)) {
    const std::string name = entry.filename();
    if (name.starts_with(note_prefix) && name.ends_with(note_suffix)) paths.push_back(entry);
  }
  for (const fs::path& path : paths) {
    const UniqueFd lock(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (!lock || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) continue;  // its writer lives
    Note note{path, {}, {}};
    try {
      if (!read_note(note, service)) continue;
      const std::vector<std::string>& names = note.sessions;
      start_again(service, names, context.clock);
      remove_note(note);
      told.push_back(format("{} that a killed run had stopped {} at work again",
                            print_count(names.size(), "session", "sessions"),
                            names.size() == 1 ? "is" : "are"));
    } catch (const Error& error) {
      told.push_back(error.what());
    }
  }
  return told;
}

}  // namespace lifeboat
