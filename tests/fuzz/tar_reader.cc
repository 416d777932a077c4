// Reading tar: an archive that is taken can be written anew, and then says the same.
#include "base/format.h"
#include "codec/tar/tar.h"
#include "fuzz/fuzz.h"

using namespace lifeboat;

namespace {

struct Member {
  tar::Entry entry;
  std::string content;
};

std::vector<Member> members_of(Source& source, size_t step) {
  std::vector<Member> members;
  tar::Reader reader(source);
  while (auto entry = reader.next()) {
    tar::EntrySource content(reader);
    std::string bytes = fuzz::drain(content, step);
    fuzz::require(bytes.size() == stored_size(entry->meta, entry->size), "a member is whole");
    members.push_back({std::move(*entry), std::move(bytes)});
  }
  return members;
}

std::string print(const std::vector<Member>& members) {
  std::string text;
  for (const auto& [entry, content] : members) {
    const FileMeta& meta = entry.meta;
    text +=
        format("{} {} {:o} {} {} {} {} {} {} {} {}", meta.path, static_cast<int>(meta.type),
               meta.mode, meta.uid, meta.gid, meta.user, meta.group,
               meta.mtime.time_since_epoch().count(), meta.link_target, entry.size, meta.is_sparse);
    for (const auto& [name, value] : meta.xattrs) text += format(" {}={}", name, value);
    for (const Extent& extent : meta.extents) text += format(" {}+{}", extent.offset, extent.size);
    text += format("\n{}\n", content);
  }
  return text;
}

std::string archive_of(const std::vector<Member>& members) {
  MemorySink memory;
  tar::Writer writer(memory);
  for (const auto& [entry, content] : members) {
    writer.begin_member(entry.meta, entry.size);
    writer.write(as_bytes(content));
    writer.end_member();
  }
  writer.finish();
  return std::string(memory.text());
}

// The bytes of a sparse file as a program would read them.
void check_holes(const Member& member) {
  if (!member.entry.meta.is_sparse || member.entry.size > 100'000) return;
  fuzz::Pieces stored(member.content, 100);
  tar::SparseSource source(stored, member.entry.meta, member.entry.size);
  fuzz::require(fuzz::drain(source, 1000).size() == member.entry.size, "holes are filled up");
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const std::string result = fuzz::same_for_all_steps(
      text, [](Source& source, size_t step) { return print(members_of(source, step)); });
  if (!fuzz::is_taken(result)) return 0;
  fuzz::Pieces pieces(text, 64 * 1024);
  const std::vector<Member> members = members_of(pieces, 64 * 1024);
  for (const Member& member : members) check_holes(member);
  const std::string archive = archive_of(members);
  fuzz::Pieces again(archive, 64 * 1024);
  const std::string second = print(members_of(again, 64 * 1024));
  fuzz::require("taken: " + second == result, "what is written anew says the same",
                result + "\n" + second);
  return 0;
}
