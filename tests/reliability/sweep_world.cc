#include "sweep_world.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <random>
#include <sstream>
#include <thread>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"

namespace lifeboat::test {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr std::chrono::seconds run_max(60);  // on a machine with much else to do
constexpr size_t big_bytes = 6 << 20;
constexpr const char* running = R"({"Id": "c1", "Name": "/web", "Image": "sha256:1",
  "Config": {"Image": "web", "Labels": {}, "Env": []}, "HostConfig": {"AutoRemove": false},
  "Mounts": [], "State": {"Status": "STATUS", "Running": true, "Pid": 1}})";

void move_out(int from, const fs::path& path, int flags) {
  const int file = ::open(path.c_str(), flags, 0600);
  ::dup2(file, from);
}

// The child's side: own session, so that a leftover is told from the test's own processes.
[[noreturn]] void become(const std::vector<std::string>& words,
                         const std::vector<std::string>& environment, const SweepWorld& world) {
  ::setsid();
  move_out(0, "/dev/null", O_RDONLY);
  move_out(1, world.place("out"), O_WRONLY | O_CREAT | O_TRUNC);
  move_out(2, world.place("err"), O_WRONLY | O_CREAT | O_TRUNC);
  std::vector<char*> argv;
  std::vector<char*> envp;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  for (const std::string& one : environment) envp.push_back(const_cast<char*>(one.c_str()));
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  ::execve(argv.front(), argv.data(), envp.data());
  ::_exit(127);
}

// What is left of the run's processes: they are ours now, since we are their subreaper.
int reap_orphans() {
  const auto begin = steady_clock::now();
  int alive = 0;
  for (;;) {
    const pid_t ended = ::waitpid(-1, nullptr, WNOHANG);
    if (ended > 0) continue;
    if (ended < 0) return alive;
    if (alive == 0 && steady_clock::now() - begin > std::chrono::milliseconds(500)) {
      std::ifstream children(format("/proc/self/task/{}/children", ::getpid()));
      for (pid_t child = 0; children >> child; ++alive) ::kill(child, SIGKILL);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

std::vector<SweepEffect> read_effects(const fs::path& path) {
  std::vector<SweepEffect> effects;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    SweepEffect one;
    words >> one.stack >> one.occurrence >> one.kind >> one.call;
    one.can_be_short = line.find(" short") != std::string::npos;
    one.takes_space = line.find(" space") != std::string::npos;
    one.changes_disk = line.find(" change") != std::string::npos;
    one.failed = line.ends_with(" FAILED");
    effects.push_back(one);
  }
  return effects;
}

}  // namespace

Tree read_tree(const fs::path& folder) {
  Tree tree;
  if (!fs::exists(folder)) return tree;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string path = fs::relative(entry.path(), folder);
    tree[path] = entry.is_regular_file() ? slurp(entry.path()) : "";
  }
  return tree;
}

SweepWorld::SweepWorld(const std::string& program, const std::string& preload, bool has_bucket)
    : program_(program),
      preload_(preload),
      has_bucket_(has_bucket),
      folder_(std::make_unique<TempFolder>()) {
  discord_ = std::make_unique<FakeDiscord>("token", [this](const Json& seen) {
    const std::lock_guard lock(mutex_);
    told_.push_back(print_json_line(seen));
  });
  grafana_.seed();
  engine_ = std::make_unique<ScriptedEngine>();
  engine_->answer_with([this](const std::string& request) { return engine_answer(request); });
  s3_server_ = std::make_unique<HttpServer>(
      [this](const ServedRequest& request) { return s3_->handle(request); });
  reset();
  write_services();
  write_config();
}

EngineReply SweepWorld::engine_answer(const std::string& request) {
  const std::lock_guard lock(mutex_);
  if (request == "POST /containers/c1/pause" || request == "POST /containers/c1/unpause") {
    const bool pauses = request.ends_with("/pause");
    if (pauses == is_paused_) return json_reply(409, R"({"message": "it is so already"})");
    is_paused_ = pauses;
    return {.bytes = "HTTP/1.1 204 No Content\r\n\r\n"};
  }
  const std::string status = is_paused_ ? "paused" : "running";
  if (request == "GET /containers/c1/json") {
    std::string body = running;
    return json_reply(200, body.replace(body.find("STATUS"), 6, status));
  }
  if (request.starts_with("GET /containers/json")) {
    return json_reply(200, format(R"([{{"Id": "c1", "Names": ["/web"], "Image": "web",
      "State": "{}", "Labels": {{}}, "Mounts": []}}])",
                                  status));
  }
  if (request == "GET /volumes") return json_reply(200, R"({"Volumes": [], "Warnings": null})");
  return json_reply(404, R"({"message": "No such thing"})");
}

