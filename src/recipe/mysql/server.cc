#include "recipe/mysql/server.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "io/read_at.h"
#include "recipe/container.h"

namespace lifeboat {
namespace {

constexpr uint64_t timeout_default_s = 6 * 3600;
constexpr uint64_t timeout_max_s = 30 * 86400;
constexpr uint64_t output_bytes_max = uint64_t{64} << 20;
constexpr size_t sandbox_line_max = 200;

struct Explanation {
  const char* said;
  const char* hint;
};

constexpr std::array<Explanation, 18> explanations{
    {{"Access denied for user",
      "Check 'user' and 'password'; docs/recipes/mysql.md has the statements that make a user for "
      "backups."},
     {"command denied to user",
      "Give the user the rights that docs/recipes/mysql.md lists for backups."},
     {"you need (at least one of)",
      "Give the user the rights that docs/recipes/mysql.md lists for backups."},
     {"insufficient privileges",
      "Give the user the rights that docs/recipes/mysql.md lists for backups: routines need "
      "SELECT on mysql.proc, or SHOW_ROUTINE."},
     {"COLUMN_STATISTICS",
      "The client is MySQL's and the server is not: set 'container', so that the server's own "
      "programs are used."},
     {"Authentication plugin",
      "The client is too old for this server, or of another family: set 'container', so that the "
      "server's own programs are used, or install a newer client."},
     {"caching_sha2_password",
      "The client is too old for this server, or of another family: set 'container', so that the "
      "server's own programs are used, or install a newer client."},
     {"unknown option",
      "An option file of the client ('my.cnf', '~/.my.cnf') holds an option that it does not "
      "know."},
     {"unknown variable",
      "An option file of the client ('my.cnf', '~/.my.cnf') holds an option that it does not "
      "know."},
     {"Can't connect", "Is the server running, and are 'host', 'port' or 'socket' right?"},
     {"Lost connection",
      "The server went away meanwhile: its log tells whether it was restarted or ran out of "
      "memory."},
     {"server has gone away",
      "The server went away meanwhile: its log tells whether it was restarted or ran out of "
      "memory."},
     {"Table definition has changed",
      "A table was altered during the dump: run it again when no migration is under way."},
     {"TLS/SSL error",
      "Newer clients want a certificate that they can check: give its authority by 'ssl-ca' in the "
      "client's option file."},
     {"references invalid table",
      "Repair or drop the broken view, or name it in 'exclude_tables'."},
     {"specified as a definer",
      "A view or routine belongs to an account that is gone: make it again, or drop the view."},
     {"No space left", "Free space on the server's disk."},
     {"is marked as crashed", "Repair the table first: REPAIR TABLE."}}};

std::shared_ptr<const Secret> text_input(const std::string& text) {
  return std::make_shared<const Secret>(text);
}

std::chrono::seconds timeout_of(const Settings& settings) {
  const uint64_t timeout_s = settings.number("timeout", timeout_default_s);
  if (timeout_s == 0 || timeout_s > timeout_max_s) {
    throw Error(ErrorKind::service,
                "read option 'timeout': it is not between 1 second and 30 days");
  }
  return std::chrono::seconds(timeout_s);
}

struct Login {
  std::string user;
  std::shared_ptr<const Secret> password;
};

// The first of `names` that the container has; null if none.
std::shared_ptr<const Secret> first_secret(Docker& docker, const DockerDetails& details,
                                           std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (auto secret = docker_secret(docker, details, name)) return secret;
  }
  return nullptr;
}

std::string variable_of(const DockerDetails& details, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto found = details.env.find(name);
    if (found != details.env.end()) return found->second;
  }
  return "";
}

// What is configured, else what the container was made with.
Login find_login(const Settings& settings, MysqlRights rights, const DockerDetails* container,
                 RecipeContext& context) {
  Login login{settings.text("user"), settings.secret("password")};
  if (rights == MysqlRights::restore && settings.has("restore_user")) {
    return {settings.text("restore_user"), settings.secret("restore_password")};
  }
  if (container == nullptr) return login;
  Docker docker(context.docker_options(), context.clock);
  const bool wants_root =
      login.user.empty() || login.user == "root" || rights == MysqlRights::restore;
  if (wants_root) {
    auto secret =
        first_secret(docker, *container, {"MARIADB_ROOT_PASSWORD", "MYSQL_ROOT_PASSWORD"});
    const bool is_configured = login.password && login.user == "root";
    if (secret && !is_configured) return {"root", std::move(secret)};
  }
  if (!login.password && login.user == variable_of(*container, {"MARIADB_USER", "MYSQL_USER"})) {
    login.password = first_secret(docker, *container, {"MARIADB_PASSWORD", "MYSQL_PASSWORD"});
  }
  return login;
}

