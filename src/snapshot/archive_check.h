// What the readers of an archive hold it against: the manifest, the index, and each other. Private
// to this room.
#pragma once

#include <string>

#include "base/error.h"
#include "base/format.h"
#include "codec/tar/tar.h"
#include "io/tap.h"
#include "snapshot/archive_reader.h"

namespace lifeboat {

// An Error(verification) "check <what>: <found>".
Error damaged(const std::string& what, const std::string& found);
void check_summary(const std::string& what, const StreamSummary& found,
                   const StreamSummary& expected);

std::string member_name(const FileMeta& meta);
// Everything the index says of a member must be what the archive says.
void check_entry(const tar::Entry& entry, const IndexMember& member, uint64_t base_offset);
// Gives the reader's current member to `visit`, then reads the rest of it and checks its hash.
void visit_member(tar::Reader& reader, const tar::Entry& entry, const IndexMember& member,
                  const MemberVisitor& visit);
// Reads to the end.
void drain(Source& source);

// The identities opened the index, so a fault of the archive's encryption is not a wrong key.
template <typename Body>
decltype(auto) with_key_known_good(Body&& body) {
  try {
    return body();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::crypto) throw;
    throw damaged("the archive", error.what());
  }
}

}  // namespace lifeboat
