#include "recipe/grafana/export_files.h"

#include <fcntl.h>

#include <algorithm>

#include "base/format.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "io/fd.h"
#include "io/files.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr size_t name_bytes_max = 200;  // of the 255 that a file's name may have

// A range of the content, from its first byte to its last.
class RangeSource final : public Source {
 public:
  RangeSource(std::shared_ptr<ScratchFile> content, uint64_t offset, uint64_t size)
      : content_(std::move(content)), position_(offset), end_(offset + size) {}
  size_t read(ByteSpan target) override {
    const auto count = static_cast<size_t>(std::min<uint64_t>(target.size(), end_ - position_));
    if (count > 0) content_->read_at(position_, target.first(count));
    position_ += count;
    return count;
  }

 private:
  std::shared_ptr<ScratchFile> content_;
  uint64_t position_;
  uint64_t end_;
};

}  // namespace

const std::vector<GrafanaKind>& grafana_kinds() {
  static const std::vector<GrafanaKind> kinds{
      {"folders", "folders", "folder", "folders", false},
      {"datasources", "datasources", "data source", "data sources", false},
      {"library-elements", "library_elements", "library element", "library elements", false},
      {"dashboards", "dashboards", "dashboard", "dashboards", true},
      {"teams", "teams", "team", "teams", false},
      {"templates", "templates", "template", "templates", false},
      {"mute-timings", "mute_timings", "mute timing", "mute timings", false},
      {"contact-points", "contact_points", "contact point", "contact points", false},
      {"alert-rules", "rule_groups", "rule group", "rule groups", false}};
  return kinds;
}

std::string grafana_file_name(const std::string& name) {
  std::string encoded = percent_encode(name);
  if (encoded.starts_with('.')) encoded = "%2E" + encoded.substr(1);
  if (encoded.empty()) return "%";
  if (encoded.size() <= name_bytes_max) return encoded;
  return encoded.substr(0, name_bytes_max / 2) + "-" + sha256_hex(as_bytes(name)).substr(0, 32);
}

ExportFiles::ExportFiles(const fs::path& spool_dir, Random& random)
    : content_(std::make_shared<ScratchFile>(spool_dir, random)) {}

void ExportFiles::put(const std::string& path, const Json& value) {
  const std::string text = print_json(value);
  const Entry entry{content_->size(), text.size()};
  content_->append(as_bytes(text));
  entries_[path] = entry;
}

size_t ExportFiles::count_below(const std::string& folder) const {
  return static_cast<size_t>(
      std::count_if(entries_.begin(), entries_.end(),
                    [&](const auto& entry) { return entry.first.starts_with(folder + "/"); }));
}

std::vector<Member> ExportFiles::members(Timestamp mtime) const {
  std::vector<Member> made;
  for (const auto& [path, entry] : entries_) {
    Member member = text_member(path, "", mtime);
    member.size = entry.size;
    member.open = [content = content_, entry = entry] {
      return std::make_unique<RangeSource>(content, entry.offset, entry.size);
    };
    made.push_back(std::move(member));
  }
  return made;
}

void ExportFiles::write_to(const fs::path& folder) const {
  for (const auto& [path, entry] : entries_) {
    const fs::path file = folder / path;
    make_private_directory(file.parent_path(), ErrorKind::service);
    Bytes text(entry.size);
    content_->read_at(entry.offset, text);
    const UniqueFd fd = open_file(file, O_WRONLY | O_CREAT | O_EXCL, 0600);
    write_fd(fd.get(), text, file.native(), ErrorKind::service);
  }
}

}  // namespace lifeboat
