#include "store/store.h"

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "store/key_rules.h"

namespace lifeboat {
namespace {

constexpr size_t key_bytes_max = 1024;

bool is_key_char(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= '0' && letter <= '9') || letter == '.' || letter == '_' || letter == '=' ||
         letter == '-';
}

}  // namespace

bool is_key_segment(std::string_view name) {
  return !name.empty() && name.front() != '.' && std::all_of(name.begin(), name.end(), is_key_char);
}

bool is_key(std::string_view key) {
  const std::vector<std::string> segments = split(key, '/');
  return key.size() <= key_bytes_max &&
         std::all_of(segments.begin(), segments.end(), is_key_segment);
}

void check_key(std::string_view key) {
  if (!is_key(key)) throw Bug(format("'{}' is not a key for a store", printable(key)));
}

Error no_such_object(std::string_view attempted, std::string_view store) {
  return Error(ErrorKind::store, format("{}: {} holds no such object", attempted, store))
      .hint("See what is there with 'lifeboat list', or check that this is the right store.");
}

void check_range(const std::string& key, uint64_t offset, uint64_t size) {
  if (offset <= size) return;
  throw Error(ErrorKind::store, format("read '{}' at {}: it has only {} bytes", key, offset, size))
      .hint("The object is shorter than its snapshot says: run 'lifeboat verify'.");
}

ObjectAccess::ObjectAccess(Store& store, std::string key) : store_(store), key_(std::move(key)) {
  const std::optional<ObjectInfo> info = store_.stat(key_);
  if (!info) throw no_such_object(format("open '{}'", key_), store_.name());
  size_ = info->size;
}

void ObjectAccess::read_at(uint64_t offset, ByteSpan target) {
  if (offset > size_ || target.size() > size_ - offset) {
    throw Error(ErrorKind::verification, format("read {} bytes of '{}' at {}: it has only {} bytes",
                                                target.size(), key_, offset, size_));
  }
  if (target.empty()) return;
  const auto source = store_.open(key_, {.offset = offset, .size = target.size()});
  const size_t count = read_full(*source, target);
  if (count < target.size()) {
    throw Error(ErrorKind::store, format("read {} bytes of '{}' at {}: got only {}", target.size(),
                                         key_, offset, count));
  }
}

}  // namespace lifeboat
