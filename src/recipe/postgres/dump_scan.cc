#include "recipe/postgres/dump_scan.h"

#include <fcntl.h>

#include <algorithm>
#include <cctype>
#include <cstring>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "io/fd.h"

namespace lifeboat {
namespace {

constexpr size_t line_bytes_max = 64 * 1024 * 1024;
constexpr size_t row_begin_bytes = 3;  // tells the end of rows, "\.", from a row
constexpr std::string_view end_of_rows = "\\.";

std::string_view head_of(DumpKind kind) {
  return kind == DumpKind::database ? "-- PostgreSQL database dump"
                                    : "-- PostgreSQL database cluster dump";
}

bool is_identifier_letter(char letter) {
  return letter == '_' || std::isalnum(static_cast<unsigned char>(letter)) != 0 ||
         static_cast<unsigned char>(letter) >= 0x80;
}

// The tag of a dollar quote that begins at `at`, both dollars included; empty if none does.
std::string_view dollar_tag(std::string_view line, size_t at) {
  if (at > 0 && (is_identifier_letter(line[at - 1]) || line[at - 1] == '$')) return "";
  size_t end = at + 1;
  while (end < line.size() && is_identifier_letter(line[end])) ++end;
  const bool is_number = end > at + 1 && std::isdigit(static_cast<unsigned char>(line[at + 1]));
  if (end >= line.size() || line[end] != '$' || is_number) return "";
  return line.substr(at, end + 1 - at);
}

// E'...' knows backslashes, '...' does not.
bool is_escape_string(std::string_view line, size_t quote) {
  if (quote == 0 || (line[quote - 1] != 'E' && line[quote - 1] != 'e')) return false;
  return quote == 1 || !is_identifier_letter(line[quote - 2]);
}

// Behind the next `mark` that is not doubled; npos if the line ends before.
size_t behind_quote(std::string_view line, size_t at, char mark, bool escapes) {
  for (; at < line.size(); ++at) {
    if (escapes && line[at] == '\\') {
      ++at;
    } else if (line[at] == mark) {
      if (at + 1 >= line.size() || line[at + 1] != mark) return at + 1;
      ++at;
    }
  }
  return std::string_view::npos;
}

}  // namespace

DumpScan::DumpScan(DumpScanOptions options) : options_(std::move(options)) {}

void DumpScan::feed(ByteView data) {
  std::string_view text = as_text(data);
  const uint64_t block_end = position_ + data.size();
  while (!text.empty()) {
    if (copying_ != nullptr) {
      feed_rows(text, block_end - text.size());
      continue;
    }
    const size_t end = text.find('\n');
    line_ += text.substr(0, end);
    if (line_.size() > line_bytes_max) {
      throw Error(ErrorKind::service, "read the dump: one line of it is longer than 64 MiB");
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (end != std::string_view::npos) end_line();
  }
  position_ = block_end;
}

// Takes what belongs to one row off the front of `data`.
void DumpScan::feed_rows(std::string_view& data, uint64_t position) {
  const size_t end = std::min(data.find('\n'), data.size());
  const std::string_view piece = data.substr(0, end);
  if (line_.size() < row_begin_bytes) line_ += piece.substr(0, row_begin_bytes - line_.size());
  if (options_.hash_rows) row_hash_.update(as_bytes(piece));
  const bool is_row_end = end < data.size();
  data.remove_prefix(is_row_end ? end + 1 : end);
  if (is_row_end) end_row(position + end);
}

void DumpScan::end_row(uint64_t newline) {
  const bool is_end = line_ == end_of_rows;
  line_.clear();
  if (options_.hash_rows) {
    const Sha256Digest digest = row_hash_.finish();
    for (size_t lane = 0; lane < copying_->hash_sum.size() && !is_end; ++lane) {
      uint64_t value = 0;
      std::memcpy(&value, digest.data() + lane * sizeof(value), sizeof(value));
      copying_->hash_sum[lane] += value;
    }
  }
  if (is_end) {
    copying_ = nullptr;
  } else {
    ++copying_->rows;
    if (!first_row_end_) first_row_end_ = newline;
  }
}

void DumpScan::end_line() {
  const std::string line = std::exchange(line_, "");
  const bool at_top = state_ == State::top;
  if (options_.on_line) options_.on_line(line, at_top);
  if (at_top) look_at(line);
  // What locks psql's other commands out.
  const bool is_lock =
      at_top && (line.starts_with("\\restrict ") || line.starts_with("\\unrestrict "));
  if (!is_lock) lex(line);
}

// A line that begins outside every string and comment.
void DumpScan::look_at(std::string_view line) {
  const std::string_view head = head_of(options_.kind);
  if (line == head) {
    has_head_ = true;
  } else if (line == format("{} complete", head)) {
    is_complete_ = true;
  } else if (line != "RESET ALL;" && !line.starts_with("--") &&
             !line.starts_with("\\unrestrict ") && !trim(line).empty()) {
    is_complete_ = false;
  }
  if (const auto table = parse_copy_line(line)) copying_ = &tables_[*table];
}

void DumpScan::lex(std::string_view line) {
  size_t at = 0;
  while (at < line.size()) {
    switch (state_) {
      case State::top:
        at = lex_top(line, at);
        break;
      case State::text:
      case State::escaped_text:
      case State::name: {
        const char mark = state_ == State::name ? '"' : '\'';
        at = behind_quote(line, at, mark, state_ == State::escaped_text);
        if (at == std::string_view::npos) return;
        state_ = State::top;
        break;
      }
      case State::dollar: {
        at = line.find(dollar_tag_, at);
        if (at == std::string_view::npos) return;
        at += dollar_tag_.size();
        state_ = State::top;
        break;
      }
      case State::comment: {
        const std::string_view two = line.substr(at, 2);
        if (two == "/*") ++comment_depth_;
        if (two == "*/" && --comment_depth_ == 0) state_ = State::top;
        at += two == "/*" || two == "*/" ? 2 : 1;
        break;
      }
    }
  }
}

// From `at`, outside of everything, to behind what begins something; the state says what.
size_t DumpScan::lex_top(std::string_view line, size_t at) {
  const char letter = line[at];
  const std::string_view two = line.substr(at, 2);
  if (two == "--") return line.size();
  if (two == "/*") {
    state_ = State::comment;
    comment_depth_ = 1;
    return at + 2;
  }
  if (letter == '\\') has_command_ = true;
  if (letter == '\'') state_ = is_escape_string(line, at) ? State::escaped_text : State::text;
  if (letter == '"') state_ = State::name;
  if (letter == '$') {
    const std::string_view tag = dollar_tag(line, at);
    if (!tag.empty()) {
      state_ = State::dollar;
      dollar_tag_ = tag;
      return at + tag.size();
    }
  }
  return at + 1;
}

std::string DumpScan::fault() const {
  if (has_command_) return "it holds a command for psql";
  if (!has_head_) return "it does not begin as a dump";
  if (copying_ != nullptr) return "it breaks off within the rows of a table";
  if (!is_complete_ || !line_.empty()) {
    return format("it does not end with '{} complete'", head_of(options_.kind));
  }
  return "";
}

size_t ScanSource::read(ByteSpan target) {
  const size_t count = inner_->read(target);
  scan_->feed(ByteView(target).first(count));
  return count;
}

DumpScan scan_dump_file(const std::filesystem::path& path, DumpScanOptions options,
                        const StopToken& stop) {
  FdSource file(open_file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, ErrorKind::verification),
                path.native(), ErrorKind::verification);
  DumpScan scan(std::move(options));
  Bytes block(256 * 1024);
  while (const size_t count = file.read(block)) {
    stop.throw_if_stopped();
    scan.feed(ByteView(block).first(count));
  }
  return scan;
}

}  // namespace lifeboat
