#include "config/key_tables.h"

#include <algorithm>
#include <array>

#include "base/names.h"
#include "base/text.h"
#include "config/schedule.h"

namespace lifeboat {
namespace {

bool is_recipient(std::string_view text) { return text.starts_with("age1"); }

bool is_url(std::string_view text) {
  const auto is_after = [&](std::string_view scheme) {
    return text.starts_with(scheme) && text.size() > scheme.size();
  };
  return (is_after("http://") || is_after("https://")) &&
         text.find_first_of(" \t\n") == std::string_view::npos;
}

// In the clear only where nobody else listens.
bool is_safe_url(std::string_view text) {
  constexpr std::array<std::string_view, 3> loopback{"http://127.0.0.1", "http://localhost",
                                                     "http://[::1]"};
  const auto is_at = [&](std::string_view start) {
    return text.starts_with(start) &&
           (text.size() == start.size() || text[start.size()] == ':' || text[start.size()] == '/');
  };
  return is_url(text) &&
         (text.starts_with("https://") || std::any_of(loopback.begin(), loopback.end(), is_at));
}

bool is_mail_url(std::string_view text) {
  const auto is_after = [&](std::string_view scheme) {
    return text.starts_with(scheme) && text.size() > scheme.size();
  };
  return (is_after("smtp://") || is_after("smtps://")) &&
         text.find_first_of(" \t\n@") == std::string_view::npos;
}

bool is_mail_address(std::string_view text) {
  const size_t at = text.find('@');
  return at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
         text.find_first_of(" <>\t\r\n") == std::string_view::npos;
}

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
bool is_bucket(std::string_view text) {
  return text.size() >= 3 && text.size() <= 63 &&
         std::all_of(text.begin(), text.end(), [](char letter) {
           return detail::is_lower_or_digit(letter) || letter == '-' || letter == '.';
         });
}

bool is_repo(std::string_view text) {
  const auto parts = split(text, '/');
  return parts.size() == 2 && !parts[0].empty() && !parts[1].empty() &&
         text.find_first_of(" :\n\t") == std::string_view::npos;
}

bool is_drill_choice(std::string_view text) {
  return text == "latest" || text == "random" || text == "oldest-monthly";
}

bool is_drill_engine(std::string_view text) {
  return text == "none" || text == "host" || text == "docker";
}

bool is_priority(std::string_view text) { return text == "idle" || text == "normal"; }

const std::string schedule_rule =
    "HH:MM, hourly, daily, weekly, monthly, manual, or five cron fields";

constexpr const char* host_pattern =
    "^(?!(monthly|drills|supabase-weekly|latest)$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$";
constexpr const char* recipient_pattern = "^age1";
constexpr const char* url_pattern = "^https?://[^ \\t\\n]+$";
constexpr const char* safe_url_pattern =
    "^(https://[^ \\t\\n]+|http://(127\\.0\\.0\\.1|localhost|\\[::1\\])([:/][^ \\t\\n]*)?)$";
constexpr const char* mail_url_pattern = "^smtps?://[^ \\t\\n@]+$";
constexpr const char* mail_address_pattern = "^[^ <>\\t\\r\\n@]+@[^ <>\\t\\r\\n]+$";
constexpr const char* bucket_pattern = "^[a-z0-9.-]{3,63}$";
constexpr const char* repo_pattern = "^[^ :/\\n\\t]+/[^ :/\\n\\t]+$";
constexpr const char* schedule_pattern =
    "^(manual|hourly|daily|weekly|monthly|([01][0-9]|2[0-3]):[0-5][0-9]|"
    " *[0-9A-Za-z*,/-]+( +[0-9A-Za-z*,/-]+){4} *)$";

using Keys = std::vector<KeySpec>;

SectionSpec top_section() {  // NOLINT(readability-function-size): a table
  return {
      "", "", "",
      Keys{
          {.name = "host",
           .required = true,
           .help = "name of this machine; all its objects lie below it in the store",
           .expected = std::string(host_name_rule) + ", and no reserved word",
           .accepts = is_host_name,
           .pattern = host_pattern},
          {.name = "env_file",
           .type = OptionType::path,
           .help =
               "KEY=VALUE lines that ${VAR} may name; refused unless its mode is 0600 or stricter"},
          {.name = "store",
           .kind = KeyKind::section,
           .required = true,
           .section = "store",
           .help = "where snapshots live"},
          {.name = "encryption",
           .kind = KeyKind::section,
           .required = true,
           .section = "encryption",
           .help = "who can read them"},
          {.name = "signing",
           .kind = KeyKind::section,
           .section = "signing",
           .help = "who vouches for them; without it a planted snapshot looks like one of ours"},
          {.name = "compression",
           .kind = KeyKind::section,
           .section = "compression",
           .help = "how hard zstd works"},
          {.name = "retention",
           .kind = KeyKind::section,
           .section = "retention",
           .help = "how long snapshots are kept"},
          {.name = "services",
           .kind = KeyKind::named,
           .section = "services.NAME",
           .help = "what to protect, by names you choose; needed unless jobs are `labelled`"},
          {.name = "jobs",
           .kind = KeyKind::named,
           .required = true,
           .section = "jobs.NAME",
           .help = "when, and which services together; one archive a run"},
          {.name = "drill",
           .kind = KeyKind::section,
           .section = "drill",
           .help = "the restore drill; without it none runs on this machine"},
          {.name = "docker",
           .kind = KeyKind::section,
           .section = "docker",
           .help = "the container engine, if it is not where it usually is"},
          {.name = "discover",
           .kind = KeyKind::section,
           .section = "discover",
           .help = "what needs no backup, and why"},
          {.name = "metrics",
           .kind = KeyKind::section,
           .section = "metrics",
           .help = "where Prometheus finds the numbers"},
          {.name = "notify",
           .kind = KeyKind::section,
           .section = "notify",
           .help = "who is told how a run went"},
          {.name = "priority",
           .fallback = "idle",
           .help = "idle: backups, drills, verifications and prunes leave processor and disk to "
                   "whoever wants them; normal: they take their share",
           .expected = "idle or normal",
           .accepts = is_priority,
           .pattern = "^(idle|normal)$"},
          {.name = "cpu_limit",
           .type = OptionType::integer,
           .help = "percent of one core that a backup may use on average, such as 50; 200 are two "
                   "cores",
           .min = 5,
           .max = 100000},
          {.name = "spool_dir",
           .type = OptionType::path,
           .fallback = "/var/tmp",
           .help = "folder for encrypted, unlinked spool files of streams of unknown size"},
          {.name = "state_dir",
           .type = OptionType::path,
           .fallback = "/var/lib/lifeboat",
           .help = "folder for the run lock and for what runs remember"}}};
}

std::vector<SectionSpec> store_sections() {
  return {
      {"store", "Exactly one of the two.", "",
       Keys{{.name = "dir",
             .kind = KeyKind::section,
             .section = "store.dir",
             .help = "a folder; `dir: /srv/backups` is short for `dir: {path: /srv/backups}`"},
            {.name = "s3",
             .kind = KeyKind::section,
             .section = "store.s3",
             .help = "a bucket of an S3-compatible provider"}}},
      {"store.dir", "A folder, best on another disk or machine.", "path",
       Keys{{.name = "path", .type = OptionType::path, .required = true, .help = "the folder"}}},
      {"store.s3",
       "A bucket. Without `access_key` and `secret_key` they are looked for in the environment "
       "(`AWS_ACCESS_KEY_ID`,\n`AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`), then in "
       "`~/.aws/credentials` (profile `AWS_PROFILE` or `default`).",
       "",
       Keys{{.name = "endpoint",
             .help = "URL of the provider; without it Amazon's for the region",
             .expected = "a URL with http:// or https://",
             .accepts = is_url,
             .pattern = url_pattern},
            {.name = "region", .required = true, .help = "region of the bucket"},
            {.name = "bucket",
             .required = true,
             .help = "name of the bucket",
             .expected = "3 to 63 of a-z, 0-9, - and .",
             .accepts = is_bucket,
             .pattern = bucket_pattern},
            {.name = "access_key",
             .type = OptionType::secret,
             .help = "access key id; best one that may write and list, not delete"},
            {.name = "secret_key", .type = OptionType::secret, .help = "secret access key"},
            {.name = "session_token",
             .type = OptionType::secret,
             .help = "for temporary credentials"},
            {.name = "profile",
             .help = "take the keys from this profile of ~/.aws/credentials instead"},
            {.name = "path_style",
             .type = OptionType::boolean,
             .fallback = "false",
             .help = "put the bucket into the path instead of the host name"},
            {.name = "ca_file",
             .type = OptionType::path,
             .help = "PEM file with the authority of the server's certificate, if it is your own"},
            {.name = "part_size",
             .type = OptionType::size,
             .fallback = "8 MiB",
             .help = "larger objects are sent in parts of at least this size; four are in memory",
             .min = 5ULL << 20,
             .max = 1ULL << 30,
             .expected = "5 MiB to 1 GiB"},
            {.name = "upload_limit",
             .type = OptionType::size,
             .help = "bytes a second that a backup may send, such as 5 MB",
             .min = 64ULL << 10,
             .expected = "at least 64 KiB"}}}};
}

std::vector<SectionSpec> small_sections() {  // NOLINT(readability-function-size): a table
  return {
      {"encryption", "At least one recipient, here or in the file.", "",
       Keys{{.name = "recipients",
             .type = OptionType::list,
             .help = "age public keys; each of them alone can decrypt",
             .expected = "an age recipient (age1...)",
             .accepts = is_recipient,
             .pattern = recipient_pattern},
            {.name = "recipients_file",
             .type = OptionType::path,
             .help = "file with one recipient a line, # for comments"}}},
      {"signing",
       "Make the key with `lifeboat keygen --signing -o FILE`. With trusted keys, a snapshot "
       "that none of\nthem signed is refused wherever it is read.",
       "",
       Keys{{.name = "key_file",
             .type = OptionType::path,
             .help = "private key (PEM, mode 0600) that signs this host's snapshots"},
            {.name = "trusted",
             .type = OptionType::list,
             .help = "public keys whose snapshots are believed; without it, key_file's own",
             .expected = "ed25519:...",
             .pattern = "^ed25519:"}}},
      {"compression", "", "",
       Keys{{.name = "level",
             .type = OptionType::integer,
             .fallback = "3",
             .help = "zstd level: 3 is fast, 12 saves space, 19 is slow and needs memory",
             .min = 1,
             .max = 19},
            {.name = "cache",
             .type = OptionType::size,
             .fallback = "2 GiB",
             .help = "disk that compressed frames may take below `state_dir`, so that a night "
                     "compresses what changed only; used from level 6 on; 0 for none"}}},
      {"retention", "", "",
       Keys{{.name = "daily",
             .type = OptionType::integer,
             .fallback = "30",
             .help = "days that nightly snapshots are kept",
             .min = 1,
             .max = 36500},
            {.name = "monthly",
             .type = OptionType::integer,
             .fallback = "12",
             .help = "months that the first good snapshot of each month is kept; 0 for none",
             .max = 1200}}},
      {"drill", "", "",
       Keys{{.name = "identity",
             .type = OptionType::path,
             .help = "file with an age private key; without it give --identity to each drill"},
            {.name = "schedule",
             .fallback = "weekly",
             .help = "when it runs",
             .expected = schedule_rule,
             .accepts = is_schedule,
             .pattern = schedule_pattern},
            {.name = "which",
             .fallback = "latest",
             .help = "the snapshot to restore",
             .expected = "latest, random or oldest-monthly",
             .accepts = is_drill_choice,
             .pattern = "^(latest|random|oldest-monthly)$"},
            {.name = "engine",
             .fallback = "none",
             .help = "where services themselves are started on what was restored",
             .expected = "none, host or docker",
             .accepts = is_drill_engine,
             .pattern = "^(none|host|docker)$"},
            {.name = "scratch",
             .type = OptionType::path,
             .fallback = "/var/tmp",
             .help = "folder in which the scratch folder is made, and removed again"}}},
      {"docker", "", "",
       Keys{{.name = "socket",
             .type = OptionType::path,
             .help = "unix socket of Docker or Podman; without it that of DOCKER_HOST, else "
                     "/var/run/docker.sock"},
            {.name = "labels",
             .type = OptionType::boolean,
             .fallback = "false",
             .help = "containers with the label lifeboat.enable=true become services of the "
                     "jobs that say `labelled`"}}},
      {"discover", "", "",
       Keys{{.name = "skip",
             .kind = KeyKind::texts,
             .help = "volumes, containers or paths that need no backup, each with the reason"}}},
      {"metrics", "", "",
       Keys{{.name = "textfile",
             .type = OptionType::path,
             .help = "folder of node_exporter's textfile collector"},
            {.name = "pushgateway",
             .help = "URL of a Pushgateway",
             .expected = "a URL with http:// or https://",
             .accepts = is_url,
             .pattern = url_pattern}}}};
}

std::vector<SectionSpec> job_sections() {
  return {
      {"services.NAME", "Besides these, the keys of the service's recipe.", "",
       Keys{{.name = "recipe", .required = true, .help = "what kind of service it is"},
            {.name = "hooks",
             .kind = KeyKind::section,
             .section = "hooks",
             .help = "commands around this service"}}},
      {"jobs.NAME", "", "",
       Keys{{.name = "schedule",
             .required = true,
             .help = "when it runs; manual: only by hand",
             .expected = schedule_rule,
             .accepts = is_schedule,
             .pattern = schedule_pattern},
            {.name = "services",
             .type = OptionType::list,
             .help = "names from `services`, archived in this order; needed unless `labelled`"},
            {.name = "labelled",
             .type = OptionType::boolean,
             .fallback = "false",
             .help = "also the containers that ask for it by their labels"},
            {.name = "stream",
             .type = OptionType::boolean,
             .fallback = "false",
             .help = "one service as one SQL script, HOST/supabase-weekly/YEAR-Wweek/, no archive"},
            {.name = "hooks",
             .kind = KeyKind::section,
             .section = "hooks",
             .help = "commands around the whole job"}}},
      {"hooks", "Commands are lists of words, run without a shell: [[systemctl, stop, app]].", "",
       Keys{{.name = "before",
             .kind = KeyKind::commands,
             .help = "run first; one that fails fails what it stands before"},
            {.name = "after",
             .kind = KeyKind::commands,
             .help = "run last, also after a failure; one that fails is a warning"},
            {.name = "on_error",
             .kind = KeyKind::commands,
             .help = "run when what they belong to failed"}}}};
}

constexpr const char* safe_url_rule = "a URL with https://, or http:// on this machine";

KeySpec success_key(const char* fallback) {
  return {.name = "success",
          .type = OptionType::boolean,
          .fallback = fallback,
          .help = "good runs are told too"};
}

KeySpec url_key(const char* name, bool required, const char* help) {
  return {.name = name,
          .type = OptionType::secret,
          .required = required,
          .help = help,
          .expected = safe_url_rule,
          .accepts = is_safe_url,
          .pattern = safe_url_pattern};
}

std::vector<SectionSpec> notify_sections() {
  const auto child = [](const char* name, const char* help) {
    return KeySpec{.name = name,
                   .kind = KeyKind::section,
                   .section = std::string("notify.") + name,
                   .help = help};
  };
  return {
      {"notify", "", "",
       Keys{child("discord", "messages to a Discord channel"),
            child("github", "one issue a problem, closed on recovery"),
            child("heartbeat", "pings at a run's start and end, in the way of healthchecks.io"),
            child("webhook", "what happened, as JSON, to a URL of yours"), child("smtp", "mail")}},
      {"notify.discord", "", "",
       Keys{url_key("webhook", true, "URL of the webhook"), success_key("true")}},
      {"notify.github", "", "",
       Keys{{.name = "repo",
             .required = true,
             .help = "repository for the issues",
             .expected = "OWNER/NAME",
             .accepts = is_repo,
             .pattern = repo_pattern},
            {.name = "token",
             .type = OptionType::secret,
             .required = true,
             .help = "token that may write issues"},
            {.name = "api_url",
             .fallback = "https://api.github.com",
             .help = "of a GitHub of your own",
             .expected = safe_url_rule,
             .accepts = is_safe_url,
             .pattern = safe_url_pattern}}},
      {"notify.heartbeat", "A secret, since who knows it can silence the alarm.", "",
       Keys{url_key("url", true, "URL to ping after a good run"),
            url_key("start_url", false,
                    "at a run's start; without it and `fail_url` it is `url` and /start"),
            url_key("fail_url", false, "after a failed run; without it `url` and /fail"),
            {.name = "jobs",
             .type = OptionType::list,
             .help = "only for backups of these jobs; without it for all"}}},
      {"notify.webhook", "", "",
       Keys{url_key("url", true, "URL that takes a POST"),
            {.name = "authorization",
             .type = OptionType::secret,
             .help = "value of the header Authorization"},
            success_key("true")}},
      {"notify.smtp", "", "",
       Keys{{.name = "url",
             .required = true,
             .help = "server: smtps://mail.example.org, or smtp:// (STARTTLS is demanded then)",
             .expected = "a URL with smtp:// or smtps:// and no user in it",
             .accepts = is_mail_url,
             .pattern = mail_url_pattern},
            {.name = "username", .help = "for the login; without it there is none"},
            {.name = "password", .type = OptionType::secret, .help = "for the login"},
            {.name = "from",
             .required = true,
             .help = "sender",
             .expected = "an address such as backups@example.org",
             .accepts = is_mail_address,
             .pattern = mail_address_pattern},
            {.name = "to",
             .type = OptionType::list,
             .required = true,
             .help = "who gets it",
             .expected = "an address such as backups@example.org",
             .accepts = is_mail_address,
             .pattern = mail_address_pattern},
            success_key("false")}}};
}

}  // namespace

const std::vector<SectionSpec>& config_sections() {
  static const auto sections = [] {
    std::vector<SectionSpec> all{top_section()};
    for (auto* part : {store_sections, small_sections, job_sections, notify_sections}) {
      for (SectionSpec& section : part()) all.push_back(std::move(section));
    }
    return all;
  }();
  return sections;
}

const SectionSpec& config_section(std::string_view path) {
  for (const SectionSpec& section : config_sections()) {
    if (section.path == path) return section;
  }
  throw Bug("no such section of the configuration: " + std::string(path));
}

KeySpec key_of_option(const OptionSpec& option) {
  return {
      .name = option.name, .type = option.type, .required = option.required, .help = option.help};
}

}  // namespace lifeboat
