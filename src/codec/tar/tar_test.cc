// Writer and Reader against each other: what goes in comes out, in any step size, and what is
// damaged is refused. Exchange with the real tar: tar_exchange_test.cc.
#include "codec/tar/tar.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "codec/tar/header.h"
#include "codec/tar/pax.h"
#include "codec/tar/tar_support.h"
#include "support/doubles.h"

namespace lifeboat::tar {
namespace {

using test::drain;
using test::error_text;

struct Member {
  FileMeta meta;
  Bytes content;      // stored bytes
  uint64_t size = 0;  // apparent
  friend bool operator==(const Member&, const Member&) = default;
};

Member file(std::string path, size_t size) {
  return {meta_of(std::move(path)), test::SeededRandom(size).bytes(size), size};
}

// One of every kind, with every limit of ustar crossed once.
std::vector<Member> sample_members() {
  std::vector<Member> members;
  for (const size_t size : {0, 1, 511, 512, 513, 5000}) {
    members.push_back(file("plain/" + std::to_string(size), size));
  }
  members.push_back(file(std::string(100, 'n'), 3));
  members.push_back(file(std::string(155, 'p') + "/" + std::string(100, 'n'), 3));
  members.push_back(file(std::string(156, 'p') + "/" + std::string(100, 'n'), 3));
  members.push_back(file("two/" + std::string(101, 'n'), 3));
  members.push_back(file(std::string(999, 'l') + "/x", 3));
  members.push_back(file("utf8/żółw", 3));
  members.push_back(file("raw/\xff\xfe\x80", 3));
  members.push_back(file("line\nbreak=1 x", 3));
  Member owned = file("owned", 3);
  owned.meta.uid = 4'000'000'000;
  owned.meta.gid = 2'097'152;
  owned.meta.user = "żółw";
  owned.meta.group = std::string(40, 'g');
  owned.meta.mode = 07777;
  owned.meta.mtime = Timestamp(std::chrono::nanoseconds(-1'500'000'001));
  owned.meta.xattrs = {{"user.a=b%c", std::string("\0\n=1", 4)}, {"user.empty", ""}};
  members.push_back(owned);
  Member folder{meta_of("folder/with/" + std::string(95, 'd')), {}, 0};
  folder.meta.type = FileType::directory;
  members.push_back(folder);
  Member link{meta_of("link"), {}, 0};
  link.meta.type = FileType::symlink;
  link.meta.link_target = "../" + std::string(200, 't') + "/";
  members.push_back(link);
  link.meta.type = FileType::hardlink;
  link.meta.link_target = "raw/\xff\xfe\x80";
  members.push_back(link);
  Member sparse = file("sparse/" + std::string(100, 's'), 700);
  sparse.meta.is_sparse = true;
  sparse.meta.extents = {{4096, 600}, {9ull << 30, 100}};
  sparse.size = (9ull << 30) + 4096;
  members.push_back(sparse);
  sparse.meta.path = "sparse/full";
  sparse.size = (9ull << 30) + 100;
  members.push_back(sparse);
  Member hole{meta_of("sparse/hole"), {}, 1 << 20};
  hole.meta.is_sparse = true;
  members.push_back(hole);
  return members;
}

void write_member(Writer& writer, const Member& member) {
  writer.begin_member(member.meta, member.size);
  writer.write(member.content);
  writer.end_member();
}

Bytes write_all(const std::vector<Member>& members) {
  MemorySink target;
  Writer writer(target);
  for (const Member& member : members) write_member(writer, member);
  writer.finish();
  EXPECT_EQ(writer.position(), target.bytes().size());
  return target.bytes();
}

std::vector<Member> read_members(Reader& reader, size_t step = 65536) {
  std::vector<Member> members;
  while (auto entry = reader.next()) {
    EntrySource source(reader);
    members.push_back({entry->meta, drain(source, step), entry->size});
  }
  return members;
}

std::vector<Member> read_bytes(const Bytes& archive, size_t step = 65536) {
  test::SteppedSource input(archive, step);
  Reader reader(input);
  return read_members(reader, step);
}

// An archive of one member whose first header block was changed and summed up again.
Bytes with_block(const Member& member, const std::function<void(Block&)>& change) {
  Bytes archive = write_all({member});
  Block block;
  std::copy_n(archive.begin(), block.size(), block.begin());
  change(block);
  std::fill_n(block.begin() + 148, 8, std::byte{' '});
  unsigned sum = 0;
  for (const std::byte b : block) sum += std::to_integer<unsigned>(b);
  for (int i = 5; i >= 0; --i, sum /= 8) {
    block[148 + static_cast<size_t>(i)] = static_cast<std::byte>('0' + sum % 8);
  }
  std::copy(block.begin(), block.end(), archive.begin());
  return archive;
}

void put(Block& block, size_t offset, std::string_view text) {
  std::transform(text.begin(), text.end(), block.begin() + static_cast<std::ptrdiff_t>(offset),
                 [](char c) { return static_cast<std::byte>(c); });
}

std::string refusal(const Bytes& archive) {
  return error_text([&] { read_bytes(archive); });
}

TEST(Tar, goes_round_in_any_step_size) {
  const auto members = sample_members();
  const Bytes archive = write_all(members);
  for (const size_t step : {size_t{1}, size_t{511}, size_t{0}, size_t{1 << 20}}) {
    EXPECT_TRUE(read_bytes(archive, step) == members) << step;
  }
  EXPECT_TRUE(read_bytes(write_all({})).empty());
}

TEST(Tar, a_plain_member_costs_one_block_and_the_rest_a_pax_header) {
  MemorySink target;
  Writer writer(target);
  EXPECT_EQ(writer.begin_member(meta_of("a"), 0), 0u);
  writer.end_member();
  FileMeta fine = meta_of("b");
  fine.mtime += std::chrono::nanoseconds(1);
  EXPECT_EQ(writer.begin_member(fine, 513), 512u);
  EXPECT_EQ(writer.position(), 512u * 4);
  writer.write(Bytes(513));
  writer.end_member();
  EXPECT_EQ(writer.position(), 512u * 6);
}

TEST(Tar, each_member_can_be_read_alone) {
  MemorySink target;
  Writer writer(target);
  const auto members = sample_members();
  std::vector<uint64_t> offsets;
  for (const Member& member : members) {
    offsets.push_back(writer.position());
    write_member(writer, member);
  }
  offsets.push_back(writer.position());
  for (size_t i = 0; i < members.size(); ++i) {
    const auto at = [&](size_t k) {
      return target.bytes().begin() + static_cast<std::ptrdiff_t>(offsets[k]);
    };
    MemorySource part(Bytes(at(i), at(i + 1)));
    Reader reader = Reader::for_member(part);
    EXPECT_TRUE(read_members(reader) == std::vector<Member>{members[i]}) << i;
    for (const ptrdiff_t missing : {1, 512}) {
      MemorySource cut(Bytes(at(i), at(i + 1) - missing));
      Reader cut_reader = Reader::for_member(cut);
      EXPECT_THROW(read_members(cut_reader), Error) << i;
    }
  }
}

TEST(Tar, skips_what_was_not_read) {
  MemorySource input(write_all(sample_members()));
  Reader reader(input);
  size_t count = 0;
  uint64_t last_offset = 0;
  while (auto entry = reader.next()) {
    EXPECT_TRUE(count == 0 || entry->offset > last_offset);
    last_offset = entry->offset;
    std::byte some[100];
    if (count++ % 2 == 0) (void)reader.read(some);
  }
  EXPECT_EQ(count, sample_members().size());
  EXPECT_FALSE(reader.next());
}

TEST(Tar, sparse_members_give_their_apparent_bytes) {
  FileMeta meta = meta_of("s");
  meta.is_sparse = true;
  meta.extents = {{3, 2}, {7, 1}};
  for (const size_t step : {1, 2, 100}) {
    MemorySource stored("abc");
    SparseSource source(stored, meta, 10);
    EXPECT_EQ(as_text(drain(source, step)), std::string_view("\0\0\0ab\0\0c\0\0", 10));
  }
  MemorySource cut("ab");
  SparseSource source(cut, meta, 10);
  EXPECT_NE(error_text([&] { drain(source); }).find("cut off"), std::string::npos);
  MemorySource any("abc");
  EXPECT_THROW(SparseSource(any, meta, 7), Error);
}

TEST(Tar, carries_the_failure_of_each_write) {
  const auto members = sample_members();
  for (size_t fail_at = 1;; ++fail_at) {
    test::FailingSink target(fail_at);
    Writer writer(target);
    try {
      for (const Member& member : members) write_member(writer, member);
      writer.finish();
      EXPECT_GT(fail_at, members.size() * 2);
      break;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::store);
    }
  }
}

TEST(Tar, the_writer_keeps_its_word) {
  NullSink target;
  Writer writer(target);
  writer.begin_member(meta_of("a"), 2);
  writer.write(Bytes(1));
  EXPECT_THROW(writer.end_member(), Bug);
  EXPECT_THROW(writer.write(Bytes(2)), Bug);
  EXPECT_THROW(writer.begin_member(meta_of("b"), 0), Bug);
  EXPECT_THROW(writer.finish(), Bug);
  FileMeta huge = meta_of("c");
  huge.xattrs = {{"user.x", std::string(extended_header_bytes_max, 'x')}};
  Writer other(target);
  EXPECT_NE(error_text([&] { other.begin_member(huge, 0); }).find("larger than 1.0 MiB"),
            std::string::npos);
}

TEST(Tar, refuses_every_prefix) {
  const Bytes archive = write_all(sample_members());
  for (size_t size = 0; size < archive.size(); size += size % 512 == 1 ? 509 : 1) {
    const Bytes prefix(archive.begin(), archive.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_NE(refusal(prefix), "") << size;
  }
}

TEST(Tar, never_crashes_on_a_bit_flip_and_refuses_those_in_headers) {
  const Member member = file("name", 3);
  const Bytes archive = write_all({member});
  for (size_t bit = 0; bit < archive.size() * 8; ++bit) {
    Bytes damaged = archive;
    damaged[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
    const bool in_content = bit / 8 >= 512 && bit / 8 < 1024;  // the index's hashes tell there
    try {
      const auto members = read_bytes(damaged);
      // A digit's upper half may change into a space around the checksum; never the fields.
      EXPECT_TRUE(in_content || members == std::vector<Member>{member}) << bit;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::verification);
    }
  }
  const Bytes all = write_all(sample_members());
  test::SeededRandom random(5);
  for (int i = 0; i < 3000; ++i) {
    Bytes damaged = all;
    damaged[random.below(all.size())] ^= static_cast<std::byte>(1u << random.below(8));
    try {
      read_bytes(damaged);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::verification);
    }
  }
}

TEST(Tar, refuses_hostile_headers) {
  const Member plain = file("name", 3);
  const auto text = [&](size_t offset, std::string_view value) {
    return refusal(with_block(plain, [&](Block& block) { put(block, offset, value); }));
  };
  EXPECT_EQ(text(156, "3"),
            "read tar: the member 'name' is a character device\n"
            "hint: Leave it out of the archive, or write it with tar --format=pax.");
  EXPECT_NE(text(156, "6").find("a FIFO"), std::string::npos);
  EXPECT_NE(text(156, "S").find("GNU's old format"), std::string::npos);
  EXPECT_NE(text(156, "Q").find("unknown type 'Q'"), std::string::npos);
  EXPECT_NE(text(156, "1").find("impossible"), std::string::npos) << "a link with content";
  EXPECT_NE(text(156, "x").find("record"), std::string::npos);
  EXPECT_NE(text(124, "77777777777").find("cut off"), std::string::npos);
  EXPECT_NE(text(124, "\x80\x7f\xff\xff\xff\xff\xff\xff\xff").find("out of range"),
            std::string::npos);
  EXPECT_NE(text(124, "\xff\xff\xff\xff\xff\xff\xff\xff\xff").find("size is negative"),
            std::string::npos);
  EXPECT_NE(text(124, "9").find("no octal number"), std::string::npos);
  EXPECT_NE(text(0, std::string_view("\0\0\0\0", 4)).find("no name"), std::string::npos);
  Bytes summed = write_all({plain});
  summed[0] = std::byte{'N'};
  EXPECT_NE(refusal(summed).find("checksum is wrong"), std::string::npos);
  Bytes behind = write_all({plain});
  behind.resize(behind.size() + 10000);
  EXPECT_EQ(read_bytes(behind).size(), 1u) << "GNU tar pads its archives";
  behind.back() = std::byte{1};
  EXPECT_NE(refusal(behind).find("follows the end marker"), std::string::npos);
}

// Reads a file member behind an extended header of these records.
std::vector<Member> read_with_records(const std::string& records, char type = type_pax) {
  MemorySink target;
  Header extended;
  extended.path = "x";
  extended.type = type;
  extended.size = records.size();
  target.write(encode_header(extended));
  target.write(as_bytes(records));
  target.write(Bytes(padding(records.size())));
  Bytes archive = target.take();
  const Bytes rest = write_all({file("name", 512), file("other", 1)});
  archive.insert(archive.end(), rest.begin(), rest.end());
  return read_bytes(archive);
}

std::string record(std::string_view keyword, std::string_view value) {
  std::string records;
  append_record(records, keyword, value);
  return records;
}

TEST(Pax, records_count_their_own_length) {
  EXPECT_EQ(record("k", "v"), "6 k=v\n");
  EXPECT_EQ(record("k", "vvvv"), "9 k=vvvv\n");
  EXPECT_EQ(record("k", "vvvvv"), "11 k=vvvvv\n");
  EXPECT_EQ(record("path", std::string(90, 'v')).size(), 99u);
  EXPECT_EQ(record("path", std::string(91, 'v')).size(), 101u) << "100 would need a digit more";
}

TEST(Pax, reads_records_and_refuses_malformed_ones) {
  EXPECT_EQ(read_with_records(record("path", "p") + record("vendor.x", "y"))[0].meta.path, "p");
  EXPECT_EQ(read_with_records(record("path", "p") + record("path", ""))[0].meta.path, "name");
  const auto global = read_with_records(record("uname", "u") + record("comment", "c"), 'g');
  EXPECT_EQ(global[0].meta.user, "u");
  EXPECT_EQ(global[1].meta.user, "u");
  EXPECT_EQ(read_with_records(std::string("12345\0", 6), 'L')[0].meta.path, "12345");
  for (const std::string& bad : {std::string("x"),
                                 std::string("4 a=\n"),
                                 std::string("7 k=v\n"),
                                 std::string("6 k=v "),
                                 std::string("4 =\n"),
                                 std::string("99999999999999999999 k=v\n"),
                                 std::string("4 k\n"),
                                 std::string("-6 k=v\n"),
                                 record("size", "-1"),
                                 record("size", "9223372036854775808"),
                                 record("size", "513"),
                                 record("mtime", "1e5"),
                                 record("mtime", "99999999999"),
                                 record("mtime", "1.2.3"),
                                 record("path", std::string("a\0b", 3)),
                                 record("path", std::string(path_bytes_max + 1, 'p')),
                                 record("GNU.sparse.major", "2"),
                                 record("GNU.sparse.map", "0,1"),
                                 record("GNU.sparse.realsize", "1"),
                                 std::string(extended_header_bytes_max + 1, 'x')}) {
    EXPECT_THROW(read_with_records(bad), Error) << bad.substr(0, 100);
  }
}

TEST(Pax, times_keep_every_nanosecond) {
  for (const int64_t ns : {0l, 1l, -1l, 999'999'999l, 1'000'000'000l, -1'500'000'000l,
                           1'778'119'200'123'456'789l, -9'223'372'035'000'000'001l}) {
    const Timestamp time{std::chrono::nanoseconds(ns)};
    EXPECT_EQ(parse_seconds(print_seconds(time)), time) << ns;
  }
  EXPECT_EQ(print_seconds(Timestamp(std::chrono::nanoseconds(-1'500'000'000))), "-1.5");
  EXPECT_EQ(parse_seconds("1.1234567899"), Timestamp(std::chrono::nanoseconds(1'123'456'789)));
}

TEST(Pax, knows_utf8) {
  for (const char* good : {"", "a", "ż", "\u20ac", "\U0001F600", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const char* bad : {"\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
                          "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "a\xff"}) {
    EXPECT_FALSE(is_utf8(bad)) << bad;
  }
}

TEST(Tar, refuses_lying_sparse_maps) {
  const auto with_map = [](std::string map) {
    map.resize(512);
    const std::string records = record("GNU.sparse.major", "1") + record("GNU.sparse.minor", "0") +
                                record("GNU.sparse.name", "s") +
                                record("GNU.sparse.realsize", "1000");
    MemorySink target;
    Writer writer(target);
    writer.begin_member(meta_of("holder"), 1024);
    writer.write(as_bytes(map));
    writer.write(Bytes(512));
    writer.end_member();
    writer.finish();
    Header extended;
    extended.path = "x";
    extended.type = type_pax;
    extended.size = records.size();
    const Block block = encode_header(extended);
    Bytes archive(block.begin(), block.end());
    const ByteView record_bytes = as_bytes(records);
    archive.insert(archive.end(), record_bytes.begin(), record_bytes.end());
    archive.resize(1024);
    archive.insert(archive.end(), target.bytes().begin(), target.bytes().end());
    return read_bytes(archive);
  };
  EXPECT_EQ(with_map("2\n0\n500\n988\n12\n")[0].meta.extents.size(), 2u);
  for (const char* bad :
       {"", "1\n0\n511\n", "1\n0\n513\n", "1\n600\n512\n", "2\n0\n500\n499\n12\n",
        "2\n500\n500\n0\n12\n", "2\n0\n512\n", "99999999999\n", "-1\n", "1\n\n512\n",
        "1\n18446744073709551615\n512\n", "2\n0\n9223372036854775807\n0\n9223372036854775807\n"}) {
    EXPECT_THROW(with_map(bad), Error) << bad;
  }
}

}  // namespace
}  // namespace lifeboat::tar
