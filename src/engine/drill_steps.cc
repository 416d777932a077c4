#include "engine/drill_steps.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "codec/tar/tar.h"
#include "io/fd.h"
#include "io/files.h"
#include "recipe/volume/walk.h"
#include "snapshot/archive_reader.h"
#include "snapshot/index_io.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t facts_bytes_max = 16 * 1024 * 1024;
constexpr size_t faults_told_max = 5;

// Collects what is wrong, telling the first few.
class Faults {
 public:
  void add(const std::string& what) {
    ++count_;
    if (told_.size() < faults_told_max) told_.push_back(what);
  }
  ProbeResult probe(std::string name, std::string expected) const {
    ProbeResult result;
    result.name = std::move(name);
    result.expected = std::move(expected);
    result.passed = count_ == 0;
    result.found = result.passed ? result.expected : format("{} wrong", count_);
    result.evidence = format("{}", join(told_, "; "));
    return result;
  }

 private:
  uint64_t count_ = 0;
  std::vector<std::string> told_;
};

std::string hash_stored(UniqueFd fd, const IndexMember& member) {
  FileAccess file(std::move(fd), printable(member.meta.path), ErrorKind::verification);
  if (file.size() != member.size) return format("{} bytes", file.size());
  std::vector<Extent> extents = member.meta.extents;
  if (!member.meta.is_sparse) extents = {{0, member.size}};
  Sha256 hash;
  Bytes block(256 * 1024);
  for (const Extent& extent : extents) {
    for (uint64_t done = 0; done < extent.size;) {
      const auto count = static_cast<size_t>(std::min<uint64_t>(block.size(), extent.size - done));
      file.read_at(extent.offset + done, ByteSpan(block).first(count));
      hash.update(ByteView(block).first(count));
      done += count;
    }
  }
  return hex_encode(hash.finish());
}

// Opens what is below a root. Folder by folder, since a path below scratch may be longer than the
// kernel takes at once; the last folder is kept, as a neighbour lies in it most of the time.
class Below {
 public:
  explicit Below(int root_fd) : root_fd_(root_fd) {}
  UniqueFd open(std::string_view path, int flags) {
    const size_t slash = path.rfind('/');
    if (slash == path.npos) return open_below(root_fd_, path, flags);
    if (!folder_fd_ || path.substr(0, slash) != folder_) {
      folder_ = path.substr(0, slash);
      folder_fd_ = open_below(root_fd_, folder_, O_RDONLY | O_DIRECTORY);
      if (!folder_fd_) return {};
    }
    return open_below(folder_fd_.get(), path.substr(slash + 1), flags);
  }

 private:
  int root_fd_;
  std::string folder_;
  UniqueFd folder_fd_;
};

// Empty when what lies on disk is what the index says.
std::string compare_with_disk(Below& root, const IndexMember& member) {
  const std::string name = printable(member.meta.path);
  const UniqueFd found = root.open(member.meta.path, O_PATH);
  if (!found) return format("'{}' is missing", name);
  const struct stat status = stat_fd(found.get(), name, ErrorKind::verification);
  switch (member.meta.type) {
    case FileType::directory:
      return S_ISDIR(status.st_mode) ? "" : format("'{}' is not a folder", name);
    case FileType::symlink:
      return S_ISLNK(status.st_mode) ? "" : format("'{}' is not a symbolic link", name);
    case FileType::hardlink:
    case FileType::file:
      break;
  }
  if (!S_ISREG(status.st_mode)) return format("'{}' is not a file", name);
  if (member.meta.type == FileType::hardlink) return "";
  if ((status.st_mode & 07777) != member.meta.mode) return format("'{}' has another mode", name);
  UniqueFd fd = root.open(member.meta.path, O_RDONLY);
  if (!fd) return format("'{}' cannot be read", name);
  if (hash_stored(std::move(fd), member) != member.sha256) {
    return format("'{}' has other content", name);
  }
  return "";
}

