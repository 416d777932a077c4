// A service that systemd starts once, and its timer.
//
// The sandbox leaves what a backup needs: to read everybody's files, to write into the folders of
// SQLite databases in WAL mode (whose readers make a -shm file), the engine's socket and the
// network; a drill restores owners and modes. Not ProtectHome: keys and services lie below /root
// and /home. Not ProcSubset: runs tell each other apart by /proc/sys/kernel/random/boot_id. Where
// hooks, `command` services or servers are started, whatever these need must work: no sandbox
// there. https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html
#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "config/schedule.h"
#include "io/folder.h"
#include "scheduler/unit_sources.h"
#include "scheduler/wanted_files.h"
#include "scheduler/when.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

const fs::path unit_folder = "/etc/systemd/system";

// One word of a setting. '%' begins a specifier everywhere.
std::string quoted(const std::string& word) {
  std::string text = "\"";
  for (const char byte : word) {
    if (byte == '%') text += '%';
    if (byte == '"' || byte == '\\') text += '\\';
    if (byte == '\n' || byte == '\r') {
      throw Error(ErrorKind::config, format("install '{}': a unit cannot hold a path with a line "
                                            "end in it",
                                            printable(word)));
    }
    text += byte;
  }
  text += '"';
  return word.find_first_of(" \t\"'\\;#") == std::string::npos ? text.substr(1, text.size() - 2)
                                                               : text;
}

std::string command_line(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) {
    if (!line.empty()) line += ' ';
    for (const char byte : quoted(word)) {
      if (byte == '$') line += '$';  // a variable otherwise
      line += byte;
    }
  }
  return line;
}

constexpr std::string_view resources = R"(
UMask=0077
OOMScoreAdjust=500
LimitCORE=0
)";

// Between groups of processes, such as this unit and a container, a group's weight counts and no
// nice. Not CPUWeight=idle: beside a container that never rests the run would take days. The limit
// lets a worker that starves compete again (base/background.h).
constexpr std::string_view background = R"(CPUWeight=10
IOWeight=10
LimitNICE=+10
)";

constexpr std::string_view sandbox = R"(
MemoryMax=4G
TasksMax=256
NoNewPrivileges=yes
CapabilityBoundingSet=CAP_DAC_READ_SEARCH CAP_DAC_OVERRIDE CAP_CHOWN
CapabilityBoundingSet=CAP_FOWNER CAP_FSETID CAP_SETFCAP
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
)";

// What of the file system a run sees. A folder that is not there is no error at the start.
std::string file_system(const InstallRequest& request) {
  const auto is_temporary = [](const fs::path& path) {
    return is_at_or_below(path.native(), "/tmp") || is_at_or_below(path.native(), "/var/tmp");
  };
  const bool shares_tmp =
      std::any_of(request.writable.begin(), request.writable.end(), is_temporary);
  std::string text = shares_tmp ? "" : "PrivateTmp=yes\n";
  if (request.writes_anywhere) return text + "ProtectSystem=full\n";
  text += "ProtectSystem=strict\n";
  for (const fs::path& folder : request.writable) {
    text += format("ReadWritePaths={}\n", quoted("-" + folder.native()));
  }
  if (shares_tmp) text += "ReadWritePaths=/tmp /var/tmp\n";
  return text;
}

// A credential that systemd-creds encrypted has a name that ends with ".cred".
std::string credentials(const fs::path& folder) {
  if (folder.empty()) return "";
  std::vector<fs::path> files;
  std::error_code ignored;
  for (const fs::path& entry : list_folder(folder, ErrorKind::config)) {
    if (fs::is_regular_file(entry, ignored)) files.push_back(entry);
  }
  std::string text;
  for (const fs::path& file : files) {
    const bool is_encrypted = file.extension() == ".cred";
    text += format(
        "LoadCredential{}={}\n", is_encrypted ? "Encrypted" : "",
        quoted(format("{}:{}", is_encrypted ? file.stem().native() : file.filename().native(),
                      file.native())));
  }
  return text;
}

std::string state_of(const InstallRequest& request) {
  if (request.state_dir != "/var/lib/lifeboat") return "";
  return "StateDirectory=lifeboat\nStateDirectoryMode=0700\n";
}

std::string service_text(const InstallRequest& request, const ScheduledRun& run) {
  std::string text = format(
      "{}[Unit]\nDescription=Lifeboat: {}\nWants=network-online.target\n"
      "After=network-online.target docker.service\n",
      written_by, join(run.arguments, " "));
  if (request.tells_failures) text += "OnFailure=lifeboat-failure@%n.service\n";
  text += format(
      "\n[Service]\nType=oneshot\nExecStart={}\nEnvironment={} HOME=/root\n"
      "TimeoutStartSec=24h\n{}{}",
      command_line(command_of(request, run)), path_variable, state_of(request),
      credentials(request.credentials));
  text += resources;
  if (request.is_background) text += background;
  if (run.needs_freedom) {
    return text +
           "\n# No sandbox: this run starts hooks, commands or servers, and what these need "
           "is not known.\n";
  }
  text += sandbox;
  // A drill restores files with the modes that they had.
  if (run.arguments.front() != "drill") text += "RestrictSUIDSGID=yes\n";
  return text + file_system(request);
}

std::string timer_text(const InstallRequest& request, const ScheduledRun& run) {
  const std::string fields = cron_fields(run.schedule, request.host, run.name);
  std::string text = format("{}[Unit]\nDescription=Lifeboat: when to {} ({})\n\n[Timer]\n",
                            written_by, join(run.arguments, " "), run.schedule);
  for (const std::string& value : on_calendar(fields)) text += format("OnCalendar={}\n", value);
  text += "AccuracySec=1min\nPersistent=true\n";
  // The same delay each time; of what runs several times an hour it would change the rhythm.
  if (cron_times(fields)->minutes.size() == 1) {
    text += "RandomizedDelaySec=10min\nFixedRandomDelay=true\n";
  }
  return text + "\n[Install]\nWantedBy=timers.target\n";
}

std::string failure_text(const InstallRequest& request) {
  constexpr std::string_view usual = "/usr/local/bin/lifeboat notify failure";
  std::string text(unit_sources().front().text);
  const size_t at = text.find(usual);
  ensure(at != std::string::npos, "the unit starts the program");
  text.replace(at, usual.size(),
               command_line(command_of(request, {"", "", {"notify", "failure"}})));
  const size_t end = text.find('\n', at);
  text.insert(end + 1, format("Environment={} HOME=/root\n", path_variable) +
                           credentials(request.credentials));
  return format("{}\n{}", written_by, text);
}

}  // namespace

std::vector<WantedFile> systemd_files(const InstallRequest& request) {
  using Kind = FileChange::Kind;
  std::vector<WantedFile> files;
  if (request.tells_failures) {
    files.push_back({Kind::file, unit_folder / "lifeboat-failure@.service", failure_text(request)});
  }
  for (const ScheduledRun& run : request.runs) {
    const std::string unit = "lifeboat-" + run.name;
    files.push_back({Kind::file, unit_folder / (unit + ".service"), service_text(request, run)});
    files.push_back({Kind::file, unit_folder / (unit + ".timer"), timer_text(request, run)});
    // As `systemctl enable` does it, which cannot be asked where systemd does not run.
    files.push_back({Kind::link, unit_folder / "timers.target.wants" / (unit + ".timer"),
                     format("/etc/systemd/system/{}.timer", unit)});
  }
  return files;
}

}  // namespace lifeboat
