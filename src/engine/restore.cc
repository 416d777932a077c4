#include "engine/restore.h"

#include <algorithm>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "codec/tar/tar.h"
#include "engine/scratch.h"
#include "io/pipeline.h"
#include "snapshot/archive_reader.h"
#include "snapshot/catalog.h"
#include "snapshot/index_io.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

// The target must be ours to make: what is there is never mixed with what comes back.
void check_target(const fs::path& target) {
  std::error_code error;
  const auto status = fs::symlink_status(target, error);
  if (!fs::exists(status)) return;
  if (fs::is_directory(status) && fs::is_empty(target, error) && !error) return;
  throw Error(ErrorKind::usage,
              format("restore to '{}': it exists and is not an empty folder", target.native()))
      .hint("Name a folder that does not exist yet; compare and copy from there.");
}

std::vector<std::string> chosen_services(const RestoreRequest& request, const Manifest& manifest,
                                         std::vector<std::string>& warnings) {
  std::vector<std::string> names;
  for (const ManifestService& service : manifest.services) names.push_back(service.name);
  for (const std::string& wanted : request.services) {
    if (std::find(names.begin(), names.end(), wanted) != names.end()) continue;
    throw Error(ErrorKind::usage, format("restore service '{}': snapshot {} has no such service",
                                         wanted, request.id.text()))
        .hint(format("It has: {}.", join(names, ", ")));
  }
  std::vector<std::string> chosen;
  for (const ManifestService& service : manifest.services) {
    const bool wanted = request.services.empty() ||
                        std::find(request.services.begin(), request.services.end(), service.name) !=
                            request.services.end();
    if (!wanted) continue;
    if (service.ok || request.include_failed) {
      chosen.push_back(service.name);
      continue;
    }
    const std::string failed = format("service '{}' failed when this snapshot was made: {}",
                                      service.name, printable(service.error));
    if (!request.services.empty()) {
      throw Error(ErrorKind::verification, failed)
          .hint("Take it from an older snapshot; see 'lifeboat list'.");
    }
    warnings.push_back(failed + "; it was left out");
  }
  return chosen;
}

class Restore {
 public:
  Restore(const RestoreRequest& request, Environment& environment)
      : request_(request), environment_(environment) {}

  RestoreResult run() {
    const auto begin = environment_.clock.steady_now();
    check_target(request_.target);
    result_.manifest = load_manifest(environment_.store, request_.id);
    for (std::string& name : chosen_services(request_, result_.manifest, result_.warnings)) {
      services_.insert(std::move(name));
    }
    const fs::path target = fs::absolute(request_.target).lexically_normal();
    const fs::path parent =
        target.has_filename() ? target.parent_path() : target.parent_path().parent_path();
    const Scratch aside(parent, ".lifeboat-restore-", environment_.random);
    extract_to(aside.path());
    finish_services(aside.path());
    place(aside.path(), target);
    result_.duration = environment_.clock.steady_now() - begin;
    return std::move(result_);
  }

 private:
  bool wanted(const IndexMember& member) const {
    return member.service.empty() ? request_.services.empty() : services_.contains(member.service);
  }

  void extract_to(const fs::path& root) {
    tar::Extractor extractor(root, {});
    const MemberVisitor visit = [&](const tar::Entry& entry, const IndexMember& member,
                                    Source* content) {
      if (!wanted(member)) return;
      extractor.extract(entry, content);
      result_.members += 1;
      result_.bytes += stored_size(entry.meta, entry.size);
    };
    if (request_.services.empty()) {
      extract_all(visit);
    } else {
      extract_some(visit);
    }
    extractor.finish();
    for (const std::string& warning : extractor.warnings()) result_.warnings.push_back(warning);
  }

  void extract_all(const MemberVisitor& visit) {
    environment_.progress.begin(format("restore {}", request_.id.text()),
                                result_.manifest.archive.bytes);
    const ArchiveReadOptions options{request_.identities, environment_.stop,
                                     [&](uint64_t bytes) { environment_.progress.advance(bytes); }};
    walk_archive(environment_.store, result_.manifest, options, visit);
  }

