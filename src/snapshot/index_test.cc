#include "snapshot/index.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "support/doubles.h"

namespace lifeboat::test {
namespace {

using testing::HasSubstr;

constexpr std::string_view archive = "h/2026-05-07/backup.tar.zst.age";

IndexMember plain_member(uint64_t number) {
  IndexMember member;
  member.meta.path = format("n8n/storage/file {}", number);
  member.meta.mode = 0644;
  member.meta.uid = 1000;
  member.meta.user = "node";
  member.meta.mtime = parse_time("2026-05-07T01:02:03Z") + std::chrono::nanoseconds(number);
  member.service = "n8n";
  member.size = 78;
  member.offset = number * 1024;
  member.end = number * 1024 + 1024;
  member.sha256 = std::string(64, 'd');
  return member;
}

std::vector<IndexMember> odd_members() {
  std::vector<IndexMember> members;
  for (const std::string& path : {std::string("gr\xc3\xb6\xc3\x9f"
                                              "e/100"),
                                  std::string("100%"), std::string("a%41"),
                                  std::string("latin-\xe9"), std::string("new\nline\x1b"),
                                  std::string("nul\0x", 5), std::string("quote\"back\\slash")}) {
    members.push_back(plain_member(members.size()));
    members.back().meta.path = path;
  }
  IndexMember link = plain_member(members.size());
  link.meta.type = FileType::symlink;
  link.meta.link_target = "../\xff";
  link.meta.mtime = Timestamp(std::chrono::nanoseconds(-1));
  link.meta.group = "%";
  link.sha256.clear();
  link.service.clear();
  members.push_back(link);
  IndexMember sparse = plain_member(members.size());
  sparse.meta.xattrs = {{"user.a", std::string("\0\x80\xff%", 4)}, {"user.empty", ""}};
  sparse.meta.is_sparse = true;
  sparse.meta.extents = {{4096, 10}, {UINT64_MAX - 5, 5}};
  sparse.size = UINT64_MAX;
  sparse.incomplete = true;
  members.push_back(sparse);
  IndexMember hole = plain_member(members.size());
  hole.meta.is_sparse = true;
  hole.meta.type = FileType::hardlink;
  members.push_back(hole);
  return members;
}

IndexTail make_tail(uint64_t members) {
  const auto raw = static_cast<uint32_t>(members * 1024 + 1024);
  return {members, {raw, std::string(64, 'e')}, {99, std::string(64, 'f')}, {{raw - 5, 7}, {5, 1}}};
}

std::string write_index(const std::vector<IndexMember>& members) {
  MemorySink sink;
  IndexWriter writer(sink, std::string(archive));
  for (const IndexMember& member : members) writer.add(member);
  writer.finish(make_tail(members.size()));
  return std::string(sink.text());
}

std::vector<IndexMember> read_index(std::string_view text, size_t step = 65536) {
  SteppedSource source(to_bytes(text), step);
  IndexReader reader(source);
  EXPECT_EQ(reader.archive_key(), archive);
  std::vector<IndexMember> members;
  while (auto member = reader.next()) members.push_back(std::move(*member));
  EXPECT_EQ(reader.next(), std::nullopt) << "the end lasts";
  EXPECT_EQ(reader.tail(), make_tail(members.size()));
  return members;
}

std::string refusal(std::string_view text) {
  try {
    MemorySource source(text);
    IndexReader reader(source);
    while (reader.next()) {
    }
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::verification) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "accepted: " << text;
  return "";
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Index, ReadsBackWhatItWrote) {
  EXPECT_EQ(read_index(write_index({})), std::vector<IndexMember>{});
  const auto members = odd_members();
  const std::string text = write_index(members);
  for (const size_t step : {size_t{1}, size_t{7}, size_t{0}, size_t{65536}}) {
    EXPECT_EQ(read_index(text, step), members) << "steps of " << step;
  }
}

TEST(Index, LooksAsDocumented) {
  const std::string text = write_index(odd_members());
  const std::vector<std::string> lines = split(text, '\n');
  EXPECT_EQ(lines[0], R"({"format":1,"archive":"h/2026-05-07/backup.tar.zst.age"})");
  EXPECT_THAT(lines[1], HasSubstr("\"path\":\"gr\xc3\xb6\xc3\x9f"
                                  "e/100\""));
  EXPECT_THAT(lines[2], HasSubstr(R"("path":"100%25")"));
  EXPECT_THAT(lines[4], HasSubstr(R"("path":"latin-%E9")"));
  EXPECT_THAT(lines[5], HasSubstr(R"("path":"new%0Aline%1B")"));
  EXPECT_EQ(printable(text).size() - text.size(), lines.size() * 3 - 3) << "line feeds only";
}

TEST(Index, EveryPrefixIsRefused) {
  const std::string text = write_index(odd_members());
  for (size_t size = 0; size < text.size(); ++size) refusal(text.substr(0, size));
}

TEST(Index, NamesWhatIsWrong) {
  const std::string text = write_index({plain_member(0), plain_member(1)});
  const auto fault = [&](std::string_view from, std::string_view to) {
    return refusal(replaced(text, from, to));
  };
  EXPECT_THAT(fault("\"uid\"", "\"x\":1,\"uid\""), HasSubstr("line 2 of the index: member 'x'"));
  EXPECT_THAT(fault("\"uid\":1000", "\"uid\":-1"), HasSubstr("'uid' is not a whole"));
  EXPECT_THAT(fault("\"mode\":420", "\"mode\":4096"), HasSubstr("'mode' is not a whole"));
  EXPECT_THAT(fault("\"file\"", "\"device\""), HasSubstr("'type'"));
  EXPECT_THAT(fault("file 0", "file%200"), HasSubstr("'path' is not a name"));
  EXPECT_THAT(fault("file 0", "file%4"), HasSubstr("'path' is not a name"));
  EXPECT_THAT(fault("file 0", "file%e9"), HasSubstr("'path' is not a name"));
  EXPECT_THAT(fault("n8n/storage/file 0", ""), HasSubstr("'path' is not a name"));
  EXPECT_THAT(fault("\"end\":1024", "\"end\":0"), HasSubstr("'end' is not behind"));
  EXPECT_THAT(fault("\"end\":1024", "\"end\":1025"), HasSubstr("overlaps"));
  EXPECT_THAT(fault("\"end\":2048", "\"end\":9999"), HasSubstr("behind the archive"));
  EXPECT_THAT(fault("dddd", "DDDD"), HasSubstr("'sha256'"));
  EXPECT_THAT(fault("\"members\":2", "\"members\":3"), HasSubstr("count of members"));
  EXPECT_THAT(fault("[5,1]", "[6,1]"), HasSubstr("frames do not add up"));
  EXPECT_THAT(fault("[5,1]", "[5,4294967296]"), HasSubstr("'frames'"));
  EXPECT_THAT(fault("[5,1]", "[5]"), HasSubstr("'frames'"));
  EXPECT_THAT(fault("\"format\":1", "\"format\":0"), HasSubstr("format 0"));
  EXPECT_THAT(fault("\"format\":1", "\"format\":2"), HasSubstr("format 2"));
  EXPECT_THAT(refusal(text + text), HasSubstr("behind its end"));
  EXPECT_THAT(refusal(text + "\n"), HasSubstr("behind its end"));
  EXPECT_THAT(refusal("[]\n"), HasSubstr("not a JSON object"));
}

TEST(Index, LineLengthIsBounded) {
  ZeroSource zeros(UINT64_MAX);
  EXPECT_THAT(error_text([&] { IndexReader reader(zeros); }), HasSubstr("too long"));
  NullSink sink;
  IndexWriter writer(sink, std::string(archive));
  IndexMember member = plain_member(0);
  member.meta.is_sparse = true;
  member.meta.extents.assign(450000, Extent{UINT64_MAX, UINT64_MAX});
  EXPECT_THAT(error_text([&] { writer.add(member); }), HasSubstr("larger than 16.0 MiB"));
}

TEST(Index, TailMustCountWhatWasAdded) {
  NullSink sink;
  IndexWriter writer(sink, std::string(archive));
  writer.add(plain_member(0));
  EXPECT_THROW(writer.finish(make_tail(2)), Bug);
}

TEST(Index, FailsAtEachWriteThatFails) {
  for (size_t fail_at = 1; fail_at <= 4; ++fail_at) {
    FailingSink sink(fail_at);
    EXPECT_THROW(
        {
          IndexWriter writer(sink, std::string(archive));
          writer.add(plain_member(0));
          writer.add(plain_member(1));
          writer.finish(make_tail(2));
        },
        Error);
  }
}

// Writes members as they are asked for, so that the whole index never exists.
class GeneratedIndex final : public Source {
 public:
  explicit GeneratedIndex(uint64_t members)
      : members_(members), writer_(sink_, std::string(archive)) {}
  size_t read(ByteSpan target) override {
    while (position_ == sink_.bytes().size() && written_ <= members_) {
      sink_.take();
      position_ = 0;
      if (written_ < members_)
        writer_.add(plain_member(written_));
      else
        writer_.finish(make_tail(members_));
      ++written_;
    }
    const ByteView left = ByteView(sink_.bytes()).subspan(position_);
    const size_t count = std::min(left.size(), target.size());
    std::copy_n(left.begin(), count, target.begin());
    position_ += count;
    return count;
  }

 private:
  uint64_t members_;
  MemorySink sink_;
  IndexWriter writer_;
  uint64_t written_ = 0;
  size_t position_ = 0;
};

TEST(Index, StreamsAHundredThousandMembers) {
  constexpr uint64_t count = 100000;
  GeneratedIndex source(count);
  IndexReader reader(source);
  uint64_t members = 0;
  while (const auto member = reader.next()) {
    ASSERT_EQ(member->offset, members * 1024);
    ++members;
  }
  EXPECT_EQ(members, count);
  EXPECT_EQ(reader.tail(), make_tail(count));
}

}  // namespace
}  // namespace lifeboat::test
