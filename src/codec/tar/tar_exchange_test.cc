// Archives exchanged with the real GNU tar, both ways, compared in all that a tree has.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fcntl.h>

#include "base/error.h"
#include "base/text.h"
#include "codec/tar/tar.h"
#include "codec/tar/tar_support.h"
#include "io/fd.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat::tar {
namespace {

namespace fs = std::filesystem;
using test::shell_ok;

// A tree with everything that a backup meets.
void make_tree(const fs::path& tree) {
  fs::create_directories(tree);
  const std::string long_folder = (std::string(249, 'l') + "/");
  const std::string long_path = long_folder + long_folder + long_folder + long_folder;
  test::write_file(tree / "plain/empty", "");
  test::write_file(tree / "plain/one", "1");
  test::write_file(tree / "plain/big", test::SeededRandom(1).bytes(1 << 20));
  test::write_file(tree / "żółw/日本", "utf-8");
  test::write_file(tree / "raw-\xff\xfe/\x80name", "not utf-8");
  test::write_file(tree / "new\nline = 1", "newline");
  test::write_file(tree / (long_path + "f"), "a path of 1,001 bytes");
  test::write_file(tree / "modes/suid", "x");
  test::write_file(tree / "times/old", "x");
  shell_ok("cd " + tree.native() + R"( &&
    chmod 6755 modes/suid && chmod 1777 modes && chmod 0400 plain/one && chmod 0555 plain &&
    ln plain/big hard && ln plain/big $'raw-\xff\xfe/hard2' &&
    ln -s plain/big soft && ln -s /nowhere/$'\xff' dangling && ln -s ")" +
           std::string(300, 't') +
           R"(" longlink &&
    truncate -s 9G sparse9g && printf data | dd of=sparse9g bs=1 seek=5000000000 conv=notrunc &&
    truncate -s 1M sparse && printf data | dd of=sparse bs=1 seek=4096 conv=notrunc &&
    printf tail | dd of=sparse bs=1 seek=1048576 conv=notrunc && truncate -s 100K hole)");
  shell_ok("cd " + tree.native() + R"( &&
    setfattr -n user.text -v value plain/big && setfattr -n user.binary -v 0x00ff0a3d plain/empty &&
    setfattr -n user.folder -v f times && setfattr -n 'user.a=b%' -v v times/old &&
    touch -h -d '2020-02-03 04:05:06.123456789' soft plain/one plain times &&
    touch -d '1960-01-01 00:00:00.25' times/old && touch -d '@0' plain/empty)");
  if (::geteuid() == 0) {
    shell_ok("cd " + tree.native() +
             " && chown 1000:1001 plain/one times && chown -h 4000000:7 soft &&"
             " chown 3000000000:3000000000 plain/empty && chmod 6755 modes/suid");
  }
}

class TarExchange : public testing::Test {
 protected:
  TarExchange() {
    make_tree(tree);
    fs::create_directory(target);
  }
  void extract_file(const fs::path& path) {
    FdSource input(open_file(path, O_RDONLY), path);
    extract_all(input, target);
  }

