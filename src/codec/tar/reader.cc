// Everything read here may be hostile: each size is checked before it is used, and no more memory
// is taken than the limits of tar.h and sparse.h state.
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

std::string describe(char type) {
  switch (type) {
    case '3':
      return "a character device";
    case '4':
      return "a block device";
    case '6':
      return "a FIFO";
    case 'D':
      return "a GNU incremental folder";
    case 'M':
      return "the continuation of another volume";
    case 'S':
      return "a sparse file of GNU's old format";
    case 'V':
      return "a volume label";
    default:
      return format("of unknown type '{}'", printable(std::string_view(&type, 1)));
  }
}

FileType file_type(const Header& header) {
  switch (header.type) {
    case '\0':  // v7, which marks a folder by its slash
    case type_file:
      return header.path.ends_with('/') ? FileType::directory : FileType::file;
    case '7':
      return FileType::file;  // "contiguous"
    case type_hardlink:
      return FileType::hardlink;
    case type_symlink:
      return FileType::symlink;
    case type_directory:
      return FileType::directory;
    default:
      break;
  }
  Error error(ErrorKind::verification, format("read tar: the member '{}' is {}",
                                              printable(header.path), describe(header.type)));
  error.add_hint("Leave it out of the archive, or write it with tar --format=pax.");
  throw error;
}

// What `tar -C folder .` writes is "./a/" for "a".
std::string plain_path(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  while (path.starts_with("./")) path.erase(0, path.find_first_not_of('/', 1));
  return path;
}

}  // namespace

struct Reader::State {
  // False at the end of the input, which may only be between blocks.
  bool read_block(Block& block) {
    const size_t count = read_full(input, block);
    if (count != 0 && count != block.size()) refuse("the archive is cut off");
    position += count;
    return count != 0;
  }

  // Skips what the current member has left.
  void skip_member() {
    Bytes trash(std::min<uint64_t>(left + padding_bytes, 64 * 1024));
    while (left + padding_bytes > 0) {
      const ByteSpan part(trash.data(), std::min<uint64_t>(trash.size(), left + padding_bytes));
      const size_t count = read_full(input, part);
      if (count != part.size()) refuse("the archive is cut off within a member");
      position += count;
      const uint64_t of_data = std::min<uint64_t>(left, count);
      left -= of_data;
      padding_bytes -= static_cast<size_t>(count - of_data);
    }
  }

  // The data of a header that stands for another, such as pax records.
  std::string read_extension(const Header& header) {
    if (header.size > extended_header_bytes_max) {
      refuse(format("an extended header of {} is larger than {}", print_bytes(header.size),
                    print_bytes(extended_header_bytes_max)));
    }
    std::string data(header.size + padding(header.size), '\0');
    const ByteSpan span = std::as_writable_bytes(std::span(data));
    if (read_full(input, span) != data.size()) refuse("an extended header is cut off");
    position += data.size();
    data.resize(header.size);
    return data;
  }

  std::string read_long_name(const Header& header) {
    std::string name = read_extension(header);
    name.resize(std::min(name.find('\0'), name.size()));
    if (name.size() > path_bytes_max) {
      refuse(format("a path is longer than {}", print_bytes(path_bytes_max)));
    }
    return name;
  }

  // The next header that is a member's own, after what stands before it; nothing at the end.
  std::optional<Header> next_header(PaxFields& pax) {
    std::optional<std::string> long_name;
    std::optional<std::string> long_link;
    bool has_pax = false;
    Block block;
    while (read_block(block)) {
      if (is_zero(block)) {
        if (has_pax || long_name || long_link) refuse("a member is missing behind its names");
        check_end();
        return std::nullopt;
      }
      Header header = decode_header(block);
      if (header.type == type_pax) {
        if (has_pax) refuse("a member has two extended headers");
        has_pax = true;
        pax = global;
        pax.apply(read_extension(header));
      } else if (header.type == type_pax_global) {
        // Bounded: xattrs are the only field that grows.
        global.apply(read_extension(header));
        global.xattrs.clear();
        if (!has_pax) pax = global;
      } else if (header.type == type_gnu_long_name) {
        long_name = read_long_name(header);
      } else if (header.type == type_gnu_long_link) {
        long_link = read_long_name(header);
      } else {
        if (!has_pax) pax = global;
        if (long_name) header.path = *long_name;
        if (long_link) header.link_target = *long_link;
        return header;
      }
    }
    const bool is_between = !has_pax && !long_name && !long_link;
    if (scope == Scope::member && members > 0 && is_between) return std::nullopt;
    refuse("the archive is cut off: it has no end marker");
  }

