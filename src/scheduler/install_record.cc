#include "scheduler/install_record.h"

#include <sys/stat.h>

#include <array>
#include <cerrno>

#include "base/error.h"
#include "base/format.h"
#include "base/json.h"
#include "crypto/base64.h"
#include "io/files.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;
using Kind = FileChange::Kind;

constexpr uint64_t file_bytes_max = 1 << 20;
constexpr uint64_t record_bytes_max = 16 << 20;
constexpr int record_version = 1;

constexpr std::array<std::pair<Kind, std::string_view>, 4> kind_names{{{Kind::file, "file"},
                                                                       {Kind::link, "link"},
                                                                       {Kind::folder, "folder"},
                                                                       {Kind::record, "record"}}};

std::string_view name_of(Kind kind) {
  for (const auto& [value, name] : kind_names) {
    if (value == kind) return name;
  }
  throw Bug("a kind without a name");
}

Kind kind_of(const std::string& text) {
  for (const auto& [value, name] : kind_names) {
    if (name == text) return value;
  }
  throw Error(ErrorKind::config, "an unknown kind of file");
}

// Base64, since a file that was there before need not be UTF-8.
Json state_to_json(const PathState& state) {
  return {{"kind", name_of(state.kind)},
          {"text", base64_encode_standard(as_bytes(state.text))},
          {"mode", state.mode},
          {"user", state.user},
          {"group", state.group}};
}

PathState state_from_json(const Json& json) {
  const auto text = base64_decode_secret(json.at("text").get<std::string>());
  if (!text) throw Error(ErrorKind::config, "a text that is no base64");
  return {kind_of(json.at("kind").get<std::string>()), std::string(text->reveal()),
          json.at("mode").get<uint32_t>(), json.at("user").get<uint32_t>(),
          json.at("group").get<uint32_t>()};
}

}  // namespace

fs::path below(const fs::path& root, const fs::path& path) { return root / path.relative_path(); }

std::optional<PathState> look_at(const fs::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return {};
    throw system_error(ErrorKind::config, format("look at '{}'", path.native()), errno);
  }
  PathState state{Kind::file, "", status.st_mode & 07777, status.st_uid, status.st_gid};
  if (S_ISLNK(status.st_mode)) {
    state.kind = Kind::link;
    state.text = fs::read_symlink(path).native();
  } else if (S_ISDIR(status.st_mode)) {
    state.kind = Kind::folder;
  } else if (S_ISREG(status.st_mode)) {
    state.text = read_file(path, file_bytes_max, ErrorKind::config);
  } else {
    throw Error(ErrorKind::config, format("look at '{}': it is no file", path.native()));
  }
  return state;
}

std::vector<RecordedFile> load_record(const fs::path& root) {
  const fs::path path = below(root, record_path);
  std::vector<RecordedFile> files;
  std::error_code missing;
  if (!fs::exists(path, missing)) return files;
  return with_context([&] { return format("read what an install wrote from '{}'", path.native()); },
                      [&] {
                        const Json json =
                            parse_json(read_file(path, record_bytes_max, ErrorKind::config), "it");
                        try {
                          if (json.at("version").get<int>() != record_version) {
                            throw Error(ErrorKind::config, "it is of another version of lifeboat")
                                .hint("Use the lifeboat that installed it, or a newer one.");
                          }
                          for (const Json& one : json.at("files")) {
                            RecordedFile file{one.at("path").get<std::string>(),
                                              kind_of(one.at("kind").get<std::string>()),
                                              one.at("written").get<std::string>(),
                                              one.at("mode").get<uint32_t>(),
                                              {}};
                            if (!one.at("before").is_null())
                              file.before = state_from_json(one.at("before"));
                            files.push_back(std::move(file));
                          }
                        } catch (const Json::exception& error) {
                          throw Error(ErrorKind::config, error.what());
                        }
                        return files;
                      });
}

std::string print_record(const std::vector<RecordedFile>& files) {
  Json list = Json::array();
  for (const RecordedFile& file : files) {
    list.push_back({{"path", file.path.native()},
                    {"kind", name_of(file.kind)},
                    {"written", file.written},
                    {"mode", file.mode},
                    {"before", file.before ? state_to_json(*file.before) : Json(nullptr)}});
  }
  return print_json({{"version", record_version}, {"files", list}});
}

}  // namespace lifeboat
