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

Ed25519PrivateKey signing_key(uint64_t seed = 1) {
  SeededRandom random(seed);
  return Ed25519PrivateKey::generate(random);
}

Manifest signed_sample() {
  Manifest manifest = sample();
  sign_manifest(manifest, signing_key());
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
  for (const Manifest& manifest : {sample(), signed_sample()}) {
    const std::string text = print_manifest(manifest);
    for (size_t size = 0; size < text.size(); ++size) {
      ASSERT_EQ(kind_of(text.substr(0, size)), ErrorKind::verification) << size;
    }
  }
}

std::string with_flipped_bit(std::string text, size_t bit) {
  text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << (bit % 8)));
  return text;
}

TEST(Manifest, EveryFlippedBitIsRefused) {
  for (const Manifest& manifest : {sample(), signed_sample()}) {
    const std::string text = print_manifest(manifest);
    for (size_t bit = 0; bit < text.size() * 8; ++bit) {
      ASSERT_EQ(kind_of(with_flipped_bit(text, bit)), ErrorKind::verification) << "bit " << bit;
    }
  }
}

TEST(Manifest, ASignatureIsTwoLinesMoreAndTheRestIsTheSame) {
  const std::string text = print_manifest(signed_sample());
  const std::string plain = print_manifest(sample());
  const size_t common = plain.find("  \"sha256\": \"" + plain.substr(plain.size() - 68, 64));
  ASSERT_NE(common, std::string::npos);
  EXPECT_EQ(text.substr(0, common), plain.substr(0, common));
  EXPECT_TRUE(text.substr(common).starts_with(
      format("  \"signed_by\": \"{}\",\n  \"signature\": \"", signing_key().public_key().text())));
  EXPECT_EQ(parse_manifest(text, key), signed_sample());
  EXPECT_EQ(print_manifest(parse_manifest(text, key)), text);
  EXPECT_EQ(plain.find("sign"), std::string::npos);
  EXPECT_EQ(manifest_to_json(signed_sample())["signed_by"], signing_key().public_key().text());
  EXPECT_FALSE(manifest_to_json(signed_sample()).contains("signature"));
}

// A thief can hash too: what is refused here is refused by the signature.
TEST(Manifest, NoSignedBitCanChangeUnderANewHash) {
  const std::string text = print_manifest(signed_sample());
  const size_t end = text.rfind("  \"sha256\": \"");
  for (size_t bit = 0; bit < end * 8; ++bit) {
    ASSERT_EQ(kind_of(rehashed(with_flipped_bit(text, bit))), ErrorKind::verification) << bit;
  }
  const std::string edited = rehashed(replaced(text, "\"members\": 17", "\"members\": 18"));
  EXPECT_THAT(error_text([&] { parse_manifest(edited, key); }),
              HasSubstr("it is not what ed25519:"));
  Manifest changed = signed_sample();
  changed.archive.sha256 = std::string(64, 'd');
  EXPECT_EQ(kind_of(print_manifest(changed)), ErrorKind::verification);
  Manifest renamed = signed_sample();
  renamed.signature->key = signing_key(2).public_key();
  EXPECT_EQ(kind_of(print_manifest(renamed)), ErrorKind::verification);
}

TEST(Manifest, ASignatureHasOneForm) {
  const std::string text = print_manifest(signed_sample());
  const auto fault = [&](std::string_view from, std::string_view to) {
    const std::string edited = rehashed(replaced(text, from, to));
    return error_text([&] { parse_manifest(edited, key); });
  };
  const std::string key_line =
      format("  \"signed_by\": \"{}\",\n", signing_key().public_key().text());
  const size_t at = text.find("  \"signature\": ");
  const std::string signature_line = text.substr(at, text.find('\n', at) + 1 - at);
  EXPECT_THAT(fault(key_line, ""), HasSubstr("'signature' is unknown"));
  EXPECT_THAT(fault(signature_line, ""), HasSubstr("'signature' is missing"));
  EXPECT_THAT(fault("ed25519:", "rsa:"), HasSubstr("'signed_by' is not an Ed25519 public key"));
  // 64 bytes end with "==": four bits of the letter before are unused, and must be zero.
  const char last = signature_line[signature_line.size() - 6];
  const std::string ending = format("{}==\",\n", last);
  EXPECT_THAT(fault(ending, format("{}==\",\n", static_cast<char>(last + 1))),
              HasSubstr("'signature' is not an Ed25519 signature"));
  EXPECT_THAT(fault(ending, format("{}\",\n", last)), HasSubstr("'signature' is not an Ed25519"));
  EXPECT_THAT(fault(key_line + signature_line, signature_line + key_line), HasSubstr("was edited"));
}

TEST(Manifest, OpensslChecksASignatureOverTheLinesBeforeIt) {
  const TempFolder folder;
  const std::string at = "cd " + folder.path().native() + " && ";
  write_file(folder / "manifest.json", print_manifest(signed_sample()));
  write_file(folder / "key.pem", signing_key().public_key().pem());
  shell_ok(at +
           "head -n -3 manifest.json > signed && tail -n 3 manifest.json | head -n 1 | "
           "cut -d '\"' -f 4 | base64 -d > signature && openssl pkeyutl -verify -pubin "
           "-inkey key.pem -rawin -in signed -sigfile signature");
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

// They become paths below the folder that is restored to.
TEST(Manifest, NamesOfServicesAreNames) {
  for (const std::string name : {"../n8n", "/etc", "..", ".", "a/b"}) {
    Manifest manifest = sample();
    manifest.services.front().name = name;
    EXPECT_EQ(kind_of(print_manifest(manifest)), ErrorKind::verification) << name;
    EXPECT_THAT(error_text([&] { parse_manifest(print_manifest(manifest), key); }),
                testing::HasSubstr("is not a service's name"));
  }
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
