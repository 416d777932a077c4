// The same damaged files to ours and to the reference: what both take must be the same, and where
// only one takes a file, the reason must be one that is named here.
//
// The references are programs, so a batch of mutants is made and one shell runs through it: a
// process a mutant would be too slow for libFuzzer, whose targets are in tests/fuzz.
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "codec/age/age.h"
#include "codec/tar/tar.h"
#include "codec/zstd/zstd.h"
#include "recipe/sqlite/wal_reader.h"
#include "reliability/counts.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat::test {
namespace {

// Why one of both refuses what the other takes: words of its message, and the reason.
struct Known {
  const char* words;
  const char* reason;
};

struct Answer {
  bool is_taken = false;
  std::string text;  // what is in it, or the message
};

class Differential : public testing::Test {
 protected:
  // A few changes of the kinds that damage and hostility make.
  std::string mutant(std::string text) {
    for (uint64_t left = 1 + random_.below(3); left > 0 && !text.empty(); --left) {
      const size_t at = random_.below(text.size());
      switch (random_.below(6)) {
        case 0:
          text[at] = static_cast<char>(random_.below(256));
          break;
        case 1:
          text.insert(at, 1, static_cast<char>(random_.below(256)));
          break;
        case 2:
          text.erase(at, 1 + random_.below(16));
          break;
        case 3:
          text.insert(at, text.substr(random_.below(text.size()), random_.below(80)));
          break;
        case 4:
          text.resize(at);
          break;
        default:
          text[at] = static_cast<char>(text[at] ^ (1 << random_.below(8)));
          break;
      }
    }
    return text;
  }

  // Runs `command` ("$1" is the mutant's name) for each of `mutants`, in files by number.
  std::vector<Answer> ask(const std::vector<std::string>& mutants, const std::string& command) {
    for (size_t i = 0; i < mutants.size(); ++i) {
      write_file(folder_ / std::to_string(i), mutants[i]);
    }
    shell_ok(
        format("cd {} && ask() {{ {}; }} && for ((i = 0; i < {}; ++i)); do"
               " LC_ALL=C ask $i > $i.out 2> $i.err < /dev/null; echo $? > $i.status; done",
               folder_.path().native(), command, mutants.size()));
    std::vector<Answer> answers;
    for (size_t i = 0; i < mutants.size(); ++i) {
      const std::string name = std::to_string(i);
      const bool is_taken = slurp(folder_ / (name + ".status")) == "0\n";
      answers.push_back({is_taken, slurp(folder_ / (name + (is_taken ? ".out" : ".err")))});
    }
    return answers;
  }

  static Answer ours(const std::function<std::string()>& read) {
    try {
      return {true, read()};
    } catch (const Error& error) {
      return {false, error.what()};
    }
  }

  void compare(size_t number, const Answer& own, const Answer& reference) {
    if (own.is_taken == reference.is_taken) {
      EXPECT_TRUE(!own.is_taken || own.text == reference.text)
          << keep(number) << "\nours: " << printable(own.text.substr(0, 1000))
          << "\nreference: " << printable(reference.text.substr(0, 1000));
      ++(own.is_taken ? both_take_ : both_refuse_);
      return;
    }
    const std::string refusal = (own.is_taken ? reference.text : own.text) + "\n";
    for (const Known& known : own.is_taken ? only_ours_take_ : only_theirs_take_) {
      if (refusal.find(known.words) == refusal.npos) continue;
      ++differences_[known.reason];
      return;
    }
    ADD_FAILURE() << keep(number)
                  << (own.is_taken ? "\nonly ours takes it: " : "\nonly ours refuses: ")
                  << printable(refusal.substr(0, 500));
  }

  // Where the mutant can be looked at.
  std::string keep(size_t number) {
    const std::string path =
        format("/tmp/lifeboat-{}-{}", testing::UnitTest::GetInstance()->current_test_info()->name(),
               number);
    if (failures_++ < 5) write_file(path, slurp(folder_ / std::to_string(number)));
    return path;
  }

  void tell(const char* reference) {
    uint64_t differences = 0;
    for (const auto& [reason, count] : differences_) {
      std::printf("%6lu differ: %s\n", static_cast<unsigned long>(count), reason.c_str());
      differences += count;
    }
    std::printf("%6lu both take, %lu both refuse\n", static_cast<unsigned long>(both_take_),
                static_cast<unsigned long>(both_refuse_));
    EXPECT_GT(both_take_, 0u);
    counted("fuzz", format("files for {} too: same, differ for a named reason", reference),
            format("{}, {}", both_take_ + both_refuse_, differences));
  }

  static size_t count(size_t short_form) { return long_form() ? 20 * short_form : short_form; }

  TempFolder folder_;
  SeededRandom random_{20260507};
  std::vector<Known> only_ours_take_;
  std::vector<Known> only_theirs_take_;