std::vector<std::string> login_words(const Settings& settings, const std::string& user) {
  std::vector<std::string> words;
  if (!user.empty()) words.push_back("--user=" + user);
  if (settings.has("socket")) {
    words.push_back("--socket=" + settings.text("socket"));
  } else if (settings.has("host") || settings.has("port")) {
    words.push_back("--protocol=tcp");
    words.push_back("--host=" + settings.text("host", "127.0.0.1"));
    words.push_back(format("--port={}", settings.number("port", 3306)));
  }
  return words;
}

}  // namespace

std::vector<OptionSpec> mysql_server_options() {
  return {
      {"container", OptionType::text, false,
       "the server's container, whose own programs are used and whose root password is found"},
      {"host", OptionType::text, false, "where the server answers, for the client on this host"},
      {"port", OptionType::integer, false, "its port (default: 3306)"},
      {"socket", OptionType::text, false, "its unix socket, instead of `host`"},
      {"user", OptionType::text, false,
       "who logs in (default: root in a container, else what the client's option files say)"},
      {"password", OptionType::secret, false,
       "the password; default: the container's own, else none"},
      {"restore_user", OptionType::text, false,
       "who logs in to replace a live database (default: root with the container's password)"},
      {"restore_password", OptionType::secret, false, "the password of `restore_user`"},
      {"exclude_tables", OptionType::list, false, "tables to leave out, as DATABASE.TABLE"},
      {"used_by", OptionType::text, false,
       "container of the program that uses the data: stopped while a live database is replaced"},
      {"grants", OptionType::boolean, false, "keep accounts and their rights (default: true)"},
      {"timeout", OptionType::integer, false, "seconds that one dump may take (default: 21600)"}};
}

void explain_mysql_error(Error& error, bool is_restoring) {
  for (const Explanation& known : explanations) {
    if (error.message().find(known.said) == std::string::npos) continue;
    if (is_restoring &&
        std::string_view(known.hint).find("for backups") != std::string_view::npos) {
      return error.add_hint(
          "Set 'restore_user' and 'restore_password' to an account that may create databases.");
    }
    return error.add_hint(known.hint);
  }
}

MysqlServer::MysqlServer(std::unique_ptr<ProgramAccess> access, std::vector<std::string> login,
                         std::chrono::seconds timeout)
    : access_(std::move(access)), login_(std::move(login)), timeout_(timeout) {
  find_programs();
  const auto answer = query("SELECT version()");
  if (answer.size() == 1 && answer.front().size() == 1) version_text_ = answer.front().front();
  const auto version = parse_server_version(version_text_);
  if (!version) {
    throw Error(ErrorKind::service,
                format("ask the server for its version: '{}' is none", printable(version_text_)));
  }
  version_ = *version;
}

std::unique_ptr<MysqlServer> MysqlServer::connect(const Service& service, RecipeContext& context,
                                                  MysqlRights rights,
                                                  std::optional<DockerDetails>& container) {
  const Settings& settings = service.settings;
  const bool has_address = settings.has("host") || settings.has("socket") || settings.has("port");
  container.reset();
  if (settings.has("container")) container = find_container(service, context);
  const bool uses_container = container && !has_address;
  const Login login = find_login(settings, rights, uses_container ? &*container : nullptr, context);
  auto access = uses_container ? make_container_access(*container, login.password, context)
                               : make_host_access(login.password, context);
  auto server = std::make_unique<MysqlServer>(std::move(access), login_words(settings, login.user),
                                              timeout_of(settings));
  if (rights == MysqlRights::restore) server->set_restoring();
  return server;
}

void MysqlServer::find_programs() {
  std::optional<std::string> told;
  for (const auto& [client, dump] :
       {std::pair("mariadb", "mariadb-dump"), std::pair("mysql", "mysqldump")}) {
    told = access_->version_of(dump);
    if (!told) continue;
    dump_ = dump;
    client_ = client;
    break;
  }
  if (!told) {
    throw Error(
        ErrorKind::service,
        format("look for 'mariadb-dump' or 'mysqldump' {}: there is neither", access_->place()))
        .hint("Install mariadb-client on this host, or set 'container' to the server's container.");
  }
  const auto version = parse_program_version(*told);
  if (!version) {
    throw Error(ErrorKind::service,
                format("ask '{}' for its version: it says '{}'", dump_, printable(trim(*told))));
  }
  client_version_ = *version;
  dump_help_ = help_of(dump_);
  client_help_ = help_of(client_);
}