  test::TempFolder folder;
  fs::path tree = folder / "tree";
  fs::path target = folder / "target";
};

TEST_F(TarExchange, ours_is_restored_bit_for_bit_by_gnu_tar) {
  MemorySink archive;
  archive_folder(tree, archive);
  test::write_file(folder / "a.tar", archive.bytes());
  for (const char* locale : {"C", "C.UTF-8"}) {
    const fs::path into = folder / (std::string("into-") + locale);
    fs::create_directory(into);
    const std::string told = shell_ok(
        "LC_ALL=" + std::string(locale) + " tar xpf " + (folder / "a.tar").native() + " -C " +
        into.native() + " --numeric-owner --xattrs --xattrs-include='*' --warning=no-timestamp");
    // Raw names are the only thing to be told of, and are restored nonetheless.
    for (const std::string& line : split(std::string(trim(told)), '\n')) {
      EXPECT_NE(line.find("unknown extended header keyword 'hdrcharset'"), line.npos) << line;
    }
    EXPECT_EQ(describe_tree(into), describe_tree(tree)) << locale;
  }
}

TEST_F(TarExchange, ours_is_restored_bit_for_bit_by_ourselves) {
  MemorySink archive;
  archive_folder(tree, archive);
  for (const size_t step : {size_t{0}, size_t{511}}) {
    const fs::path into = folder / ("into-" + std::to_string(step));
    fs::create_directory(into);
    test::SteppedSource input(archive.bytes(), step);
    extract_all(input, into);
    EXPECT_EQ(describe_tree(into), describe_tree(tree));
  }
}

TEST_F(TarExchange, pax_archives_of_gnu_tar_are_restored_bit_for_bit) {
  shell_ok("cd " + tree.native() +
           " && tar --format=pax --sparse --xattrs --xattrs-include='*' -cf ../a.tar *");
  extract_file(folder / "a.tar");
  EXPECT_EQ(describe_tree(target), describe_tree(tree));
}

TEST_F(TarExchange, gnu_archives_are_restored_but_for_what_they_cannot_say) {
  // GNU's own format has whole seconds and no attributes.
  shell_ok("cd " + tree.native() +
           " && rm sparse9g && find . -exec touch -h -d '2020-02-03 04:05:06' {} + &&"
           " touch -d '1960-01-01' times/old &&"
           " find . -type f -exec setfattr -h -x user.text {} \\; 2>/dev/null;"
           " cd " +
           tree.native() +
           " && setfattr -x user.binary plain/empty && setfattr -x user.folder times &&"
           " setfattr -x 'user.a=b%' times/old && rm sparse hole &&"
           " touch -h -d '2020-02-03 04:05:06' . && tar --format=gnu -cf ../a.tar .");
  extract_file(folder / "a.tar");
  EXPECT_EQ(describe_tree(target), describe_tree(tree));
}

TEST_F(TarExchange, ustar_and_v7_archives_are_read) {
  for (const char* format : {"ustar", "v7"}) {
    const fs::path into = folder / format;
    fs::create_directory(into);
    shell_ok("cd " + tree.native() + " && tar --format=" + format +
             " -cf ../a.tar plain/big modes soft hard --mtime=@1000000000 --owner=0 --group=0");
    FdSource input(open_file(folder / "a.tar", O_RDONLY), "a.tar");
    extract_all(input, into);
    EXPECT_EQ(test::slurp(into / "hard"), test::slurp(tree / "plain/big"));
    EXPECT_EQ(shell_ok("stat -c '%a %F %Y' " + (into / "modes").native()),
              "1777 directory 1000000000\n");
  }
}

TEST_F(TarExchange, what_is_not_supported_is_named) {
  shell_ok("cd " + tree.native() +
           " && mkfifo pipe && tar -cf ../fifo.tar pipe && "
           "tar --format=gnu --sparse -cf ../s.tar sparse && tar --format=pax --sparse "
           "--sparse-version=0.1 -cf ../01.tar sparse && tar --format=pax --sparse "
           "--sparse-version=0.0 -cf ../00.tar sparse");
  const auto refusal = [&](const char* name) {
    return test::error_text([&] { extract_file(folder / name); });
  };
  EXPECT_NE(refusal("fifo.tar").find("'pipe' is a FIFO"), std::string::npos);
  EXPECT_NE(refusal("s.tar").find("GNU's old format"), std::string::npos);
  EXPECT_NE(refusal("01.tar").find("not in format 1.0"), std::string::npos);
  EXPECT_NE(refusal("00.tar").find("not in format 1.0"), std::string::npos);
  EXPECT_TRUE(fs::is_empty(target));
}

}  // namespace
}  // namespace lifeboat::tar