 private:
  uint64_t both_take_ = 0;
  uint64_t both_refuse_ = 0;
  uint64_t failures_ = 0;
  std::map<std::string, uint64_t> differences_;
};

TEST_F(Differential, Age) {
  if (shell("command -v age").status != 0) GTEST_SKIP() << "age is not installed";
  const age::Identity identity = age::Identity::generate(random_);
  write_file(folder_ / "key", format("{}\n", identity.text().reveal()));
  std::vector<std::string> seeds;
  for (const bool armor : {false, true}) {
    for (const size_t size : {size_t{0}, size_t{40}, age::chunk_bytes, age::chunk_bytes + 1}) {
      const age::Recipient recipients[] = {age::Identity::generate(random_).recipient(),
                                           identity.recipient()};
      MemorySink memory;
      age::ArmorSink armored(memory);
      age::EncryptSink sink(armor ? static_cast<Sink&>(armored) : memory,
                            std::span(recipients).subspan(seeds.size() % 2), random_);
      sink.write(random_.bytes(size));
      sink.finish();
      if (armor) armored.finish();
      seeds.emplace_back(memory.text());
    }
  }
  std::vector<std::string> mutants;
  for (size_t i = 0; i < count(300); ++i) {
    std::string seed = seeds[random_.below(seeds.size())];
    // Most changes into the first lines, where there is grammar.
    const size_t head = random_.below(4) == 0 ? seed.size() : std::min<size_t>(seed.size(), 420);
    mutants.push_back(mutant(seed.substr(0, head)) + seed.substr(head));
  }
  mutants.insert(mutants.end(), seeds.begin(), seeds.end());
  const auto theirs = ask(mutants, "age -d -i key $1");
  for (size_t i = 0; i < mutants.size(); ++i) {
    compare(i, ours([&] {
              MemorySource stored(mutants[i]);
              age::DearmorSource binary(stored);
              age::DecryptSource plain(binary, std::span(&identity, 1));
              return std::string(as_text(drain(plain)));
            }),
            theirs[i]);
  }
  tell("age");
}

TEST_F(Differential, Zstd) {
  // Ours refuses what is not to be found at the end of an archive.
  std::vector<std::string> seeds;
  MemorySink memory;
  zstd::FrameSink sink(memory, {.level = 3, .frame_bytes = 300, .workers = 1});
  sink.write(random_.text_bytes(1000));
  sink.finish();
  seeds.emplace_back(memory.text());
  write_file(folder_ / "plain", random_.text_bytes(3000));
  for (const char* flags : {"-1", "-19", "--no-check", "--content-size"}) {
    seeds.push_back(
        shell_ok(format("cd {} && zstd -q {} < plain", folder_.path().native(), flags)));
  }
  std::vector<std::string> mutants = seeds;
  for (size_t i = 0; i < count(300); ++i) {
    mutants.push_back(mutant(seeds[random_.below(seeds.size())]));
  }
  only_theirs_take_ = {{"the zstd stream is empty", "an empty file is no archive to us"}};
  const auto theirs = ask(mutants, "zstd -dcq < $1");
  for (size_t i = 0; i < mutants.size(); ++i) {
    compare(i, ours([&] {
              MemorySource stored(mutants[i]);
              zstd::DecompressSource plain(stored);
              return std::string(as_text(drain(plain)));
            }),
            theirs[i]);
  }
  tell("zstd");
}

// Names a line and then the content of all files, as `tar` prints them.
std::string listing(const std::string& archive) {
  MemorySource stored(archive);
  tar::Reader reader(stored);
  std::string names;
  std::string content;
  while (const auto entry = reader.next()) {
    names += entry->meta.path + "\n";
    tar::EntrySource source(reader);
    if (entry->meta.is_sparse) {
      tar::SparseSource whole(source, entry->meta, entry->size);
      if (entry->size > (1 << 24)) throw Error(ErrorKind::limit, "too large for this test");
      content += as_text(drain(whole));
    } else {
      content += as_text(drain(source));
    }
  }
  return names + "--\n" + content;
}

void put_checksums(std::string& archive) {
  for (size_t at = 0; at + 512 <= archive.size(); at += 512) {
    if (archive.compare(at + 257, 5, "ustar") != 0) continue;
    archive.replace(at + 148, 8, 8, ' ');
    unsigned sum = 0;
    for (size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(archive[at + i]);
    archive.replace(at + 148, 7, format("{:06o}", sum) + '\0');
  }
}

TEST_F(Differential, Tar) {
  const std::string in = format("cd {} && ", folder_.path().native());
  shell_ok(in +
           "mkdir t && cd t && echo one > one && mkdir d && seq 200 > d/two && ln -s one link &&"
           " ln one hard && touch $(printf 'n%0120d' 7) && truncate -s 90000 sparse &&"
           " printf x | dd of=sparse bs=1 seek=50000 conv=notrunc 2> /dev/null");
  std::vector<std::string> seeds;
  for (const char* flags : {"--format=pax -S", "--format=gnu", "--format=ustar --exclude=n*"}) {
    seeds.push_back(shell_ok(in + "cd t && tar -b1 --sort=name " + flags + " -cf - *"));
  }
  std::vector<std::string> mutants = seeds;
  for (size_t i = 0; i < count(400); ++i) {
    std::string changed = mutant(seeds[random_.below(seeds.size())]);
    if (i % 4 != 0) put_checksums(changed);
    mutants.push_back(std::move(changed));
  }
  only_theirs_take_ = {
      {"the archive is cut off\n", "tar does not miss the last blocks of an archive"},
      {"it has no end marker\n", "tar does not miss the end marker"},
      {"something follows the end marker", "tar does not look behind the end marker"},
      {"is no octal number", "a number ends for tar where its digits end"},
      {"an extended header's record has", "tar reads of an extended header what it can"},
      {"the record length", "tar reads of an extended header what it can"},
      {"mtime", "tar reads of an extended header what it can"},
      {"the sparse map", "tar reads of a sparse map what it can"},
      {"a sparse map does not account", "tar reads of a sparse map what it can"},
      {"is impossible", "tar takes no notice of a folder's or a link's size"},
  };
  only_ours_take_ = {{"Ignoring unknown extended header keyword", "tar warns of what both ignore"}};
  // Through a pipe, since tar seeks in a file that it was given to write to. A warning of tar is a
  // difference, too: what it passes over may be a member.
  const auto theirs = ask(
      mutants,
      "local names; set -o pipefail; names=$(tar --list --quoting-style=literal "
      "--show-stored-names -P -f $1)"
      " && printf '%s\\n' \"$names\" | sed -E 's,^(\\./+)+(.),\\2,; s,(.)/+$,\\1,' && echo -- &&"
      " tar -xOPf $1 | cat && [[ ! -s $1.err ]]");
  for (size_t i = 0; i < mutants.size(); ++i) {
    compare(i, ours([&] { return listing(mutants[i]); }), theirs[i]);
  }
  tell("tar");
}

// The database that `main` and `wal` make together, as our reader puts it together; in rollback
// mode, so that sqlite3 takes it as it is.
std::string image(const std::string& main, const std::string& wal) {
  MemoryAccess access(to_bytes(wal));
  const WalIndex index = read_wal(access);
  std::string whole = main;
  if (index.frame_count > 0) whole.resize(uint64_t{index.database_pages} * index.page_size);
  for (const WalPage& page : index.pages) {
    if (page.page > index.database_pages) continue;
    whole.replace((page.page - uint64_t{1}) * index.page_size, index.page_size, wal,
                  index.frame_offset(page.frame) + wal_frame_header_bytes, index.page_size);
  }
  whole[18] = whole[19] = '\1';
  return whole;
}

TEST_F(Differential, Sqlite) {
  if (shell("command -v sqlite3").status != 0) GTEST_SKIP() << "sqlite3 is not installed";
  shell_ok(
      format("cd {} && sqlite3 db 'pragma page_size=512; pragma journal_mode=wal;"
             " create table t(a, b); insert into t values(0, 0); pragma wal_checkpoint;"
             " pragma wal_autocheckpoint=0; insert into t values(1, zeroblob(700));"
             " update t set a = a + 1; delete from t where a = 1; insert into t values(9, 9);'"
             " '.shell cp db main; cp db-wal wal'",
             folder_.path().native()));
  const std::string main = slurp(folder_ / "main");
  const std::string wal = slurp(folder_ / "wal");
  std::vector<std::string> mutants{wal};
  while (mutants.size() < count(100)) mutants.push_back(mutant(wal));
  only_theirs_take_ = {{"its header is damaged",
                        "a log whose header is damaged is an error to us and nothing to SQLite"}};
  const auto theirs = ask(mutants,
                          "cp main copy && cp $1 copy-wal && rm -f copy-shm &&"
                          " sqlite3 copy 'pragma synchronous = off' .dump");
  std::vector<std::string> images;
  std::vector<Answer> own(mutants.size());
  for (size_t i = 0; i < mutants.size(); ++i) {
    own[i] = ours([&] { return image(main, mutants[i]); });
    images.push_back(own[i].text);
  }
  const auto dumps = ask(images, "sqlite3 $1 .dump");
  for (size_t i = 0; i < mutants.size(); ++i) {
    if (own[i].is_taken) own[i] = dumps[i];
    compare(i, own[i], theirs[i]);
  }
  tell("sqlite3");
}

}  // namespace
}  // namespace lifeboat::test