  // Behind the first zero block: a second one, and nothing but zeros to the end.
  void check_end() {
    Block block;
    if (!read_block(block) || !is_zero(block)) refuse("the end marker is incomplete");
    Bytes rest(64 * 1024);
    while (const size_t count = input.read(rest)) {
      const auto end = rest.begin() + static_cast<std::ptrdiff_t>(count);
      if (std::any_of(rest.begin(), end, [](std::byte b) { return b != std::byte{0}; })) {
        refuse("something follows the end marker");
      }
    }
    at_end = true;
  }

  Source& input;
  Scope scope;
  uint64_t position = 0;
  uint64_t members = 0;
  uint64_t left = 0;         // stored bytes of the current member
  size_t padding_bytes = 0;  // behind them
  bool at_end = false;
  PaxFields global = {};
};

Reader::Reader(Source& input) : Reader(input, Scope::archive) {}
Reader::Reader(Source& input, Scope scope) : state_(new State{input, scope}) {}
Reader Reader::for_member(Source& input) { return Reader(input, Scope::member); }
Reader::~Reader() = default;

std::optional<Entry> Reader::next() {
  State& state = *state_;
  if (state.at_end) return std::nullopt;
  state.skip_member();
  Entry entry;
  entry.offset = state.position;
  PaxFields pax;
  std::optional<Header> header = state.next_header(pax);
  if (!header) {
    state.at_end = true;
    return std::nullopt;
  }
  if (pax.path) header->path = *pax.path;
  if (pax.is_sparse && pax.sparse_path) header->path = *pax.sparse_path;
  if (header->path.empty()) refuse("a member has no name");
  FileMeta& meta = entry.meta;
  meta.type = file_type(*header);
  meta.path = plain_path(std::move(header->path));
  meta.mode = header->mode;
  meta.uid = pax.uid.value_or(header->uid);
  meta.gid = pax.gid.value_or(header->gid);
  meta.user = pax.user.value_or(header->user);
  meta.group = pax.group.value_or(header->group);
  meta.mtime = pax.mtime ? *pax.mtime : time_of_seconds(header->mtime);
  meta.xattrs = std::move(pax.xattrs);
  if (meta.type == FileType::hardlink || meta.type == FileType::symlink) {
    meta.link_target = pax.link_target.value_or(header->link_target);
    if (meta.type == FileType::hardlink) meta.link_target = plain_path(meta.link_target);
  }
  const uint64_t stored = pax.size.value_or(header->size);
  if (stored > size_max || (stored > 0 && meta.type != FileType::file)) {
    refuse(format("the size {} of '{}' is impossible", stored, printable(meta.path)));
  }
  state.left = stored;
  state.padding_bytes = padding(stored);
  entry.size = stored;
  ++state.members;
  if (pax.is_sparse) {
    if (meta.type != FileType::file || !pax.sparse_size) refuse("a sparse header is incomplete");
    entry.size = *pax.sparse_size;
    meta.is_sparse = true;
    const uint64_t before = state.left;
    meta.extents = decode_map(state.input, state.left, entry.size);
    state.position += before - state.left;
  }
  return entry;
}

size_t Reader::read(ByteSpan target) {
  State& state = *state_;
  if (state.left == 0) return 0;
  const size_t count =
      state.input.read(target.first(std::min<uint64_t>(target.size(), state.left)));
  if (count == 0) refuse("the archive is cut off within a member");
  state.position += count;
  state.left -= count;
  return count;
}

}  // namespace lifeboat::tar
