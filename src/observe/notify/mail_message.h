// A notice as the text of a mail, RFC 5322: 7-bit and short lines, whatever it says, so that it
// passes every server.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "observe/notice.h"

namespace lifeboat {

struct MailHead {
  std::string from;  // bare addresses
  std::vector<std::string> to;
  std::string id;  // without < and >
};

// Lines end in CRLF. Throws Bug if an address or the id is more than one line.
std::string make_mail(const MailHead& head, const Notice& notice);

// As the value of the header Subject: as it is, or encoded words (RFC 2047), folded.
std::string encode_subject(std::string_view subject);
// RFC 2045, section 6.7. Lines of `text` end in \n, those of the result in CRLF.
std::string encode_quoted_printable(std::string_view text);
// "Thu, 07 May 2026 02:00:07 +0000"
std::string print_mail_date(Timestamp time);

}  // namespace lifeboat
