#include "engine/restore.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "codec/tar/tar.h"
#include "engine/restore_to_scratch.h"
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

// What a person selected, by service; an empty path is the whole service.
struct Selected {
  std::string service;
  std::string path;
  bool found = false;

  bool covers(const IndexMember& member) const {
    if (member.service != service) return false;
    return path.empty() || member.meta.path == path || member.meta.path.starts_with(path + "/");
  }
};

Selected parse_selected(std::string_view text, const SnapshotId& id, const Manifest& manifest) {
  if (text.ends_with('/')) text.remove_suffix(1);
  Selected selected;
  selected.service = text.substr(0, text.find('/'));
  if (text.size() > selected.service.size()) selected.path = text;
  std::vector<std::string> names;
  for (const ManifestService& service : manifest.services) {
    if (service.name == selected.service) return selected;
    names.push_back(service.name);
  }
  throw Error(ErrorKind::usage, format("restore service '{}': snapshot {} has no such service",
                                       printable(selected.service), id.text()))
      .hint(format("It has: {}.", join(names, ", ")));
}

// Members and extents of a selection that are held at once.
constexpr size_t collected_weight_max = 1000;

class Restore {
 public:
  Restore(const RestoreRequest& request, bool is_scratch, Environment& environment)
      : request_(request), is_scratch_(is_scratch), environment_(environment) {}

  RestoreResult run() {
    const auto begin = environment_.clock.steady_now();
    check_target(request_.target);
    result_.manifest = load_manifest(environment_.store, request_.id, environment_.trust);
    // What goes to scratch is to prove itself, or even to take a live service's place.
    if (is_scratch_) check_archive_size(environment_.store, result_.manifest);
    select();
    const fs::path target = fs::absolute(request_.target).lexically_normal();
    const fs::path parent =
        target.has_filename() ? target.parent_path() : target.parent_path().parent_path();
    const Scratch aside(parent, ".lifeboat-restore-", environment_.random);
    extract_to(aside.path());
    finish_services(aside.path());
    if (!is_scratch_) sync_all(aside.path());
    place(aside.path(), target);
    result_.duration = environment_.clock.steady_now() - begin;
    return std::move(result_);
  }

 private:
  // What was asked for, less the services that failed at backup time.
  void select() {
    for (const std::string& text : request_.selection) {
      selection_.push_back(parse_selected(text, request_.id, result_.manifest));
    }
    for (const ManifestService& service : result_.manifest.services) {
      if (service.ok || request_.include_failed) continue;
      const std::string failed = format("service '{}' failed when this snapshot was made: {}",
                                        service.name, printable(service.error));
      if (is_selected(service.name)) {
        throw Error(ErrorKind::verification, failed)
            .hint("Take it from an older snapshot; see 'lifeboat list'.");
      }
      left_out_.insert(service.name);
      if (selection_.empty()) result_.warnings.push_back(failed + "; it was left out");
    }
  }

  bool is_selected(const std::string& service) const {
    return std::any_of(selection_.begin(), selection_.end(),
                       [&](const Selected& one) { return one.service == service; });
  }

  bool is_whole(const std::string& service) const {
    return selection_.empty() ||
           std::any_of(selection_.begin(), selection_.end(), [&](const Selected& one) {
             return one.service == service && one.path.empty();
           });
  }

  bool wanted(const IndexMember& member) {
    if (selection_.empty()) return !left_out_.contains(member.service);
    bool is_wanted = false;
    for (Selected& selected : selection_) {
      if (!selected.covers(member)) continue;
      selected.found = true;
      is_wanted = true;
    }
    return is_wanted;
  }

  void extract_to(const fs::path& root) {
    tar::Extractor extractor(root, {.writes_back_early = !is_scratch_});
    const MemberVisitor visit = [&](const tar::Entry& entry, const IndexMember&, Source* content) {
      extractor.extract(entry, content);
      result_.members += 1;
      result_.bytes += stored_size(entry.meta, entry.size);
    };
    if (selection_.empty()) {
      extract_all(visit);
    } else {
      extract_some(visit);
    }
    for (const Selected& selected : selection_) {
      if (selected.found || selected.path.empty()) continue;
      throw Error(ErrorKind::usage,
                  format("find '{}': the snapshot has no such member", printable(selected.path)))
          .hint(format("List its members with: lifeboat ls {}", request_.id.text()));
    }
    extractor.finish();
    for (const std::string& warning : extractor.warnings()) result_.warnings.push_back(warning);
  }

