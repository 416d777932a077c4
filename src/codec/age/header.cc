#include "codec/age/header.h"

#include <algorithm>

#include "base/format.h"
#include "base/text.h"
#include "codec/age/age.h"
#include "codec/age/base64.h"

namespace lifeboat::age {

namespace {

constexpr std::string_view version_prefix = "age-encryption.org/";
constexpr std::string_view version_line = "age-encryption.org/v1";
constexpr size_t columns = 64;

// Reads header lines and keeps all of them for the MAC.
class Lines {
 public:
  explicit Lines(Input& input) : input_(input) {}

  std::string_view next() {
    const size_t room = header_bytes_max - kept_.size();
    const Input::Line line = input_.read_line(room);
    if (!line.complete) {
      if (line.text.size() < room) throw header_fault("the file ends inside the header");
      throw header_fault(format("it is longer than {}", print_bytes(header_bytes_max)));
    }
    last_line_at_ = kept_.size();
    kept_.append(line.text).push_back('\n');
    return std::string_view(kept_).substr(last_line_at_, line.text.size());
  }
  // Everything up to the first `bytes` of the line read last.
  std::string take_until(size_t bytes) {
    kept_.resize(last_line_at_ + bytes);
    return std::move(kept_);
  }

 private:
  Input& input_;
  std::string kept_;
  size_t last_line_at_ = 0;
};

void check_version(std::string_view line) {
  if (line == version_line) return;
  throw header_fault(format("the version is '{}', not 'v1'",
                            printable(line.substr(version_prefix.size()).substr(0, 20))))
      .hint("A later version of age may be able to read it.");
}

std::vector<std::string> parse_arguments(std::string_view line) {
  std::vector<std::string> arguments = split(line, ' ');
  for (const std::string& argument : arguments) {
    const bool visible =
        std::ranges::all_of(argument, [](char letter) { return letter > ' ' && letter <= '~'; });
    if (argument.empty() || !visible) throw header_fault("a recipient stanza is malformed");
  }
  return arguments;
}

Bytes read_body(Lines& lines) {
  Bytes body;
  for (;;) {
    const std::string_view line = lines.next();
    const auto bytes = base64_decode(line, Base64Padding::none);
    if (!bytes || line.size() > columns) throw header_fault("the body of a stanza is malformed");
    body.insert(body.end(), bytes->begin(), bytes->end());
    if (line.size() < columns) return body;
  }
}

HmacSha256 parse_mac(std::string_view text) {
  const auto bytes = base64_decode(text, Base64Padding::none);
  HmacSha256 mac;
  if (!bytes || bytes->size() != mac.size()) throw header_fault("the MAC line is malformed");
  std::ranges::copy(*bytes, mac.begin());
  return mac;
}

}  // namespace

Error header_fault(std::string_view why) {
  return Error(ErrorKind::crypto, format("read age header: {}", why));
}

Header read_header(Input& input) {
  if (!version_prefix.starts_with(input.peek(version_prefix.size()))) {
    throw header_fault("this is not an age file");
  }
  Lines lines(input);
  check_version(lines.next());
  Header header;
  for (;;) {
    const std::string_view line = lines.next();
    if (line.starts_with("--- ") && !header.stanzas.empty()) {
      header.mac = parse_mac(line.substr(4));
      header.authenticated = lines.take_until(3);
      return header;
    }
    if (!line.starts_with("-> ")) throw header_fault("a line is not what the format expects");
    if (header.stanzas.size() == recipients_max) {
      throw header_fault(format("it has more than {} recipients", recipients_max));
    }
    Stanza stanza{parse_arguments(line.substr(3)), {}};
    stanza.body = read_body(lines);
    header.stanzas.push_back(std::move(stanza));
  }
}

std::string print_header(const std::vector<Stanza>& stanzas, ByteView file_key) {
  std::string text(version_line);
  for (const Stanza& stanza : stanzas) {
    text += format("\n-> {}\n", join(stanza.arguments, " "));
    const std::string body = base64_encode(stanza.body, Base64Padding::none);
    for (size_t at = 0; at < body.size(); at += columns) {
      if (at > 0) text += '\n';
      text += body.substr(at, columns);
    }
    if (!body.empty() && body.size() % columns == 0) text += '\n';  // the last line is a short one
  }
  text += "\n---";
  const HmacSha256 mac = header_mac(file_key, text);
  return text + " " + base64_encode(mac, Base64Padding::none) + "\n";
}

HmacSha256 header_mac(ByteView file_key, std::string_view authenticated) {
  return hmac_sha256(hkdf_sha256(file_key, {}, "header").view(), as_bytes(authenticated));
}

}  // namespace lifeboat::age