void SweepWorld::write_services() {
  fs::create_directories(place("data/deep"));
  write_file(place("data/one"), "one");
  write_file(place("data/deep/two"), std::string(70'000, '2'));
  fs::create_symlink("one", place("data/link"));
  if (has_bucket_) {
    std::string big;  // of more than one part, and nothing that compresses
    std::minstd_rand numbers(7);
    while (big.size() < big_bytes) big.push_back(static_cast<char>(numbers() >> 8));
    write_file(place("data/big"), big);
  }
  shell_ok(format("cd {} && sqlite3 roll.db 'create table t(x); insert into t values(1),(2);'",
                  folder_->path().native()));
  // A log that was not written back: SQLite does that at the last close, but not for a killed one.
  shell_ok(
      format("cd {} && (echo 'pragma journal_mode=wal; create table t(x);"
             " insert into t values(3),(4);'; echo '.shell kill -9 $PPID') | sqlite3 wal.db"
             " > wal.out 2>&1; test -s wal.db-wal",
             folder_->path().native()));
}

void SweepWorld::write_config() {
  const std::string at = folder_->path().native();
  shell_ok(format("'{}' keygen -o {}/key.txt 2>&1", program_, at));
  const std::string recipient = shell_ok(format("'{}' keygen -y {}/key.txt", program_, at));
  const std::string store =
      has_bucket_ ? format(
                        "s3: {{endpoint: \"{}\", region: {}, bucket: {}, access_key: {}, "
                        "secret_key: {}, part_size: 5 MiB}}",
                        s3_server_->url(), s3_options_.region, s3_options_.bucket,
                        s3_options_.access_key, s3_options_.secret_key)
                  : format("dir: {}/store", at);
  write_file(
      place("lifeboat.yaml"),
      format(R"(host: h1
store: {{{store}}}
encryption: {{recipients: [{recipient}]}}
state_dir: {at}/state
spool_dir: {at}/spool
docker: {{socket: {socket}}}
compression: {{level: 6}}
priority: normal
retention: {{daily: 30, monthly: 12}}
services:
  wal: {{recipe: sqlite, path: {at}/wal.db}}
  roll: {{recipe: sqlite, path: {at}/roll.db}}
  dump: {{recipe: command, command: [seq, "2000"], output: dump.txt, marker: "2000"}}
  board: {{recipe: grafana, url: "{grafana}", token: {token}}}
  web: {{recipe: volume, path: {at}/data, container: web, stop: pause,
    hooks: {{before: [["true"]], after: [["true"]], on_error: [["true"]]}}}}
jobs:
  nightly: {{schedule: manual, services: [wal, roll, dump, board, web],
    hooks: {{before: [["true"]], after: [["true"]]}}}}
drill: {{identity: {at}/key.txt, scratch: {at}/scratch}}
metrics: {{textfile: {at}/textfile}}
notify:
  discord: {{webhook: "{hook}"}}
  webhook: {{url: "{url}/hook"}}
  heartbeat: {{url: "{url}/ping"}}
)",
             fmt::arg("store", store), fmt::arg("recipient", trim(recipient)), fmt::arg("at", at),
             fmt::arg("socket", engine_->socket_path().native()),
             fmt::arg("grafana", grafana_.url()), fmt::arg("token", fake_grafana_admin_token),
             fmt::arg("hook", discord_->webhook()), fmt::arg("url", discord_->url())));
  fs::permissions(place("lifeboat.yaml"), fs::perms::owner_read | fs::perms::owner_write);
}

SweepRun SweepWorld::run(const std::vector<std::string>& arguments,
                         const std::optional<SweepFault>& fault, bool listed) {
  fs::remove(place("effects"));
  std::vector<std::string> words{program_};
  words.insert(words.end(), arguments.begin(), arguments.end());
  words.insert(words.end(), {"--config", place("lifeboat.yaml")});
  std::vector<std::string> environment{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC",
                                       "HOME=" + folder_->path().native()};
  if (listed) {
    environment.push_back("LD_PRELOAD=" + preload_);
    environment.push_back("FAULT_REPORT=" + place("effects").native());
  }
  if (fault) {
    environment.push_back(format("FAULT_AT={} {}", fault->effect.stack, fault->effect.occurrence));
    environment.push_back("FAULT_STYLE=" + fault->style);
  }
  const pid_t child = ::fork();
  if (child == 0) become(words, environment, *this);
  SweepRun run;
  int status = 0;
  const auto begin = steady_clock::now();
  while (::waitpid(child, &status, WNOHANG) == 0) {
    if (steady_clock::now() - begin > run_max && !run.hung) {
      run.hung = true;
      ::kill(child, SIGKILL);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  run.orphans = reap_orphans();
  run.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  run.output = slurp(place("out"));
  run.talk = slurp(place("err"));
  run.effects = read_effects(place("effects"));
  return run;
}

void SweepWorld::reset() {
  for (const char* name : {"state", "spool", "scratch", "store", "textfile", "restored"}) {
    fs::remove_all(place(name));
  }
  for (const char* name : {"spool", "store", "textfile"}) fs::create_directory(place(name));
  if (fs::exists(place("kept"))) {
    fs::copy(place("kept"), place("store"), fs::copy_options::recursive);
  }
  s3_ = std::make_unique<ScriptedS3>(s3_options_);
  for (const auto& [key, content] : kept_objects_) s3_->put_object(key, content);
  start_container();
  quiet();
}

void SweepWorld::keep_store() {
  if (has_bucket_) {
    kept_objects_ = s3_->objects();
  } else {
    fs::remove_all(place("kept"));
    fs::copy(place("store"), place("kept"), fs::copy_options::recursive);
  }
}

void SweepWorld::forget_store() {
  s3_ = std::make_unique<ScriptedS3>(s3_options_);
  fs::remove_all(place("store"));
  fs::create_directory(place("store"));
}

std::vector<std::string> SweepWorld::keys() const {
  std::vector<std::string> found;
  if (has_bucket_) {
    for (const auto& [key, content] : s3_->objects()) found.push_back(key);
    return found;
  }
  for (const auto& entry : fs::recursive_directory_iterator(place("store"))) {
    if (entry.is_regular_file()) found.push_back(fs::relative(entry.path(), place("store")));
  }
  return found;
}

std::vector<std::string> SweepWorld::manifests() const {
  std::vector<std::string> found = keys();
  std::erase_if(found, [](const std::string& key) {
    return !fs::path(key).filename().native().starts_with("manifest");
  });
  return found;
}

std::vector<std::string> SweepWorld::evidence() const {
  std::vector<std::string> found = keys();
  std::erase_if(found, [](const std::string& key) {
    return key.find("/drills/") == std::string::npos || !key.ends_with(".json");
  });
  return found;
}

std::string SweepWorld::object(const std::string& key) const {
  return has_bucket_ ? s3_->objects()[key] : slurp(place("store") / key);
}

std::vector<std::string> SweepWorld::store_rubbish() const {
  std::vector<std::string> found;
  if (has_upload()) found.emplace_back("an upload in progress");
  if (has_bucket_) return found;
  for (const std::string& key : keys()) {
    const std::string name = fs::path(key).filename();
    if (name.starts_with('.') || name.ends_with(".tmp")) found.push_back("store/" + key);
  }
  return found;
}

std::vector<std::string> SweepWorld::rubbish() const {
  std::vector<std::string> found;
  const auto look = [&](const char* name, const auto& is_rubbish) {
    if (!fs::exists(place(name))) return;
    for (const auto& entry : fs::directory_iterator(place(name))) {
      const std::string file = entry.path().filename();
      if (is_rubbish(file)) found.push_back(format("{}/{}", name, file));
    }
  };
  look("spool", [](const std::string&) { return true; });
  look("scratch", [](const std::string&) { return true; });
  look("state", [](const std::string& file) { return file.starts_with("quiesced-"); });
  look("textfile", [](const std::string& file) { return !file.ends_with(".prom"); });
  look("", [](const std::string& file) { return file.starts_with(".lifeboat-"); });
  return found;
}

bool SweepWorld::container_is_down() {
  const std::lock_guard lock(mutex_);
  return is_paused_;
}

void SweepWorld::start_container() {
  const std::lock_guard lock(mutex_);
  is_paused_ = false;
}

bool SweepWorld::was_told(std::string_view words) {
  const std::lock_guard lock(mutex_);
  return std::any_of(told_.begin(), told_.end(), [&](const std::string& line) {
    return line.find("/ping") == std::string::npos &&  // of a start, or without words
           line.find(words) != std::string::npos;
  });
}

void SweepWorld::quiet() {
  const std::lock_guard lock(mutex_);
  told_.clear();
}

}  // namespace lifeboat::test
