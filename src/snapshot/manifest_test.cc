#include "snapshot/manifest.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "base/format.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat::test {
namespace {

using testing::HasSubstr;

constexpr std::string_view key = "vps-h1/2026-05-07/manifest.json";

Manifest sample() {
  Manifest manifest;
  manifest.tool = "lifeboat 0.1.0";
  manifest.host = "vps-h1";
  manifest.job = "nightly";
  manifest.started = parse_time("2026-05-07T02:00:00Z");
  manifest.finished = parse_time("2026-05-07T02:03:20Z");
  manifest.archive_key = "vps-h1/2026-05-07/backup.tar.zst.age";
  manifest.archive = {12345, std::string(64, 'a')};
  manifest.raw = {54321, std::string(64, 'b')};
  manifest.index_key = "vps-h1/2026-05-07/backup.index.age";
  manifest.index = {678, std::string(64, 'c')};
  manifest.members = 17;
  manifest.recipients = {"age1xyz"};
  ManifestService& good = manifest.services.emplace_back();
  good.name = good.recipe = "n8n";
  good.ok = true;
  good.warnings = {"the API key is not set"};
  good.missing = {"execution logs"};
  good.members = 9;
  good.raw_bytes = 50000;
  good.items = {{"workflows", 12}, {"credentials", 8}};
  ManifestService& failed = manifest.services.emplace_back();
  failed.name = failed.recipe = "waha";
  failed.error = "open '/x': denied";
  failed.hints = {"Run as root."};
  return manifest;
}

ErrorKind kind_of(std::string_view text) {
  try {
    parse_manifest(text, key);
  } catch (const Error& error) {
    return error.kind();
  }
  return ErrorKind::usage;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

// `text` with the hash that belongs to it, so that only the checks behind the hash can refuse it.
std::string rehashed(std::string text) {
  const size_t line = text.rfind("  \"sha256\": \"");
  text.replace(line + 13, 64, sha256_hex(as_bytes(text).first(line)));
  return text;
}

TEST(Manifest, ReadsBackWhatItPrints) {
  const std::string text = print_manifest(sample());
  EXPECT_EQ(parse_manifest(text, key), sample());
  EXPECT_EQ(print_manifest(parse_manifest(text, key)), text);
  EXPECT_TRUE(text.starts_with("{\n  \"format\": 1,\n  \"tool\": \"lifeboat 0.1.0\",\n"));
  EXPECT_TRUE(sample().is_partial());
  EXPECT_FALSE(manifest_to_json(sample()).contains("sha256"));
}

TEST(Manifest, HashIsThatOfTheLinesBeforeIt) {
  TempFolder folder;
  const std::string text = print_manifest(sample());
  write_file(folder / "manifest.json", text);
  const std::string hash =
      shell_ok(format("head -n -2 {} | sha256sum", (folder / "manifest.json").native()));
  EXPECT_TRUE(text.ends_with(format("  \"sha256\": \"{}\"\n}}\n", hash.substr(0, 64)))) << text;
}

TEST(Manifest, EveryPrefixIsRefused) {
  const std::string text = print_manifest(sample());
  for (size_t size = 0; size < text.size(); ++size) {
    ASSERT_EQ(kind_of(text.substr(0, size)), ErrorKind::verification) << size;
  }
}

TEST(Manifest, EveryFlippedBitIsRefused) {
  const std::string text = print_manifest(sample());
  for (size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string damaged = text;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_EQ(kind_of(damaged), ErrorKind::verification) << "bit " << bit;
  }
}

TEST(Manifest, OtherSpellingsOfTheSameAreRefused) {
  const std::string text = print_manifest(sample());
  for (const std::string& other :
       {text + "\n", " " + text, replaced(text, "17", "17.0"),
        replaced(text, "  \"job\"", "\"job\""), replaced(text, "\n}\n", "\n}"),
        replaced(text, "n8n", "\\u006e8n")}) {
    EXPECT_EQ(kind_of(rehashed(other)), ErrorKind::verification) << other;
  }
}

TEST(Manifest, NamesWhatIsWrong) {
  const std::string text = print_manifest(sample());
  const auto fault = [&](std::string_view from, std::string_view to) {
    const std::string edited = rehashed(replaced(text, from, to));
    return error_text([&] { parse_manifest(edited, key); });
  };
  EXPECT_THAT(fault("\"members\": 17", "\"members\": \"17\""),
              HasSubstr("'members' is not a whole"));
  EXPECT_THAT(fault("\"members\": 17", "\"members\": -17"), HasSubstr("'members' is not a whole"));
  EXPECT_THAT(fault("\"job\"", "\"jab\""), HasSubstr("'job' is missing"));
  EXPECT_THAT(fault("\"job\"", "\"extra\": 1,\n  \"job\""), HasSubstr("'extra' is unknown"));
  EXPECT_THAT(fault("\"count\": 12", "\"count\": 12,\n \"x\": 1"), HasSubstr("'x' is unknown"));
  EXPECT_THAT(fault("\"ok\": true", "\"ok\": 1"), HasSubstr("'ok' is not true or false"));
  EXPECT_THAT(fault("bbbb", "BBBB"), HasSubstr("'sha256' is not a SHA-256"));
  EXPECT_THAT(fault("02:03:20Z", "02:03:60Z"), HasSubstr("'finished' is not a UTC time"));
  EXPECT_THAT(fault("\"host\": \"vps-h1\"", "\"host\": \"vps-h2\""), HasSubstr("belong together"));
  EXPECT_THAT(fault("backup.index.age", "backup-010203.index.age"), HasSubstr("belong together"));
  EXPECT_THAT(fault("backup.tar.zst.age", "../x"), HasSubstr("belong together"));
  EXPECT_THAT(fault("\"job\"", "\"host\": \"x\", \"job\""), HasSubstr("appears twice"));
}

TEST(Manifest, NewerFormatAsksForAnUpdate) {
  const std::string text =
      rehashed(replaced(print_manifest(sample()), "\"format\": 1", "\"format\": 2"));
  const std::string error = error_text([&] { parse_manifest(text, key); });
  EXPECT_THAT(error, HasSubstr("format 2"));
  EXPECT_THAT(error, HasSubstr("update this one"));
}

TEST(Manifest, TextsBecomePrintableAndBounded) {
  Manifest manifest = sample();
  manifest.services[1].error = "bad \x1b[31m byte \xff" + std::string(1000, 'x');
  manifest.services[1].hints = {std::string(496, 'y') + "\xc3\xa9\xc3\xa9\xc3\xa9"};
  manifest.services[0].warnings.assign(5000, "file vanished");
  const std::string text = print_manifest(manifest);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  const Manifest read = parse_manifest(text, key);
  EXPECT_THAT(read.services[1].error, HasSubstr("\\x1b[31m byte \\xff"));
  EXPECT_EQ(read.services[1].error.size(), 500u);
  EXPECT_EQ(read.services[1].hints[0], std::string(496, 'y') + "...");
  ASSERT_EQ(read.services[0].warnings.size(), 20u);
  EXPECT_EQ(read.services[0].warnings.back(), "and 4981 more");
}

TEST(Manifest, SizeIsBounded) {
  EXPECT_EQ(kind_of(std::string(manifest_bytes_max + 1, ' ')), ErrorKind::verification);
  Manifest manifest = sample();
  manifest.services.assign(40000, manifest.services[0]);
  EXPECT_THAT(error_text([&] { print_manifest(manifest); }), HasSubstr("larger than 4.0 MiB"));
}

}  // namespace
}  // namespace lifeboat::test
