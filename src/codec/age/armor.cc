// ASCII armor: strict PEM as https://c2sp.org/age#ascii-armor asks for. Like age itself, the reader
// takes CRLF as well as LF and up to 1 KiB of white space around the block, and nothing else.

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "codec/age/age.h"
#include "codec/age/base64.h"
#include "codec/age/input.h"

namespace lifeboat::age {

namespace {

constexpr std::string_view begin_line = "-----BEGIN AGE ENCRYPTED FILE-----";
constexpr std::string_view end_line = "-----END AGE ENCRYPTED FILE-----";
constexpr std::string_view binary_begin = "age-encryption.org/";
constexpr size_t columns = 64;
constexpr size_t line_bytes = columns / 4 * 3;
constexpr size_t white_space_max = 1024;

Error armor_fault(std::string_view why) {
  return Error(ErrorKind::crypto, format("read age armor: {}", why));
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

}  // namespace

struct ArmorSink::State {
  Sink& next;
  Bytes held{};  // less than a line
  bool begun = false;

  void begin() {
    if (!begun) next.write(as_bytes(format("{}\n", begin_line)));
    begun = true;
  }
  void write_lines(ByteView bytes) {
    std::string text;
    for (; !bytes.empty(); bytes = bytes.subspan(std::min(line_bytes, bytes.size()))) {
      text +=
          base64_encode(bytes.first(std::min(line_bytes, bytes.size())), Base64Padding::required);
      text += '\n';
    }
    next.write(as_bytes(text));
  }
};

ArmorSink::ArmorSink(Sink& next) : state_(new State{next}) {}
ArmorSink::~ArmorSink() = default;

void ArmorSink::do_write(ByteView data) {
  state_->begin();
  state_->held.insert(state_->held.end(), data.begin(), data.end());
  const size_t whole = state_->held.size() / line_bytes * line_bytes;
  state_->write_lines(ByteView(state_->held).first(whole));
  state_->held.erase(state_->held.begin(), state_->held.begin() + static_cast<ptrdiff_t>(whole));
}

void ArmorSink::do_finish() {
  state_->begin();
  state_->write_lines(state_->held);
  state_->next.write(as_bytes(format("{}\n", end_line)));
}

struct DearmorSource::State {
  explicit State(Source& source) : input(source) {}

  enum class Phase { start, binary, lines, trailer, end };
  Input input;
  Phase phase = Phase::start;
  Bytes line;
  ByteView ready;  // the part of `line` that was not given out
  std::exception_ptr failure;

  std::string_view next_line();
  void begin();
  void decode_line();
  void check_trailer();
  size_t read(ByteSpan target);
};

// Without its line end, which the last line of a file may lack.
std::string_view DearmorSource::State::next_line() {
  auto [text, complete] = input.read_line(white_space_max);
  if (!complete && text.empty()) throw armor_fault("the file ends before its end line");
  if (text.size() == white_space_max) throw armor_fault("a line is too long");
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

void DearmorSource::State::begin() {
  if (binary_begin.starts_with(input.peek(binary_begin.size()))) {
    phase = Phase::binary;
    return;
  }
  size_t skipped = 0;
  std::string_view text = next_line();
  for (; is_blank(text); text = next_line()) {
    skipped += text.size() + 1;
    if (skipped > white_space_max) throw armor_fault("there is too much white space before it");
  }
  if (text != begin_line) {
    throw armor_fault("the file begins neither as an age file nor with the armor's first line");
  }
  phase = Phase::lines;
}

void DearmorSource::State::decode_line() {
  std::string_view text = next_line();
  if (text == end_line) {
    phase = Phase::trailer;
    return;
  }
  auto bytes = base64_decode(text, Base64Padding::required);
  if (!bytes || text.empty() || text.size() > columns) throw armor_fault("a line is malformed");
  if (bytes->size() < line_bytes) {  // only the last line may be short
    if (next_line() != end_line)
      throw armor_fault("the line after a short one is not the end line");
    phase = Phase::trailer;
  }
  line = std::move(*bytes);
  ready = line;
}

void DearmorSource::State::check_trailer() {
  const std::string_view rest = input.peek(white_space_max);
  if (!is_blank(rest)) throw armor_fault("there is data behind the end line");
  if (rest.size() == white_space_max) throw armor_fault("there is too much white space behind it");
  phase = Phase::end;
}

size_t DearmorSource::State::read(ByteSpan target) {
  if (phase == Phase::start) begin();
  if (phase == Phase::binary) return input.read(target);
  if (ready.empty() && phase == Phase::lines) decode_line();
  if (ready.empty() && phase == Phase::trailer) check_trailer();
  const size_t count = std::min(target.size(), ready.size());
  if (count > 0) std::memcpy(target.data(), ready.data(), count);
  ready = ready.subspan(count);
  return count;
}

DearmorSource::DearmorSource(Source& input) : state_(std::make_unique<State>(input)) {}
DearmorSource::~DearmorSource() = default;

size_t DearmorSource::read(ByteSpan target) {
  if (state_->failure) std::rethrow_exception(state_->failure);
  try {
    return state_->read(target);
  } catch (...) {
    state_->failure = std::current_exception();
    throw;
  }
}

}  // namespace lifeboat::age
