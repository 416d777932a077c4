// A mail to one address, by libcurl: it stands in this room because libcurl's headers do.
//
// smtps:// is TLS from the first byte; of smtp:// STARTTLS can be demanded, and then neither the
// login nor the mail leaves without it. One recipient a mail, so that an address that is refused
// keeps the others from nothing.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/stop.h"

namespace lifeboat {

struct MailRequest {
  std::string url;                 // smtp:// or smtps://
  bool demands_starttls = true;    // of smtp://
  std::string username = {};       // empty: no login
  std::string_view password = {};  // must live until send_mail returns
  std::string from;                // bare addresses of ASCII
  std::string to;
  std::string message;  // headers and body of RFC 5322; lines end in CRLF
  std::chrono::milliseconds timeout{60'000};
  std::filesystem::path ca_file = {};  // PEM, instead of the system's authorities
  StopToken stop = {};
};

// The server answered, and said no.
class MailRefused final : public Error {
 public:
  enum class What { login, recipient, other };
  MailRefused(What what, std::string message)
      : Error(ErrorKind::service, std::move(message)), what_(what) {}
  What refused() const { return what_; }

 private:
  What what_;
};

// Throws MailRefused for a reply 5xx, and Error(service), transient for a reply 4xx and what else
// may pass; Interrupted. The password is in none of them.
void send_mail(const MailRequest& request);
// Whether mail for this server stays on this machine.
bool is_loopback_url(const std::string& url);

}  // namespace lifeboat
