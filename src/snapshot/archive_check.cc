#include "snapshot/archive_check.h"

#include "base/text.h"

namespace lifeboat {

Error damaged(const std::string& what, const std::string& found) {
  return Error(ErrorKind::verification, format("check {}: {}", what, found))
      .hint("This snapshot is damaged; restore another one and look after the store.");
}

void check_summary(const std::string& what, const StreamSummary& found,
                   const StreamSummary& expected) {
  if (found.bytes != expected.bytes) {
    throw damaged(what,
                  format("it has {} bytes where {} were written", found.bytes, expected.bytes));
  }
  if (found.sha256 != expected.sha256) {
    throw damaged(what, "its SHA-256 is not the one that was written");
  }
}

std::string member_name(const FileMeta& meta) { return format("'{}'", printable(meta.path)); }

void check_entry(const tar::Entry& entry, const IndexMember& member, uint64_t base_offset) {
  const bool same = entry.meta == member.meta && entry.size == member.size &&
                    entry.offset + base_offset == member.offset;
  if (!same) {
    throw damaged("member " + member_name(member.meta),
                  format("the archive has {} there, unlike the index", member_name(entry.meta)));
  }
}

void drain(Source& source) {
  Bytes block(256 * 1024);
  while (source.read(block) > 0) {
  }
}

void visit_member(tar::Reader& reader, const tar::Entry& entry, const IndexMember& member,
                  const MemberVisitor& visit) {
  const bool has_content = entry.meta.type == FileType::file;
  tar::EntrySource stored(reader);
  TapSource tap(stored);
  visit(entry, member, has_content ? &tap : nullptr);
  drain(tap);
  if (has_content && tap.summary().sha256 != member.sha256) {
    throw damaged("member " + member_name(entry.meta), "its SHA-256 is not the index's");
  }
}

}  // namespace lifeboat
