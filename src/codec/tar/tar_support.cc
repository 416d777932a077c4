#include "codec/tar/tar_support.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <map>

#include "base/format.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "io/fd.h"
#include "io/pipeline.h"

namespace lifeboat::tar {
namespace {

namespace fs = std::filesystem;

Timestamp time_of(const struct stat& status) {
  return Timestamp(std::chrono::seconds(status.st_mtim.tv_sec) +
                   std::chrono::nanoseconds(status.st_mtim.tv_nsec));
}

std::vector<std::pair<std::string, std::string>> xattrs_of(const fs::path& path) {
  std::array<char, 65536> buffer{};
  const ssize_t size = ::llistxattr(path.c_str(), buffer.data(), buffer.size());
  std::vector<std::pair<std::string, std::string>> xattrs;
  for (ssize_t at = 0; at < size;) {
    const std::string name = buffer.data() + at;
    at += static_cast<ssize_t>(name.size()) + 1;
    std::array<char, 65536> value{};
    const ssize_t length = ::lgetxattr(path.c_str(), name.c_str(), value.data(), value.size());
    if (length >= 0) {
      xattrs.emplace_back(name, std::string(value.data(), static_cast<size_t>(length)));
    }
  }
  return xattrs;
}

std::vector<Extent> extents_of(const fs::path& path, off_t size) {
  const UniqueFd fd = open_file(path, O_RDONLY);
  std::vector<Extent> extents;
  for (off_t at = 0; at < size;) {
    const off_t data = ::lseek(fd.get(), at, SEEK_DATA);
    if (data < 0) break;
    at = ::lseek(fd.get(), data, SEEK_HOLE);
    extents.push_back({static_cast<uint64_t>(data), static_cast<uint64_t>(at - data)});
  }
  return extents;
}

void write_content(const fs::path& path, const FileMeta& meta, uint64_t size, Writer& writer) {
  FileAccess file(open_file(path, O_RDONLY), path, ErrorKind::service);
  const auto runs = meta.is_sparse ? meta.extents : std::vector<Extent>{{0, size}};
  for (const Extent& run : runs) {
    Bytes data(run.size);
    file.read_at(run.offset, data);
    writer.write(data);
  }
}

}  // namespace

FileMeta meta_of(std::string path) {
  FileMeta meta;
  meta.path = std::move(path);
  meta.mode = 0640;
  meta.mtime = parse_time("2026-05-07T02:00:00Z");
  return meta;
}

void archive_folder(const fs::path& folder, Sink& target) {
  Writer writer(target);
  std::map<ino_t, std::string> seen;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const fs::path& path = entry.path();
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) throw Bug("lstat");
    FileMeta meta = meta_of(path.native().substr(folder.native().size() + 1));
    meta.mode = status.st_mode & 07777;
    meta.uid = status.st_uid;
    meta.gid = status.st_gid;
    meta.mtime = time_of(status);
    meta.xattrs = xattrs_of(path);
    uint64_t size = 0;
    if (S_ISDIR(status.st_mode)) {
      meta.type = FileType::directory;
    } else if (S_ISLNK(status.st_mode)) {
      meta.type = FileType::symlink;
      meta.link_target = fs::read_symlink(path).native();
    } else if (const auto first = seen.find(status.st_ino); first != seen.end()) {
      meta.type = FileType::hardlink;
      meta.link_target = first->second;
    } else {
      seen.emplace(status.st_ino, meta.path);
      size = static_cast<uint64_t>(status.st_size);
      if (status.st_blocks * 512 < status.st_size) {
        meta.is_sparse = true;
        meta.extents = extents_of(path, status.st_size);
      }
    }
    writer.begin_member(meta, size);
    if (meta.type == FileType::file) write_content(path, meta, size, writer);
    writer.end_member();
  }
  writer.finish();
}

void extract_all(Source& archive, const fs::path& root, ExtractOptions options) {
  Reader reader(archive);
  Extractor extractor(root, options);
  while (const auto entry = reader.next()) {
    EntrySource content(reader);
    extractor.extract(*entry, &content);
  }
  extractor.finish();
}

std::string describe_tree(const fs::path& folder) {
  std::map<std::string, std::string> lines;
  std::map<ino_t, std::string> groups;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    struct stat status {};
    if (::lstat(entry.path().c_str(), &status) != 0) throw Bug("lstat");
    const std::string name = entry.path().native().substr(folder.native().size() + 1);
    std::string line = format("{:o} {}:{} {}", status.st_mode, status.st_uid, status.st_gid,
                              time_of(status).time_since_epoch().count());
    if (S_ISLNK(status.st_mode)) line += " -> " + fs::read_symlink(entry.path()).native();
    if (S_ISREG(status.st_mode)) {
      const bool is_sparse = status.st_blocks * 512 < status.st_size;
      line +=
          format(" {} {} links={}", status.st_size, is_sparse ? "sparse" : "full", status.st_nlink);
      FdSource content(open_file(entry.path(), O_RDONLY), name);
      NullSink nothing;
      TapSink tap(nothing);
      // What is huge is a hole: its data runs are compared instead.
      if (status.st_size < (1 << 28)) pump(content, tap);
      tap.finish();
      line += " " + tap.summary().sha256.substr(0, 16);
      if (is_sparse) {
        for (const Extent& run : extents_of(entry.path(), status.st_size)) {
          line += format(" {}+{}", run.offset, run.size);
        }
      }
    }
    for (const auto& [key, value] : xattrs_of(entry.path())) {
      line += format(" {}={}", key, hex_encode(as_bytes(value)));
    }
    lines[name] = line;
    if (status.st_nlink > 1 && S_ISREG(status.st_mode)) {
      std::string& group = groups[status.st_ino];
      group = group.empty() ? name : std::min(group, name);
    }
  }
  std::string text;
  for (const auto& [name, line] : lines) {
    struct stat status {};
    (void)::lstat((folder.native() + "/" + name).c_str(), &status);
    const auto group = groups.find(status.st_ino);
    text += format("{}: {}{}\n", printable(name), line,
                   group == groups.end() ? "" : " with " + printable(group->second));
  }
  return text;
}

}  // namespace lifeboat::tar
