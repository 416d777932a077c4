#include "config/load.h"

#include <algorithm>
#include <initializer_list>
#include <set>

#include "base/format.h"
#include "base/names.h"
#include "base/text.h"
#include "config/redact.h"
#include "config/section_reader.h"

namespace lifeboat {
namespace {

constexpr uint64_t daily_days_wise = 7;

// A single text counts as a list of one.
const YamlMark& mark_of_item(const YamlNode& list, size_t at) {
  return list.kind == YamlNode::Kind::sequence ? list.items[at]->mark : list.mark;
}

bool has_key(const YamlNode& node, std::string_view key) {
  return std::any_of(node.entries.begin(), node.entries.end(),
                     [&](const YamlEntry& child) { return child.key == key; });
}

bool is_true(const YamlNode& node, std::initializer_list<std::string_view> path) {
  const YamlNode* at = &node;
  for (const std::string_view key : path) {
    const auto found = std::find_if(at->entries.begin(), at->entries.end(),
                                    [&](const YamlEntry& child) { return child.key == key; });
    if (found == at->entries.end()) return false;
    at = found->value.get();
  }
  return at->kind == YamlNode::Kind::scalar && at->text == "true";
}

// The keys of a section, one of them required or not, as it depends on others.
std::vector<KeySpec> keys_with(std::string_view section, std::string_view key, bool is_required) {
  std::vector<KeySpec> keys = config_section(section).keys;
  for (KeySpec& one : keys) {
    if (one.name == key) one.required = is_required;
  }
  return keys;
}

class Loader {
 public:
  Loader(const ConfigText& source, const LoadOptions& options, FaultList& faults)
      : file_(source.name),
        folder_(source.folder),
        options_(options),
        faults_(faults),
        variables_(options),
        reader_({file_, folder_, options_, variables_, faults_}) {}

  Config load(const SmallFile& file) {
    std::string_view text = file.text;
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    Config config;
    const YamlPtr root = parse_yaml(file_, text, faults_);
    if (root == nullptr) return config;
    if (root->kind == YamlNode::Kind::map) load_env_file(*root);
    read_top(config, {"", {}, root});
    check_mode(config, file);
    config.places = std::move(reader_.places());
    config.secret_files = std::move(reader_.secret_files());
    if (faults_.empty()) {
      config.text_without_secrets = print_without_secrets(text, *root, reader_.literal_secrets());
    }
    return config;
  }

 private:
  void load_env_file(const YamlNode& root);
  void read_top(Config& config, const YamlEntry& entry);
  void read_store(Config& config, const Section& top);
  void check_s3_keys(const Section& section);
  void read_encryption(Config& config, const Section& top);
  void read_signing(Config& config, const Section& top);
  void read_small_sections(Config& config, const Section& top);
  void read_notify(Config& config, const Section& top);
  void check_heartbeat_jobs(const Config& config, const Section& top);
  void read_services(Config& config, const Section& top);
  void read_service(Config& config, const YamlEntry& entry);
  void read_jobs(Config& config, const Section& top);
  void read_job(Config& config, const YamlEntry& entry, const Section& top);
  void check_job_services(const JobConfig& job, const YamlNode& list, const Section& top);
  HooksConfig read_hooks(const Section& owner);
  void check_mode(Config& config, const SmallFile& file);
  bool check_name(const YamlEntry& entry, std::string_view what);
  void warn(Config& config, const YamlMark& mark, std::string message, std::string hint) {
    config.warnings.push_back(
        {{file_, mark.line, mark.column}, std::move(message), std::move(hint)});
  }

