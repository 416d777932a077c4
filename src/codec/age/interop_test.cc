// Files exchanged both ways with the real `age` and `age-keygen`.

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/format.h"
#include "codec/age/age.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat::age {
namespace {

using lifeboat::test::drain;
using lifeboat::test::SeededRandom;
using lifeboat::test::shell_ok;
using lifeboat::test::slurp;
using lifeboat::test::TempFolder;
using lifeboat::test::write_file;

class AgeInterop : public testing::Test {
 protected:
  void SetUp() override {
    if (lifeboat::test::shell("command -v age age-keygen").status != 0) {
      GTEST_SKIP() << "age is not installed";
    }
    for (const char* name : {"key1", "key2"}) {
      run(format("age-keygen -o {} 2>/dev/null && chmod 600 {}", name, name));
      const auto identities = parse_identities(read(name), name);
      identities_.push_back(identities.front());
      recipients_.push_back(identities.front().recipient());
    }
  }

  std::string run(const std::string& command) {
    return shell_ok(format("cd {} && {}", folder_.path().string(), command));
  }
  std::string read(std::string_view name) { return slurp(folder_ / name); }
  void write(std::string_view name, ByteView data) { write_file(folder_ / name, data); }

  // Types a passphrase as often as `age` asks for it.
  void run_with_passphrase(std::string_view command, std::string_view passphrase, int times) {
    std::string script = format("log_user 0; set timeout 60; spawn {};", command);
    for (int i = 0; i < times; ++i)
      script += format(" expect \"assphrase\"; send \"{}\\r\";", passphrase);
    run(format("expect -c '{} expect eof; exit [lindex [wait] 3]' </dev/null", script));
  }

  Bytes encrypt(ByteView data, std::span<const Recipient> recipients, bool armor) {
    SeededRandom random;
    MemorySink memory;
    ArmorSink armored(memory);
    EncryptSink sink(armor ? static_cast<Sink&>(armored) : memory, recipients, random);
    sink.write(data);
    sink.finish();
    if (armor) armored.finish();
    return memory.take();
  }

  Bytes decrypt(std::string_view file, std::span<const Identity> identities) {
    MemorySource source(file);
    DearmorSource binary(source);
    DecryptSource plain(binary, identities);
    return drain(plain);
  }

  TempFolder folder_;
  std::vector<Identity> identities_;
  std::vector<Recipient> recipients_;
};

constexpr size_t sizes[] = {0, 1, 65535, 65536, 65537, 5 * 1024 * 1024};

TEST_F(AgeInterop, AgeReadsWhatWeWrite) {
  for (const size_t size : sizes) {
    const Bytes data = SeededRandom(size).bytes(size);
    write("plain", data);
    for (const bool armor : {false, true}) {
      write("file.age", encrypt(data, recipients_, armor));
      for (const char* key : {"key1", "key2"})
        run(format("age -d -i {} file.age | cmp - plain", key));
    }
  }
}

TEST_F(AgeInterop, WeReadWhatAgeWrites) {
  for (const size_t size : sizes) {
    const Bytes data = SeededRandom(size).bytes(size);
    write("plain", data);
    for (const char* armor : {"", "-a"}) {
      run(format("age {} -r {} -r {} -o file.age plain && chmod 600 file.age", armor,
                 recipients_[0].text(), recipients_[1].text()));
      for (const Identity& identity : identities_) {
        EXPECT_EQ(decrypt(read("file.age"), {&identity, 1}), data) << size << armor;
      }
      run("rm file.age");
    }
  }
}

TEST_F(AgeInterop, AgeKeygenReadsOurKeysAndPrintsTheSamePublicKey) {
  SeededRandom random;
  for (int i = 0; i < 5; ++i) {
    const Identity identity = Identity::generate(random);
    write("mine", print_identity_file(identity, "2026-05-07T02:00:00Z").view());
    EXPECT_EQ(run("age-keygen -y mine"), identity.recipient().text() + "\n");
  }
  EXPECT_EQ(run("age-keygen -y key1"), recipients_[0].text() + "\n");
  EXPECT_EQ(print_identity_file(identities_[0], read("key1").substr(11, 20)).reveal(), read("key1"))
      << "the same text form, to the byte";
}

TEST_F(AgeInterop, AgeReadsOurIdentityAndRecipientFiles) {
  SeededRandom random;
  const Identity identity = Identity::generate(random);
  write("mine", print_identity_file(identity, "2026-05-07T02:00:00Z").view());
  write("list",
        as_bytes(format("# mine\n{}\n\n{}\n", identity.recipient().text(), recipients_[0].text())));
  write("plain", as_bytes("hello"));
  run("age -R list -o file.age plain && age -d -i mine file.age | cmp - plain");
  EXPECT_EQ(parse_recipients(read("list"), "list").size(), 2u);
  EXPECT_EQ(decrypt(read("file.age"), {&identity, 1}), to_bytes("hello"));
}

TEST_F(AgeInterop, BothWaysWithAPassphrase) {
  if (lifeboat::test::shell("command -v expect").status != 0) GTEST_SKIP() << "no expect";
  const Bytes data = SeededRandom().bytes(1000);
  write("plain", data);
  run_with_passphrase("age -p -o theirs.age plain", "pass word", 2);
  const std::vector<Identity> identities = {Identity::scrypt(Secret("pass word"))};
  EXPECT_EQ(decrypt(read("theirs.age"), identities), data);

  const std::vector<Recipient> recipients = {Recipient::scrypt(Secret("pass word"), 12)};
  write("ours.age", encrypt(data, recipients, true));
  run_with_passphrase("age -d -o ours ours.age", "pass word", 1);
  EXPECT_EQ(read("ours"), as_text(data));
}

// What age gives out of a damaged file before it stops, we give out: no more and no less.
TEST_F(AgeInterop, ReleasesWhatAgeReleasesOfADamagedFile) {
  const Bytes good = encrypt(SeededRandom().bytes(3 * chunk_bytes), recipients_, false);
  const size_t payload = good.size() - 3 * (chunk_bytes + tag_bytes);
  const size_t chunk = chunk_bytes + tag_bytes;
  std::vector<Bytes> damaged;
  for (const size_t keep : {payload, payload + 1, payload + chunk, payload + chunk + 15,
                            payload + chunk + 16, payload + 2 * chunk, good.size() - 1}) {
    damaged.emplace_back(good.begin(), good.begin() + static_cast<ptrdiff_t>(keep));
  }
  for (const size_t flip : {payload, payload + chunk, payload + 2 * chunk, good.size() - 1}) {
    damaged.push_back(good);
    damaged.back()[flip] ^= std::byte{1};
  }
  for (const size_t more : {size_t{1}, tag_bytes, size_t{100}, chunk}) {
    damaged.push_back(good);
    damaged.back().resize(good.size() + more);
  }
  for (const Bytes& file : damaged) {
    write("file.age", file);
    EXPECT_NE(run("age -d -i key1 file.age >theirs 2>/dev/null; echo $?"), "0\n");
    Bytes ours;
    MemorySource source(file);
    DecryptSource plain(source, identities_);
    try {
      Bytes block(5000);
      while (const size_t count = plain.read(block)) {
        ours.insert(ours.end(), block.begin(), block.begin() + static_cast<ptrdiff_t>(count));
      }
      ADD_FAILURE() << "a damaged file was taken for a good one";
    } catch (const Error&) {
    }
    EXPECT_EQ(as_text(ours), read("theirs")) << "of " << file.size() << " bytes";
  }
}

}  // namespace
}  // namespace lifeboat::age