  void extract_some(const MemberVisitor& visit) {
    const auto source = open_index(environment_.store, result_.manifest, request_.identities);
    IndexReader index(*source);
    ArchiveRanges ranges(environment_.store, result_.manifest, request_.identities);
    while (const auto member = index.next()) {
      environment_.stop.throw_if_stopped();
      if (!wanted(*member)) continue;
      environment_.progress.begin(member->meta.path, stored_size(member->meta, member->size));
      ranges.read_member(*member, visit);
      environment_.progress.advance(stored_size(member->meta, member->size));
    }
  }

  void finish_services(const fs::path& root) {
    for (const ManifestService& service : result_.manifest.services) {
      const Recipe* recipe = environment_.recipes.find(service.recipe);
      if (!services_.contains(service.name) || recipe == nullptr) continue;
      if (fs::exists(root / service.name)) recipe->after_restore(root / service.name);
    }
  }

  // One rename: the target is whole or not there.
  static void place(const fs::path& aside, const fs::path& target) {
    std::error_code error;
    fs::rename(aside, target, error);
    if (!error) return;
    throw system_error(ErrorKind::limit, format("move the restored files to '{}'", target.native()),
                       error.value());
  }

  const RestoreRequest& request_;
  Environment& environment_;
  RestoreResult result_;
  std::set<std::string> services_;
};

}  // namespace

RestoreResult restore_snapshot(const RestoreRequest& request, Environment& environment) {
  return with_context(format("restore {}", request.id.text()),
                      [&] { return Restore(request, environment).run(); });
}

void list_members(const SnapshotId& id, std::span<const age::Identity> identities,
                  Environment& environment, const std::function<void(const IndexMember&)>& visit) {
  with_context(format("list members of {}", id.text()), [&] {
    const Manifest manifest = load_manifest(environment.store, id);
    const auto source = open_index(environment.store, manifest, identities);
    IndexReader index(*source);
    while (const auto member = index.next()) {
      environment.stop.throw_if_stopped();
      visit(*member);
    }
  });
}

void cat_member(const SnapshotId& id, std::string_view path,
                std::span<const age::Identity> identities, Environment& environment, Sink& target) {
  with_context(format("read '{}' of {}", printable(path), id.text()), [&] {
    const Manifest manifest = load_manifest(environment.store, id);
    std::optional<IndexMember> found;  // of several, the last: it superseded the others
    {
      const auto source = open_index(environment.store, manifest, identities);
      IndexReader index(*source);
      while (auto member = index.next()) {
        if (member->meta.path == path) found = std::move(member);
      }
    }
    if (!found) {
      throw Error(ErrorKind::usage, "the snapshot has no such member")
          .hint(format("List its members with: lifeboat ls {}", id.text()));
    }
    if (found->meta.type != FileType::file) {
      throw Error(ErrorKind::usage, "it is not a file")
          .hint("Restore its service with: lifeboat restore SNAPSHOT SERVICE --to DIR");
    }
    if (found->incomplete) {
      throw Error(ErrorKind::verification, "it is incomplete: its service failed during backup")
          .hint("Take it from an older snapshot; see 'lifeboat list'.");
    }
    ArchiveRanges ranges(environment.store, manifest, identities);
    ranges.read_member(
        *found, [&](const tar::Entry& entry, const IndexMember& member, Source* content) {
          environment.progress.begin(member.meta.path, entry.size);
          const ProgressFn advance = [&](uint64_t bytes) { environment.progress.advance(bytes); };
          if (!entry.meta.is_sparse) {
            pump(*content, target, environment.stop, advance);
            return;
          }
          tar::SparseSource whole(*content, entry.meta, entry.size);
          pump(whole, target, environment.stop, advance);
        });
  });
}

}  // namespace lifeboat