  std::string file_;
  std::filesystem::path folder_;
  const LoadOptions& options_;
  FaultList& faults_;
  Variables variables_;
  SectionReader reader_;
};

// Before all else, since every other value may name one of its variables. Its own path can only
// name variables from elsewhere; that fault, if there is one, is told when the top is read.
void Loader::load_env_file(const YamlNode& root) {
  for (const YamlEntry& entry : root.entries) {
    if (entry.key != "env_file" || entry.value->kind != YamlNode::Kind::scalar) continue;
    FaultList unused;
    SectionReader early({file_, folder_, options_, variables_, unused});
    const KeySpec key{.name = "env_file", .type = OptionType::path};
    auto only = std::make_shared<YamlNode>();
    only->kind = YamlNode::Kind::map;
    only->entries.push_back(entry);
    const Section section = early.read({"", entry.mark, only}, "", {key});
    const std::string path = section.settings.text("env_file");
    const YamlMark& mark = entry.value->mark;
    if (path.empty()) continue;
    reader_.secret_files().push_back(path);
    variables_.load_env_file(path, {file_, mark.line, mark.column}, faults_);
  }
}

void Loader::read_top(Config& config, const YamlEntry& entry) {
  // What containers ask for by their labels may be all there is.
  const bool has_labels = is_true(*entry.value, {"docker", "labels"});
  const Section top = reader_.read(entry, "", keys_with("", "services", !has_labels));
  config.host = top.settings.text("host");
  config.priority = top.settings.text("priority", config.priority);
  config.cpu_limit_percent = static_cast<unsigned>(top.settings.number("cpu_limit", 0));
  config.spool_dir = top.settings.text("spool_dir", config.spool_dir);
  config.state_dir = top.settings.text("state_dir", config.state_dir);
  read_store(config, top);
  read_encryption(config, top);
  read_signing(config, top);
  read_small_sections(config, top);
  read_notify(config, top);
  read_services(config, top);
  read_jobs(config, top);
  check_heartbeat_jobs(config, top);
}

void Loader::read_store(Config& config, const Section& top) {
  const YamlEntry* entry = top.find("store");
  if (entry == nullptr) return;
  const Section store = reader_.read_child(top, "store");
  const YamlEntry* dir = store.find("dir");
  const YamlEntry* s3 = store.find("s3");
  if (dir != nullptr && s3 != nullptr) {
    reader_.fault(
        std::max(dir, s3,
                 [](auto* left, auto* right) { return left->mark.offset < right->mark.offset; })
            ->mark,
        "store: both 'dir' and 's3' are given", "Keep one of them.");
  }
  if (dir == nullptr && s3 == nullptr && entry->value->kind == YamlNode::Kind::map) {
    reader_.fault(store.mark, "store: neither 'dir' nor 's3' is given",
                  "Write store: {dir: /srv/backups}, or an s3 section.");
  }
  if (s3 != nullptr) {
    const Section section = reader_.read_child(store, "s3");
    const Settings& settings = section.settings;
    config.store = S3StoreConfig{.endpoint = settings.text("endpoint"),
                                 .region = settings.text("region"),
                                 .bucket = settings.text("bucket"),
                                 .access_key = settings.secret("access_key"),
                                 .secret_key = settings.secret("secret_key"),
                                 .session_token = settings.secret("session_token"),
                                 .profile = settings.text("profile"),
                                 .path_style = settings.flag("path_style", false),
                                 .ca_file = settings.text("ca_file"),
                                 .part_size = settings.number("part_size", 8ULL << 20),
                                 .upload_limit = settings.number("upload_limit", 0)};
    check_s3_keys(section);
  }
  if (dir != nullptr) {
    config.store = DirStoreConfig{reader_.read_child(store, "dir").settings.text("path")};
  }
}

// The key pair is given whole here, or not at all.
void Loader::check_s3_keys(const Section& section) {
  const auto is_given = [&](std::string_view key) {
    return section.find(key) || section.find(format("{}_file", key)) ||
           section.find(format("{}_command", key));
  };
  const bool access = is_given("access_key");
  const bool secret = is_given("secret_key");
  if (access != secret) {
    reader_.fault(section.mark,
                  format("{}: '{}' is missing", section.path, access ? "secret_key" : "access_key"),
                  "Give both keys, or neither: then they come from the environment or a profile.");
  }
  if ((access || secret) && section.find("profile")) {
    reader_.fault(section.find("profile")->mark,
                  format("{}: keys and a profile are both given", section.path),
                  "Keep one of them.");
  }
}

void Loader::read_encryption(Config& config, const Section& top) {
  const YamlEntry* entry = top.find("encryption");
  if (entry == nullptr) return;
  const Section section = reader_.read_child(top, "encryption");
  EncryptionConfig& encryption = config.encryption;
  encryption.recipients = section.settings.list("recipients");
  for (size_t at = 0; at < encryption.recipients.size() && options_.check_recipient; ++at) {
    try {
      options_.check_recipient(encryption.recipients[at]);
    } catch (const Error& error) {
      reader_.fault(mark_of_item(*section.find("recipients")->value, at),
                    format("encryption.recipients: {}", error.what()),
                    format("{}", join(error.hints(), " ")));
    }
  }
  if (section.settings.has("recipients_file")) {
    encryption.recipients_file = section.settings.text("recipients_file");
  }
  const bool is_given = section.find("recipients") || section.find("recipients_file");
  if (!is_given && entry->value->kind == YamlNode::Kind::map) {
    reader_.fault(section.mark, "encryption: no recipient is configured",
                  "Make a key pair with `lifeboat keygen` and put its public key into "
                  "recipients.");
  }
  if (encryption.recipients.size() == 1 && !section.find("recipients_file")) {
    warn(config, section.find("recipients")->value->mark, "encryption: there is only one recipient",
         "Add a second one whose private key is kept offline: if the only key is lost, so is every "
         "snapshot.");
  }
}

void Loader::read_signing(Config& config, const Section& top) {
  const Section section = reader_.read_child(top, "signing");
  SigningConfig& signing = config.signing;
  if (section.settings.has("key_file")) {
    const YamlMark& mark = section.find("key_file")->value->mark;
    signing.key_file = section.settings.text("key_file");
    signing.key_file_location = {file_, mark.line, mark.column};
  }
  const std::vector<std::string> trusted = section.settings.list("trusted");
  for (size_t at = 0; at < trusted.size(); ++at) {
    if (const auto key = Ed25519PublicKey::parse(trusted[at])) {
      signing.trusted.push_back(*key);
      continue;
    }
    reader_.fault(
        mark_of_item(*section.find("trusted")->value, at),
        format("signing.trusted: {} is not a public signing key", quote(trusted[at])),
        "It looks like ed25519:... and 'lifeboat keygen --signing -y KEYFILE' prints it.");
  }
}

void Loader::read_small_sections(Config& config, const Section& top) {
  const Settings compression = reader_.read_child(top, "compression").settings;
  config.compression_level = static_cast<int>(
      compression.number("level", static_cast<uint64_t>(config.compression_level)));
  config.cache_bytes_max = compression.number("cache", config.cache_bytes_max);
  const Section retention = reader_.read_child(top, "retention");
  config.retention.daily = retention.settings.number("daily", config.retention.daily);
  config.retention.monthly = retention.settings.number("monthly", config.retention.monthly);
  if (config.retention.daily < daily_days_wise) {
    warn(
        config, retention.find("daily")->value->mark,
        format("retention.daily: only {} kept", print_count(config.retention.daily, "day", "days")),
        "Damage that is noticed later than that cannot be undone; 30 is usual.");
  }
  if (top.find("drill") != nullptr) {
    const Settings settings = reader_.read_child(top, "drill").settings;
    DrillConfig& drill = config.drill.emplace();
    if (settings.has("identity")) drill.identity = settings.text("identity");
    drill.schedule = settings.text("schedule", drill.schedule);
    drill.which = settings.text("which", drill.which);
    drill.engine = settings.text("engine", drill.engine);
    drill.scratch = settings.text("scratch", drill.scratch);
  }
  const Settings docker = reader_.read_child(top, "docker").settings;
  config.docker.socket = docker.text("socket");
  config.docker.labels = docker.flag("labels", false);
  config.discover.skip = reader_.read_texts(reader_.read_child(top, "discover"), "skip");
  const Settings metrics = reader_.read_child(top, "metrics").settings;
  if (metrics.has("textfile")) config.metrics.textfile = metrics.text("textfile");
  config.metrics.pushgateway = metrics.text("pushgateway");
}

void Loader::read_notify(Config& config, const Section& top) {
  const Section notify = reader_.read_child(top, "notify");
  NotifyConfig& all = config.notify;
  const auto read = [&](const std::string& key, auto take) {
    if (notify.find(key) != nullptr) take(reader_.read_child(notify, key).settings);
  };
  read("discord", [&](const Settings& given) {
    all.discord = {given.secret("webhook"), given.flag("success", true)};
  });
  read("github", [&](const Settings& given) {
    all.github = {given.text("repo"), given.secret("token")};
    if (given.has("api_url")) all.github->api_url = given.text("api_url");
  });
  read("heartbeat", [&](const Settings& given) {
    all.heartbeat = {given.secret("url"), given.secret("start_url"), given.secret("fail_url"),
                     given.list("jobs")};
  });
  read("webhook", [&](const Settings& given) {
    all.webhook = {given.secret("url"), given.secret("authorization"), given.flag("success", true)};
  });
  read("smtp", [&](const Settings& given) {
    all.smtp = {given.text("url"),  given.text("username"), given.secret("password"),
                given.text("from"), given.list("to"),       given.flag("success", false)};
  });
}

// A name that is misspelt would keep the heartbeat silent for ever.
void Loader::check_heartbeat_jobs(const Config& config, const Section& top) {
  if (!config.notify.heartbeat) return;
  std::vector<std::string> known;
  for (const JobConfig& job : config.jobs) known.push_back(job.name);
  for (const std::string& name : config.notify.heartbeat->jobs) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    reader_.fault(top.find("notify")->mark,
                  format("notify.heartbeat.jobs: there is no job {}", quote(name)),
                  did_you_mean(name, known));
  }
}

bool Loader::check_name(const YamlEntry& entry, std::string_view what) {
  if (is_service_name(entry.key)) return true;
  reader_.fault(entry.mark, format("{} is not a name for a {}", quote(entry.key), what),
                format("Use {}.", service_name_rule));
  return false;
}

HooksConfig Loader::read_hooks(const Section& owner) {
  const Section hooks = reader_.read_child(owner, "hooks");
  return {reader_.read_commands(hooks, "before"), reader_.read_commands(hooks, "after"),
          reader_.read_commands(hooks, "on_error")};
}

void Loader::read_services(Config& config, const Section& top) {
  for (const YamlEntry* entry : reader_.read_names(top, "services")) {
    check_name(*entry, "service");
    read_service(config, *entry);
  }
}

void Loader::read_service(Config& config, const YamlEntry& entry) {
  std::vector<KeySpec> keys = config_section("services.NAME").keys;
  const std::string path = join_key("services", entry.key);
  const YamlEntry* recipe = nullptr;
  for (const YamlEntry& child : entry.value->entries) {
    if (child.key == "recipe" && child.value->kind == YamlNode::Kind::scalar) recipe = &child;
  }
  const auto* options = recipe != nullptr && options_.recipe_options
                            ? options_.recipe_options(recipe->value->text)
                            : nullptr;
  if (options != nullptr) {
    for (const OptionSpec& option : *options) keys.push_back(key_of_option(option));
  } else {
    // Nothing is known about its other keys; `recipe` itself is the fault to repair.
    for (const YamlEntry& child : entry.value->entries) {
      if (child.key != "recipe" && child.key != "hooks")
        keys.push_back({.name = child.key, .kind = KeyKind::named});
    }
  }
  const Section section = reader_.read(entry, path, keys);
  if (recipe != nullptr && options == nullptr) {
    reader_.fault(recipe->value->mark,
                  format("{}: unknown recipe {}", path, quote(recipe->value->text)),
                  did_you_mean(recipe->value->text, options_.recipe_names));
  }
  config.services.push_back(
      {entry.key, section.settings.text("recipe"), section.settings, read_hooks(section)});
}

void Loader::read_jobs(Config& config, const Section& top) {
  for (const YamlEntry* entry : reader_.read_names(top, "jobs")) {
    check_name(*entry, "job");
    read_job(config, *entry, top);
  }
  std::set<std::string, std::less<>> used;
  for (const JobConfig& job : config.jobs) used.insert(job.services.begin(), job.services.end());
  const YamlEntry* services = top.find("services");
  if (config.docker.labels && std::none_of(config.jobs.begin(), config.jobs.end(),
                                           [](const JobConfig& job) { return job.labelled; })) {
    warn(config, top.find("docker")->mark, "docker.labels: no job takes labelled containers",
         "Set labelled: true in one of them.");
  }
  if (services == nullptr || config.jobs.empty()) return;
  for (const YamlEntry& service : services->value->entries) {
    if (used.contains(service.key)) continue;
    warn(config, service.mark,
         format("{}: no job backs this service up", join_key("services", service.key)),
         "Add its name to the services of a job.");
  }
}

void Loader::read_job(Config& config, const YamlEntry& entry, const Section& top) {
  const YamlEntry* all = top.find("jobs");
  const bool is_only = all != nullptr && all->value->entries.size() == 1;
  const bool takes_labelled =
      is_true(*entry.value, {"labelled"}) ||
      (config.docker.labels && is_only && !has_key(*entry.value, "labelled") &&
       !is_true(*entry.value, {"stream"}));
  const Section section = reader_.read(entry, join_key("jobs", entry.key),
                                       keys_with("jobs.NAME", "services", !takes_labelled));
  JobConfig job{entry.key,
                section.settings.text("schedule"),
                section.settings.list("services"),
                read_hooks(section),
                takes_labelled,
                section.settings.flag("stream", false)};
  if (job.labelled && !config.docker.labels) {
    reader_.fault(section.find("labelled")->mark,
                  format("{}.labelled: labels are not read", section.path),
                  "Set docker: {labels: true} as well.");
  }
  if (const YamlEntry* list = section.find("services")) check_job_services(job, *list->value, top);
  if (job.stream && (job.labelled || job.services.size() > 1)) {
    reader_.fault(entry.mark, format("{}: 'stream' takes one service", join_key("jobs", job.name)),
                  "Give each service a job of its own.");
  }
  config.jobs.push_back(std::move(job));
}

void Loader::check_job_services(const JobConfig& job, const YamlNode& list, const Section& top) {
  std::vector<std::string> known;
  if (const YamlEntry* services = top.find("services")) {
    for (const YamlEntry& service : services->value->entries) known.push_back(service.key);
  }
  const std::string name = format("{}.services", join_key("jobs", job.name));
  std::set<std::string> seen;
  for (size_t at = 0; at < job.services.size(); ++at) {
    const std::string& service = job.services[at];
    const YamlMark& mark = mark_of_item(list, at);
    if (std::find(known.begin(), known.end(), service) == known.end()) {
      reader_.fault(mark, format("{}: there is no service {}", name, quote(service)),
                    did_you_mean(service, known));
    } else if (!seen.insert(service).second) {
      reader_.fault(mark, format("{}: {} is given twice", name, quote(service)),
                    "Keep one of the two.");
    }
  }
}

void Loader::check_mode(Config& config, const SmallFile& file) {
  constexpr unsigned group_or_others = 077;
  constexpr unsigned write_of_others = 022;
  const auto& secrets = reader_.literal_secrets();
  if (!secrets.empty() && (file.mode & group_or_others) != 0) {
    reader_.fault(
        secrets.front().node->mark,
        format("{}: a secret is written here, and the file's mode {:04o} lets others read "
               "it",
               secrets.front().key, file.mode),
        format("Run: chmod 600 {} (or move the secret into env_file).", file_));
  }
  if ((file.mode & write_of_others) != 0) {
    config.warnings.push_back({{file_, 0, 0},
                               format("others may change this file (mode {:04o})", file.mode),
                               format("Its hooks run as you. Run: chmod go-w {}", file_)});
  }
}

}  // namespace

Config read_config(const ConfigText& source, const LoadOptions& options, FaultList& faults) {
  return Loader(source, options, faults).load(source.file);
}

}  // namespace lifeboat
