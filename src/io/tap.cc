#include "io/tap.h"

#include "base/error.h"

namespace lifeboat {

const StreamSummary& TapSink::summary() const {
  ensure(is_finished(), "a tap is read after its stream was finished");
  return summary_;
}

void TapSink::do_write(ByteView data) {
  next_.write(data);
  if (other_ != nullptr) {
    Sha256::update_both(hash_, *other_, data);
  } else {
    hash_.update(data);
  }
  summary_.bytes += data.size();
}

void TapSink::do_finish() { summary_.sha256 = hex_encode(hash_.finish()); }

size_t TapSource::read(ByteSpan target) {
  const size_t count = inner_.read(target);
  if (count > 0) {
    hash_.update(target.first(count));
    summary_.bytes += count;
  } else if (!at_end_) {
    at_end_ = true;
    summary_.sha256 = hex_encode(hash_.finish());
  }
  return count;
}

const StreamSummary& TapSource::summary() const {
  ensure(at_end_, "a tap is read after its stream ended");
  return summary_;
}

}  // namespace lifeboat
