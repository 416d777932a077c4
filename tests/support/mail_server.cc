#include "support/mail_server.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "base/error.h"
#include "base/text.h"

namespace lifeboat::test {
namespace {

constexpr const char* python = "/usr/bin/python3";  // Debian's, which sees Debian's packages

// The test's own child, so that it ends with it.
pid_t start(const std::string& command, const std::string& log) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT, 0600);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  ::execl("/bin/bash", "bash", "-c", ("exec " + command).c_str(), nullptr);
  ::_exit(127);
}

}  // namespace

bool has_mail_server() { return shell(std::string(python) + " -c 'import aiosmtpd'").status == 0; }

MailServer::MailServer(const std::string& options, Tls tls) : is_smtps_(tls == Tls::smtps) {
  const std::string at = folder_.path().string();
  std::string command = std::string(python) +
                        " " LIFEBOAT_SOURCE_DIR "/tests/support/mail_server.py --port-file " + at +
                        "/port --log " + at + "/log " + options;
  if (tls != Tls::none) {
    shell_ok("cd " + at +
             " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
             "-keyout key.pem -out cert.pem -days 2 -subj /CN=lifeboat-test "
             "-addext subjectAltName=IP:127.0.0.1 2>&1");
    command += " --certificate " + at + "/cert.pem --key " + at + "/key.pem";
    if (is_smtps_) command += " --smtps";
  }
  pid_ = start(command, at + "/talk");
  while (!std::filesystem::exists(folder_ / "port")) {
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
      throw Bug("the mail server did not start: " + slurp(folder_ / "talk"));
    }
    std::this_thread::yield();
  }
  port_ = slurp(folder_ / "port");
}

MailServer::~MailServer() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

std::string MailServer::url() const {
  return (is_smtps_ ? "smtps://127.0.0.1:" : "smtp://127.0.0.1:") + port_;
}

std::vector<Json> MailServer::mails() const {
  std::vector<Json> mails;
  if (!std::filesystem::exists(folder_ / "log")) return mails;
  for (const std::string& line : split(slurp(folder_ / "log"), '\n')) {
    if (!line.empty()) mails.push_back(parse_json(line, "a mail"));
  }
  return mails;
}

}  // namespace lifeboat::test