// Recipes and their sabotages open restored files by name, as a service would; whoever made the
// snapshot could have put a link to a file of this host there. Such a link stays a link, to
// nothing.
void cut_links_that_lead_out(const fs::path& root, const std::vector<std::string>& links) {
  const UniqueFd folder = open_file(root, O_PATH | O_DIRECTORY, 0, ErrorKind::verification);
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  for (const std::string& link : links) {
    struct stat status {};
    if (::fstatat(folder.get(), link.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (!S_ISLNK(status.st_mode)) continue;
    const UniqueFd end(
        static_cast<int>(::syscall(SYS_openat2, folder.get(), link.c_str(), &how, sizeof how)));
    if (end || errno == ENOENT || errno == ELOOP || errno == ENOTDIR) continue;
    if (::unlinkat(folder.get(), link.c_str(), 0) != 0 ||
        ::symlinkat("/nonexistent/outside-of-the-archive", folder.get(), link.c_str()) != 0) {
      throw system_error(ErrorKind::verification, format("cut the link '{}'", printable(link)),
                         errno);
    }
  }
}

}  // namespace

void DrillSteps::extract(Store& store, const fs::path& root) {
  tar::Extractor extractor(root, {.bytes_max = request_.scratch_bytes_max});
  std::vector<std::string> links;
  const MemberVisitor visit = [&](const tar::Entry& entry, const IndexMember&, Source* content) {
    extractor.extract(entry, content);
    const FileType type = entry.meta.type;
    const bool may_be_link = type == FileType::symlink || type == FileType::hardlink;
    // What is longer, nobody can open by its name.
    if (may_be_link && entry.meta.path.size() < PATH_MAX) links.push_back(entry.meta.path);
  };
  environment_.progress.begin(format("restore {} into scratch", request_.id.text()),
                              manifest_.archive.bytes);
  walk_archive(store, manifest_,
               {request_.identities, environment_.stop,
                [&](uint64_t bytes) { environment_.progress.advance(bytes); },
                /*hash_tar_stream=*/false},
               visit);
  cut_links_that_lead_out(root, links);
  extractor.finish();
}

std::vector<ProbeResult> DrillSteps::probe_archive(const fs::path& root) {
  environment_.progress.begin("compare the restored files with the index", 0);
  const auto source = open_index(environment_.store, manifest_, request_.identities);
  IndexReader index(*source);
  const UniqueFd root_fd = open_file(root, O_RDONLY | O_DIRECTORY, 0, ErrorKind::verification);
  Below below(root_fd.get());
  Faults faults;
  // Only the last of several members with one path is on disk; it is compared when all are known.
  std::map<std::string, std::string> wrong;
  while (auto member = index.next()) {
    environment_.stop.throw_if_stopped();
    const std::string fault = compare_with_disk(below, *member);
    const auto known = wrong.find(member->meta.path);
    if (fault.empty()) {
      if (known != wrong.end()) wrong.erase(known);
    } else {
      wrong[member->meta.path] = fault;
    }
  }
  for (const auto& [path, fault] : wrong) faults.add(fault);
  std::vector<ProbeResult> probes;
  probes.push_back(faults.probe("every member is on disk as the index says",
                                print_count(manifest_.members, "member", "members")));

  Faults differing;
  for (const ManifestService& service : manifest_.services) {
    if (!service.ok) continue;
    const ArchivedFacts* archived = facts_of(root, service.name);
    std::vector<ManifestItem> items;
    if (archived != nullptr) {
      for (const Item& item : archived->facts.items) items.push_back({item.key, item.count});
    }
    if (archived == nullptr || items != service.items) differing.add(service.name);
  }
  probes.push_back(differing.probe("facts.json and the manifest agree",
                                   print_count(manifest_.services.size(), "service", "services")));
  return probes;
}

const ArchivedFacts* DrillSteps::facts_of(const fs::path& root, const std::string& service) {
  if (facts_.empty()) {
    facts_ = parse_facts(read_file(root / "facts.json", facts_bytes_max, ErrorKind::verification));
  }
  const auto found = std::find_if(facts_.begin(), facts_.end(),
                                  [&](const ArchivedFacts& one) { return one.service == service; });
  return found == facts_.end() ? nullptr : &*found;
}

RestoredService DrillSteps::restored(const fs::path& root, const std::string& service) {
  RestoredService result;
  result.name = service;
  result.directory = root / service;
  // An empty folder was backed up as no member at all; what should not be empty its counts tell.
  std::error_code ignored;
  fs::create_directory(result.directory, ignored);
  if (const ArchivedFacts* archived = facts_of(root, service)) result.expected = archived->facts;
  return result;
}

DrilledService DrillSteps::probe_service(const fs::path& root, const ManifestService& service) {
  environment_.progress.begin(format("probe {}", service.name), 0);
  DrilledService drilled;
  drilled.name = service.name;
  drilled.recipe = service.recipe;
  drilled.in_snapshot = service.ok;
  if (!service.ok) return drilled;
  const RestoredService subject = restored(root, service.name);
  drilled.items = subject.expected.items;
  RecipeContext context = environment_.recipe_context();
  try {
    drilled.probes = environment_.recipes.get(service.recipe).probe(subject, context);
    if (drilled.probes.empty()) throw Bug("a recipe without probes proves nothing");
  } catch (const Error& error) {
    // A probe that cannot even ask has its answer.
    drilled.probes.push_back({"the service can be probed", false, "yes", error.what(), ""});
  }
  return drilled;
}

}  // namespace lifeboat