std::string MysqlServer::help_of(const std::string& program) {
  return run({program, "--help"}, {});
}

bool MysqlServer::dump_knows(std::string_view option) const {
  return dump_help_.find(option) != std::string::npos;
}

bool MysqlServer::client_knows(std::string_view option) const {
  return client_help_.find(option) != std::string::npos;
}

std::string MysqlServer::client_text() const {
  return format("{} ({}) {}", dump_, client_version_.text, access_->place());
}

std::string MysqlServer::run(std::vector<std::string> argv, ProgramInput input) {
  try {
    const std::string name = argv.front();
    const auto output = access_->run(std::move(argv), std::move(input), timeout_);
    return std::string(
        as_text(read_all(*output, output_bytes_max, format("the output of '{}'", name))));
  } catch (Error& error) {
    explain_mysql_error(error, is_restoring_);
    throw;
  }
}

std::vector<std::string> MysqlServer::words(const std::string& program) const {
  std::vector<std::string> all{program};
  all.insert(all.end(), login_.begin(), login_.end());
  all.push_back("--default-character-set=utf8mb4");
  return all;
}

std::vector<std::vector<std::string>> MysqlServer::query(const std::string& sql) {
  std::vector<std::string> argv = words(client_);
  argv.insert(argv.end(), {"--batch", "--skip-column-names", "--connect-timeout=60"});
  return parse_batch(run(std::move(argv), {.text = text_input(sql)}));
}

std::unique_ptr<Source> MysqlServer::dump(const std::string& database,
                                          const std::vector<std::string>& left_out_tables) {
  std::vector<std::string> argv = words(dump_);
  // Each told, whatever an option file says. Without the date, equal data make equal dumps.
  argv.insert(argv.end(), {"--single-transaction", "--quick", "--routines", "--events",
                           "--triggers", "--hex-blob", "--no-tablespaces", "--comments",
                           "--skip-dump-date", "--skip-lock-tables", "--max-allowed-packet=1G"});
  // MySQL's own: without GTIDs a dump loads elsewhere; statistics fail on servers without them.
  if (dump_knows("--set-gtid-purged")) argv.push_back("--set-gtid-purged=OFF");
  if (dump_knows("--column-statistics")) argv.push_back("--column-statistics=0");
  for (const std::string& table : left_out_tables) {
    argv.push_back(format("--ignore-table={}.{}", database, table));
  }
  argv.insert(argv.end(), {"--", database});
  return access_->run(std::move(argv), {}, timeout_);
}

void MysqlServer::load(std::shared_ptr<const UniqueFd> file, const std::string& database,
                       bool keep_going) {
  std::vector<std::string> argv = words(client_);
  argv.insert(argv.end(), {"--batch", "--max-allowed-packet=1G"});
  // What the line does that open_dump() skips: no statement of a dump may run a program here.
  if (client_knows("--sandbox")) argv.push_back("--sandbox");
  if (keep_going) argv.push_back("--force");
  if (!database.empty()) argv.push_back("--database=" + database);
  try {
    run(std::move(argv), {.file = std::move(file)});
  } catch (const Error&) {
    if (!keep_going) throw;  // with --force, the exit status still tells of errors
  }
}

std::shared_ptr<const UniqueFd> open_dump(const std::filesystem::path& path) {
  auto file = std::make_shared<UniqueFd>(
      open_file(path, O_RDONLY | O_NOFOLLOW, 0, ErrorKind::verification));
  std::array<char, sandbox_line_max> begin{};
  const size_t got = read_at(file->get(), 0, std::as_writable_bytes(std::span(begin)),
                             path.native(), ErrorKind::verification);
  const std::string_view text(begin.data(), got);
  const bool has_line = text.starts_with("/*!999999\\-") || text.starts_with("/*M!999999\\-");
  const size_t end = text.find('\n');
  if (has_line && end != std::string_view::npos) {
    ::lseek(file->get(), static_cast<off_t>(end + 1), SEEK_SET);
  }
  return file;
}

}  // namespace lifeboat
