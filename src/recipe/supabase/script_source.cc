#include "recipe/supabase/script_source.h"

#include <algorithm>
#include <cstring>

namespace lifeboat {
namespace {

constexpr size_t block_bytes = 256 * 1024;

}  // namespace

ScriptSource::ScriptSource(std::unique_ptr<Source> inner, ScriptParts parts,
                           std::shared_ptr<DumpScan> scan)
    : inner_(std::move(inner)),
      parts_(std::move(parts)),
      scan_(std::move(scan)),
      lexer_({.on_line =
                  [this](std::string_view line, bool at_top) {
                    ready_ += at_top ? parts_.adapt(line) : std::string(line);
                    ready_ += '\n';
                  }}),
      block_(block_bytes) {}

void ScriptSource::fill() {
  ready_.clear();
  given_ = 0;
  if (!has_begun_) {
    has_begun_ = true;
    ready_ = parts_.before;
    return;
  }
  const size_t count = inner_->read(block_);
  const ByteView data = ByteView(block_).first(count);
  if (count == 0) {
    has_ended_ = true;
    ready_ = parts_.behind;
  } else if (parts_.adapt) {
    lexer_.feed(data);  // a dump ends with a line's end; what does not is no whole dump
  } else {
    ready_ = as_text(data);
  }
}

size_t ScriptSource::read(ByteSpan target) {
  while (given_ == ready_.size()) {
    if (has_ended_) return 0;
    fill();
  }
  const size_t count = std::min(target.size(), ready_.size() - given_);
  std::memcpy(target.data(), ready_.data() + given_, count);
  given_ += count;
  scan_->feed(ByteView(target).first(count));
  return count;
}

}  // namespace lifeboat
