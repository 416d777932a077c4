#include "snapshot/index.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "base/visible_text.h"
#include "snapshot/json_fields.h"

namespace lifeboat {
namespace {

constexpr size_t block_bytes = 64 * 1024;
constexpr size_t frames_per_write = 4096;
constexpr uint32_t mode_max = 07777;

constexpr std::array type_names{
    std::pair{FileType::file, "file"},
    std::pair{FileType::directory, "directory"},
    std::pair{FileType::symlink, "symlink"},
    std::pair{FileType::hardlink, "hardlink"},
};

std::string encode_name(const std::string& name) {
  if (name.find('%') == std::string::npos && escape_controls(name) == name) return name;
  std::string encoded;
  for (const char letter : name) {
    if (letter != '%' && letter >= 0x20 && letter < 0x7F) {
      encoded += letter;
    } else {
      encoded += format("%{:02X}", static_cast<unsigned char>(letter));
    }
  }
  return encoded;
}

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

// Nothing for a text that `encode_name` does not make.
std::optional<std::string> decode_name(const std::string& encoded) {
  std::string name;
  for (size_t at = 0; at < encoded.size(); ++at) {
    if (encoded[at] != '%') {
      name += encoded[at];
      continue;
    }
    if (encoded.size() - at < 3) return std::nullopt;
    const int high = hex_value(encoded[at + 1]);
    const int low = hex_value(encoded[at + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    name += static_cast<char>(high * 16 + low);
    at += 2;
  }
  if (encode_name(name) != encoded) return std::nullopt;
  return name;
}

Json member_to_json(const IndexMember& member) {
  const FileMeta& meta = member.meta;
  const auto type = std::find_if(type_names.begin(), type_names.end(),
                                 [&](const auto& row) { return row.first == meta.type; });
  Json line = {{"path", encode_name(meta.path)}};
  if (!member.service.empty()) line["service"] = member.service;
  line["type"] = type->second;
  line["mode"] = meta.mode;
  line["uid"] = meta.uid;
  line["gid"] = meta.gid;
  if (!meta.user.empty()) line["user"] = encode_name(meta.user);
  if (!meta.group.empty()) line["group"] = encode_name(meta.group);
  line["mtime_ns"] = meta.mtime.time_since_epoch().count();
  if (!meta.link_target.empty()) line["link_target"] = encode_name(meta.link_target);
  for (const auto& [name, value] : meta.xattrs) {
    line["xattrs"].push_back(Json::array({encode_name(name), encode_name(value)}));
  }
  if (meta.is_sparse) {
    Json& extents = line["extents"] = Json::array();
    for (const Extent& extent : meta.extents) {
      extents.push_back(Json::array({extent.offset, extent.size}));
    }
  }
  line["size"] = member.size;
  line["offset"] = member.offset;
  line["end"] = member.end;
  if (!member.sha256.empty()) line["sha256"] = member.sha256;
  if (member.incomplete) line["incomplete"] = true;
  return line;
}

std::string read_name(JsonFields& fields, const char* member) {
  auto name = decode_name(fields.text(member));
  if (!name || name->empty()) fields.fail(member, "is not a name in this format");
  return std::move(*name);
}

FileType read_type(JsonFields& fields) {
  const std::string text = fields.text("type");
  for (const auto& [type, name] : type_names) {
    if (text == name) return type;
  }
  fields.fail("type", "is not a type of file");
}

void read_xattrs(JsonFields& fields, FileMeta& meta) {
  for (const Json& pair : fields.array("xattrs")) {
    const bool two_texts =
        pair.is_array() && pair.size() == 2 && pair[0].is_string() && pair[1].is_string();
    if (!two_texts) fields.fail("xattrs", "is not a list of pairs of texts");
    auto name = decode_name(pair[0].get<std::string>());
    auto value = decode_name(pair[1].get<std::string>());
    if (!name || !value) fields.fail("xattrs", "is not in this format");
    meta.xattrs.emplace_back(std::move(*name), std::move(*value));
  }
}

// Calls `take` with each pair of whole numbers up to `max`.
template <typename Take>
void read_pairs(JsonFields& fields, const char* member, uint64_t max, Take&& take) {
  const auto fits = [max](const Json& number) {
    return number.is_number_unsigned() && number.get<uint64_t>() <= max;
  };
  for (const Json& pair : fields.array(member)) {
    if (!pair.is_array() || pair.size() != 2 || !fits(pair[0]) || !fits(pair[1])) {
      fields.fail(member, "is not a list of pairs of whole numbers");
    }
    take(pair[0].get<uint64_t>(), pair[1].get<uint64_t>());
  }
}

IndexMember read_member(const Json& line, const std::string& what) {
  JsonFields fields(line, what);
  IndexMember member;
  FileMeta& meta = member.meta;
  meta.path = read_name(fields, "path");
  if (fields.has("service")) member.service = fields.text("service");
  meta.type = read_type(fields);
  meta.mode = static_cast<uint32_t>(fields.number("mode", mode_max));
  meta.uid = fields.number("uid");
  meta.gid = fields.number("gid");
  if (fields.has("user")) meta.user = read_name(fields, "user");
  if (fields.has("group")) meta.group = read_name(fields, "group");
  meta.mtime = Timestamp(std::chrono::nanoseconds(fields.signed_number("mtime_ns")));
  if (fields.has("link_target")) meta.link_target = read_name(fields, "link_target");
  if (fields.has("xattrs")) read_xattrs(fields, meta);
  if (fields.has("extents")) {
    meta.is_sparse = true;
    read_pairs(fields, "extents", UINT64_MAX, [&](uint64_t offset, uint64_t size) {
      meta.extents.push_back({offset, size});
    });
  }
  member.size = fields.number("size");
  member.offset = fields.number("offset");
  member.end = fields.number("end");
  if (fields.has("sha256")) member.sha256 = fields.sha256("sha256");
  if (fields.has("incomplete")) member.incomplete = fields.flag("incomplete");
  fields.done();
  if (member.end <= member.offset) fields.fail("end", "is not behind offset");
  return member;
}

StreamSummary read_summary(const Json& value, const std::string& what) {
  JsonFields fields(value, what);
  StreamSummary summary{fields.number("bytes"), fields.sha256("sha256")};
  fields.done();
  return summary;
}

IndexTail read_tail(const Json& line, const std::string& what) {
  JsonFields fields(line, what);
  IndexTail tail;
  tail.members = fields.number("members");
  tail.raw = read_summary(fields.value("raw"), what);
  tail.stored = read_summary(fields.value("stored"), what);
  read_pairs(fields, "frames", UINT32_MAX, [&](uint64_t raw, uint64_t stored) {
    tail.frames.push_back({static_cast<uint32_t>(raw), static_cast<uint32_t>(stored)});
  });
  fields.done();
  return tail;
}

std::string read_head(const Json& line, const std::string& what) {
  JsonFields fields(line, what);
  check_format(fields, what);
  std::string archive = fields.text("archive");
  fields.done();
  return archive;
}

[[noreturn]] void fail(std::string_view fault) {
  throw Error(ErrorKind::verification, format("read the index: {}", fault));
}

}  // namespace

IndexWriter::IndexWriter(Sink& next, const std::string& archive_key) : next_(next) {
  const Json head = {{"format", index_format}, {"archive", archive_key}};
  next_.write(as_bytes(print_json_line(head) + "\n"));
}

void IndexWriter::add(const IndexMember& member) {
  const std::string line = print_json_line(member_to_json(member)) + "\n";
  if (line.size() > index_line_bytes_max) {
    throw Error(ErrorKind::limit,
                format("index '{}': its line is larger than {}", printable(member.meta.path),
                       print_bytes(index_line_bytes_max)));
  }
  next_.write(as_bytes(line));
  ++members_;
}

// In pieces, since a large archive has many frames.
void IndexWriter::finish(const IndexTail& tail) {
  ensure(tail.members == members_, "the index's tail counts the members that were added");
  std::string text =
      format(R"({{"members":{},"raw":{{"bytes":{},"sha256":"{}"}},)"
             R"("stored":{{"bytes":{},"sha256":"{}"}},"frames":[)",
             tail.members, tail.raw.bytes, tail.raw.sha256, tail.stored.bytes, tail.stored.sha256);
  size_t line_bytes = 0;
  const auto flush = [&] {
    line_bytes += text.size();
    if (line_bytes > index_line_bytes_max) {
      throw Error(ErrorKind::limit,
                  format("index the archive: {} frames are too many", tail.frames.size()));
    }
    next_.write(as_bytes(text));
    text.clear();
  };
  for (size_t index = 0; index < tail.frames.size(); ++index) {
    const IndexFrame& frame = tail.frames[index];
    text += format("{}[{},{}]", index == 0 ? "" : ",", frame.raw_size, frame.stored_size);
    if (index % frames_per_write == frames_per_write - 1) flush();
  }
  text += "]}\n";
  flush();
}

struct IndexReader::State {
  explicit State(Source& source) : input(source) {
    archive_key = read_head(line_to_json(), what());
  }

  std::string what() const { return format("line {} of the index", lines); }

  // The next line without its line feed, valid until the next call; nothing at the end.
  std::optional<std::string_view> next_line() {
    size_t searched = begin;
    for (;;) {
      const size_t at = buffer.find('\n', searched);
      if (at != std::string::npos) {
        const auto line = std::string_view(buffer).substr(begin, at - begin);
        begin = at + 1;
        ++lines;
        return line;
      }
      buffer.erase(0, std::exchange(begin, 0));
      if (buffer.size() > index_line_bytes_max) fail("a line is too long");
      searched = buffer.size();
      buffer.resize(searched + block_bytes);
      const size_t count = input.read(std::as_writable_bytes(std::span(buffer).subspan(searched)));
      buffer.resize(searched + count);
      if (count > 0) continue;
      if (!buffer.empty()) fail("it is cut off in a line");
      return std::nullopt;
    }
  }

  Json line_to_json() {
    const auto line = next_line();
    if (!line) fail("it is cut off");
    return parse_json(*line, what());
  }

  void take_member(const IndexMember& member) {
    if (member.offset < end) fail(format("{} overlaps the member before", what()));
    end = member.end;
    ++members;
  }

  void take_tail(IndexTail read) {
    if (read.members != members) fail("its count of members is wrong");
    if (end > read.raw.bytes) fail("a member ends behind the archive");
    uint64_t raw_bytes = 0;
    for (const IndexFrame& frame : read.frames) raw_bytes += frame.raw_size;
    // What is one stream, and no archive, has none.
    if (!read.frames.empty() && raw_bytes != read.raw.bytes)
      fail("its frames do not add up to the archive");
    if (next_line()) fail("something stands behind its end");
    tail = std::move(read);
  }

  Source& input;
  std::string buffer;
  size_t begin = 0;  // of what was not yet given out
  uint64_t lines = 0;
  std::string archive_key;
  uint64_t members = 0;
  uint64_t end = 0;  // of the last member
  std::optional<IndexTail> tail;
};

IndexReader::IndexReader(Source& input) : state_(std::make_unique<State>(input)) {}
IndexReader::~IndexReader() = default;

const std::string& IndexReader::archive_key() const { return state_->archive_key; }

std::optional<IndexMember> IndexReader::next() {
  if (state_->tail) return std::nullopt;
  const Json line = state_->line_to_json();
  if (line.contains("members")) {
    state_->take_tail(read_tail(line, state_->what()));
    return std::nullopt;
  }
  IndexMember member = read_member(line, state_->what());
  state_->take_member(member);
  return member;
}

const IndexTail& IndexReader::tail() const {
  ensure(state_->tail.has_value(), "the index's tail is asked for after its last member");
  return *state_->tail;
}

}  // namespace lifeboat
