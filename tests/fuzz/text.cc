// JSON, names of objects and text for terminals: small readers that meet everything untrusted.
#include "base/text.h"

#include "base/json.h"
#include "fuzz/fuzz.h"
#include "snapshot/layout.h"

using namespace lifeboat;

namespace {

void check_json(std::string_view text) {
  const std::string first = fuzz::outcome([&] { return print_json_line(parse_json(text, "x")); });
  if (!fuzz::is_taken(first)) return;
  const std::string line = first.substr(first.find(' ') + 1);
  fuzz::require(line.find('\n') == line.npos, "a line is one line");
  const std::string second = fuzz::outcome([&] { return print_json_line(parse_json(line, "x")); });
  fuzz::require(first == second, "JSON that is printed reads as the same", first + "\n" + second);
}

void check_terminal(std::string_view text) {
  const std::string shown = printable(text);
  for (const char c : shown) {
    fuzz::require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, "no control characters",
                  shown);
  }
  for (size_t at = 0; at < shown.size();) {
    const size_t length = utf8_length(std::string_view(shown).substr(at));
    fuzz::require(length > 0, "what is shown is UTF-8");
    const auto lead = static_cast<unsigned char>(shown[at]);
    const bool is_c1 = lead == 0xC2 && static_cast<unsigned char>(shown[at + 1]) < 0xA0;
    fuzz::require(!is_c1, "no control characters of two bytes", shown);
    at += length;
  }
  fuzz::require(printable(shown) == shown, "what can be shown stays");
}

void check_keys(std::string_view text) {
  if (const auto id = parse_manifest_key(text)) {
    fuzz::require(id->manifest_key() == text, "a key has one spelling");
    fuzz::require(parse_snapshot_text(id->text()) == id, "a snapshot's name finds it");
  }
  if (const auto id = parse_archive_key(text)) {
    fuzz::require(id->archive_key() == text, "a key has one spelling");
  }
  if (const auto id = parse_object_key(text)) {
    fuzz::require(
        text == id->manifest_key() || text == id->archive_key() || text == id->index_key(),
        "a key has one spelling");
  }
  if (const auto id = parse_snapshot_text(text)) {
    fuzz::require(id->text() == text, "a name has one spelling");
  }
  (void)parse_drill_key(text);
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  check_json(text);
  check_terminal(text);
  check_keys(text);
  const std::string encoded = percent_encode(text);
  fuzz::require(percent_decode(encoded) == text, "what is encoded comes back");
  (void)percent_decode(text);
  (void)parse_bytes(text);
  (void)nearest(text.substr(0, 100), {"volume", "n8n"});
  return 0;
}