  void extract_all(const MemberVisitor& visit) {
    environment_.progress.begin(format("restore {}", request_.id.text()),
                                result_.manifest.archive.bytes);
    const ArchiveReadOptions options{request_.identities, environment_.stop,
                                     [&](uint64_t bytes) { environment_.progress.advance(bytes); },
                                     /*hash_tar_stream=*/false};
    walk_archive(environment_.store, result_.manifest, options,
                 [&](const tar::Entry& entry, const IndexMember& member, Source* content) {
                   if (wanted(member)) visit(entry, member, content);
                 });
  }

  void extract_some(const MemberVisitor& visit) {
    const auto source = open_index(environment_.store, result_.manifest, request_.identities);
    IndexReader index(*source);
    std::optional<ArchiveRanges> ranges;
    // A few members are collected first: the index's end spares a request for the seek table.
    std::vector<IndexMember> collected;
    size_t weight = 0;
    const auto extract_collected = [&](const IndexTail* tail) {
      if (!ranges) ranges.emplace(environment_.store, result_.manifest, request_.identities, tail);
      for (const IndexMember& member : collected) {
        environment_.stop.throw_if_stopped();
        environment_.progress.begin(member.meta.path, stored_size(member.meta, member.size));
        ranges->read_member(member, visit);
        environment_.progress.advance(stored_size(member.meta, member.size));
      }
      collected.clear();
      weight = 0;
    };
    while (auto member = index.next()) {
      environment_.stop.throw_if_stopped();
      if (!wanted(*member)) continue;
      weight += 1 + member->meta.extents.size();
      collected.push_back(std::move(*member));
      if (weight > collected_weight_max) extract_collected(nullptr);
    }
    if (!collected.empty()) extract_collected(&index.tail());
  }

  void finish_services(const fs::path& root) {
    for (const ManifestService& service : result_.manifest.services) {
      const Recipe* recipe = environment_.recipes.find(service.recipe);
      if (recipe == nullptr || !is_whole(service.name)) continue;
      const fs::path folder = root / service.name;
      std::error_code error;
      const auto status = fs::symlink_status(folder, error);
      // A link could lead anywhere.
      if (status.type() == fs::file_type::not_found || fs::is_symlink(status)) continue;
      if (error) {
        throw system_error(ErrorKind::limit, format("look at '{}'", printable(folder.native())),
                           error.value());
      }
      recipe->after_restore(folder);
    }
  }

  // In one go, since an fsync for each of a million files takes hours.
  static void sync_all(const fs::path& aside) {
    const UniqueFd folder = open_file(aside, O_RDONLY | O_DIRECTORY, 0, ErrorKind::limit);
    if (::syncfs(folder.get()) != 0) {
      throw system_error(ErrorKind::limit, format("write to '{}'", aside.native()), errno);
    }
  }

  // One rename: the target is whole or not there, also after a power cut.
  static void place(const fs::path& aside, const fs::path& target) {
    std::error_code error;
    fs::rename(aside, target, error);
    if (error) {
      throw system_error(ErrorKind::limit,
                         format("move the restored files to '{}'", target.native()), error.value());
    }
    try {
      sync_directory(aside.parent_path(), ErrorKind::limit);
    } catch (const Error&) {
      fs::rename(target, aside, error);  // what failed is not there
      throw;
    }
  }

  const RestoreRequest& request_;
  bool is_scratch_;
  Environment& environment_;
  RestoreResult result_;
  std::vector<Selected> selection_;
  std::set<std::string> left_out_;
};

}  // namespace

RestoreResult restore_snapshot(const RestoreRequest& request, Environment& environment) {
  return with_context(format("restore {}", request.id.text()),
                      [&] { return Restore(request, false, environment).run(); });
}

RestoreResult restore_to_scratch(const RestoreRequest& request, Environment& environment) {
  return with_context(format("restore {}", request.id.text()),
                      [&] { return Restore(request, true, environment).run(); });
}

void list_members(const SnapshotId& id, std::span<const age::Identity> identities,
                  Environment& environment, const std::function<void(const IndexMember&)>& visit) {
  with_context(format("list members of {}", id.text()), [&] {
    const Manifest manifest = load_manifest(environment.store, id, environment.trust);
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
    const Manifest manifest = load_manifest(environment.store, id, environment.trust);
    std::optional<IndexMember> found;  // of several, the last: it superseded the others
    const auto source = open_index(environment.store, manifest, identities);
    IndexReader index(*source);
    while (auto member = index.next()) {
      if (member->meta.path == path) found = std::move(member);
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
    ArchiveRanges ranges(environment.store, manifest, identities, &index.tail());
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
