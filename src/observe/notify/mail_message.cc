#include "observe/notify/mail_message.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "crypto/base64.h"
#include "observe/notify/notice_text.h"

namespace lifeboat {
namespace {

bool is_plain(char letter) { return letter >= ' ' && letter <= '~'; }

std::string ensured_line(const std::string& text) {
  ensure(std::all_of(text.begin(), text.end(), is_plain), "a header is one line of ASCII");
  return text;
}

}  // namespace

std::string print_mail_date(Timestamp time) {
  constexpr std::array weekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Date date = date_of(time);
  const std::chrono::weekday weekday{std::chrono::sys_days(date)};
  const std::string iso = print_time(time);  // "2026-05-07T02:00:07Z"
  return format("{}, {} {} {} {} +0000", weekdays.at(weekday.c_encoding()), iso.substr(8, 2),
                months.at(static_cast<unsigned>(date.month()) - 1), iso.substr(0, 4),
                iso.substr(11, 8));
}

std::string encode_subject(std::string_view subject) {
  constexpr size_t line_max = 78 - std::string_view("Subject: ").size();
  const bool is_simple = subject.size() <= line_max && !subject.starts_with(' ') &&
                         subject.find("=?") == std::string_view::npos &&
                         std::all_of(subject.begin(), subject.end(), is_plain);
  if (is_simple) return std::string(subject);
  constexpr size_t word_bytes_max = 45;  // 60 of base64 and 12 around it: at most 75
  std::string encoded;
  while (!subject.empty()) {
    size_t bytes = 0;
    while (bytes < subject.size()) {
      const size_t length = std::max<size_t>(1, utf8_length(subject.substr(bytes)));
      if (bytes + length > word_bytes_max) break;
      bytes += length;
    }
    encoded += format("{}=?UTF-8?B?{}?=", encoded.empty() ? "" : "\r\n ",
                      base64_encode_standard(as_bytes(subject.substr(0, bytes))));
    subject.remove_prefix(bytes);
  }
  return encoded;
}

std::string encode_quoted_printable(std::string_view text) {
  constexpr size_t line_max = 76;
  std::string encoded;
  size_t column = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    const char letter = text[at];
    if (letter == '\n') {
      encoded += "\r\n";
      column = 0;
      continue;
    }
    const bool is_last = at + 1 == text.size() || text[at + 1] == '\n';
    const bool is_literal = is_plain(letter) && letter != '=' && !(letter == ' ' && is_last);
    const std::string piece =
        is_literal ? std::string(1, letter) : format("={:02X}", static_cast<unsigned char>(letter));
    if (column + piece.size() > line_max - 1) {  // one for the '=' of a soft break
      encoded += "=\r\n";
      column = 0;
    }
    encoded += piece;
    column += piece.size();
  }
  return encoded;
}

std::string make_mail(const MailHead& head, const Notice& notice) {
  constexpr size_t subject_max = 200;
  std::string recipients;
  for (const std::string& to : head.to) {
    recipients += format("{}<{}>", recipients.empty() ? "" : ",\r\n ", ensured_line(to));
  }
  std::string mail = format("Date: {}\r\n", print_mail_date(notice.time));
  mail += format("From: Lifeboat <{}>\r\n", ensured_line(head.from));
  mail += format("To: {}\r\n", recipients);
  mail += format("Subject: {}\r\n", encode_subject(shorten(one_line(notice.title), subject_max)));
  mail += format("Message-ID: <{}>\r\n", ensured_line(head.id));
  // RFC 3834: no out-of-office answers.
  mail += "Auto-Submitted: auto-generated\r\n";
  mail += "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n";
  mail += "Content-Transfer-Encoding: quoted-printable\r\n\r\n";
  return mail + encode_quoted_printable(one_line(notice.title) + "\n\n" + print_plain(notice));
}

}  // namespace lifeboat
