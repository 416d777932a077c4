// A real mail server (aiosmtpd) on loopback, as a process of its own.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "support/shell.h"

namespace lifeboat::test {

// Whether Debian's Python has aiosmtpd (package python3-aiosmtpd); else tests are skipped.
bool has_mail_server();

class MailServer {
 public:
  enum class Tls { none, starttls, smtps };
  // `options` as tests/support/mail_server.py takes them.
  explicit MailServer(const std::string& options = "", Tls tls = Tls::none);
  ~MailServer();
  MailServer(const MailServer&) = delete;
  MailServer& operator=(const MailServer&) = delete;

  // "smtp://127.0.0.1:PORT"
  std::string url() const;
  // With TLS: what clients have to trust.
  std::filesystem::path certificate() const { return folder_ / "cert.pem"; }
  // {"from", "to": [...], "tls", "login", "text"}, in their order.
  std::vector<Json> mails() const;

 private:
  TempFolder folder_;
  bool is_smtps_;
  pid_t pid_ = 0;
  std::string port_;
};

}  // namespace lifeboat::test
