// A pax header goes in front of a member only when ustar's fields cannot say it, so that a plain
// file costs one block and the archive can be read by anything.
#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "codec/tar/header.h"
#include "codec/tar/pax.h"
#include "codec/tar/sparse.h"
#include "codec/tar/tar.h"

namespace lifeboat::tar {
namespace {

constexpr size_t link_bytes_max = 100;       // of ustar's field
constexpr size_t owner_name_bytes_max = 31;  // one less than ustar's field

char type_of(FileType type) {
  switch (type) {
    case FileType::file:
      return type_file;
    case FileType::directory:
      return type_directory;
    case FileType::symlink:
      return type_symlink;
    case FileType::hardlink:
      return type_hardlink;
  }
  throw Bug("unknown file type");
}

Header ustar_header(const FileMeta& meta, uint64_t stored_bytes) {
  Header header;
  header.path = meta.path;
  if (meta.type == FileType::directory) header.path += '/';
  // What does not know the sparse format unpacks the condensed file under another name.
  if (meta.is_sparse) header.path = "GNUSparseFile.0/" + meta.path;
  header.link_target = meta.link_target;
  header.user = meta.user;
  header.group = meta.group;
  header.mode = meta.mode & 07777;
  header.uid = meta.uid;
  header.gid = meta.gid;
  header.size = stored_bytes;
  header.mtime = std::chrono::floor<std::chrono::seconds>(meta.mtime).time_since_epoch().count();
  header.type = type_of(meta.type);
  return header;
}

bool has_fraction(Timestamp time) { return time != std::chrono::floor<std::chrono::seconds>(time); }

// The records of what `header` cannot say.
std::string pax_records(const FileMeta& meta, const Header& header, uint64_t apparent_size) {
  std::string records;
  const auto text = [&](std::string_view keyword, const std::string& value, bool fits) {
    if (!fits || !is_ascii(value)) append_record(records, keyword, value);
  };
  const auto number = [&](std::string_view keyword, uint64_t value, uint64_t value_max) {
    if (value > value_max) append_record(records, keyword, std::to_string(value));
  };
  // Values are UTF-8 unless this record, which must be the first, says otherwise.
  if (!is_utf8(meta.path) || !is_utf8(meta.link_target) || !is_utf8(meta.user) ||
      !is_utf8(meta.group)) {
    append_record(records, "hdrcharset", "BINARY");
  }
  if (meta.is_sparse) {
    append_record(records, "GNU.sparse.major", "1");
    append_record(records, "GNU.sparse.minor", "0");
    append_record(records, "GNU.sparse.name", meta.path);
    append_record(records, "GNU.sparse.realsize", std::to_string(apparent_size));
  } else {
    text("path", header.path, fits_ustar(header.path));
  }
  text("linkpath", meta.link_target, meta.link_target.size() <= link_bytes_max);
  text("uname", meta.user, meta.user.size() <= owner_name_bytes_max);
  text("gname", meta.group, meta.group.size() <= owner_name_bytes_max);
  number("uid", meta.uid, octal_7_max);
  number("gid", meta.gid, octal_7_max);
  number("size", header.size, octal_11_max);
  if (has_fraction(meta.mtime) || header.mtime < 0 ||
      static_cast<uint64_t>(header.mtime) > octal_11_max) {
    append_record(records, "mtime", print_seconds(meta.mtime));
  }
  for (const auto& [name, value] : meta.xattrs) {
    append_record(records, format("SCHILY.xattr.{}", encode_xattr_name(name)), value);
  }
  return records;
}

void append(Bytes& blocks, ByteView data) {
  blocks.insert(blocks.end(), data.begin(), data.end());
  blocks.resize(blocks.size() + padding(data.size()));
}

[[noreturn]] void refuse_member(const FileMeta& meta, std::string_view why) {
  throw Error(ErrorKind::limit, format("archive '{}': {}", printable(meta.path), why));
}

}  // namespace

struct Writer::State {
  void put(ByteView data) {
    next.write(data);
    position += data.size();
  }

  Sink& next;
  uint64_t position = 0;
  uint64_t left = 0;         // stored bytes that the member still owes
  size_t padding_bytes = 0;  // behind them
  bool in_member = false;
  bool is_finished = false;
};

Writer::Writer(Sink& next) : state_(std::make_unique<State>(State{next})) {}
Writer::~Writer() = default;

uint64_t Writer::begin_member(const FileMeta& meta, uint64_t size) {
  ensure(!state_->in_member && !state_->is_finished, "tar members are written one after another");
  ensure(!meta.path.empty() && meta.path.find('\0') == meta.path.npos &&
             meta.link_target.find('\0') == meta.link_target.npos,
         "tar paths are not empty and hold no zero byte");
  ensure(meta.type == FileType::file || (size == 0 && !meta.is_sparse),
         "only files have content in a tar");
  if (std::max(meta.path.size(), meta.link_target.size()) > path_bytes_max) {
    refuse_member(meta, format("its path is longer than {}", print_bytes(path_bytes_max)));
  }
  if (meta.extents.size() > extents_max) {
    refuse_member(meta, format("it has more than {} runs of data between holes", extents_max));
  }
  std::string map;
  if (meta.is_sparse) {
    ensure(extents_fit(meta.extents, size), "the data runs of a sparse file lie within it");
    map = encode_map(meta.extents, size);
  }
  const uint64_t stored_bytes = stored_size(meta, size);
  const Header header = ustar_header(meta, map.size() + stored_bytes);
  const std::string records = pax_records(meta, header, size);
  Bytes blocks;
  if (!records.empty()) {
    if (records.size() > extended_header_bytes_max) {
      refuse_member(meta, format("its extended attributes are larger than {}",
                                 print_bytes(extended_header_bytes_max)));
    }
    Header extended;
    extended.path = "././@PaxHeader";
    extended.mode = 0644;
    extended.size = records.size();
    extended.type = type_pax;
    append(blocks, encode_header(extended));
    append(blocks, as_bytes(records));
  }
  append(blocks, encode_header(header));
  append(blocks, as_bytes(map));
  const uint64_t offset = state_->position;
  state_->put(blocks);
  state_->left = stored_bytes;
  state_->padding_bytes = padding(stored_bytes);
  state_->in_member = true;
  return offset;
}

void Writer::write(ByteView data) {
  ensure(state_->in_member && data.size() <= state_->left, "a tar member gets what was promised");
  state_->put(data);
  state_->left -= data.size();
}

void Writer::end_member() {
  ensure(state_->in_member && state_->left == 0, "a tar member gets all that was promised");
  state_->put(Bytes(state_->padding_bytes));
  state_->in_member = false;
}

void Writer::finish() {
  ensure(!state_->in_member && !state_->is_finished, "a tar is finished once, between members");
  state_->put(Bytes(2 * block_bytes));
  state_->is_finished = true;
}

uint64_t Writer::position() const { return state_->position; }

}  // namespace lifeboat::tar
