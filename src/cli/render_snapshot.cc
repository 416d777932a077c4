#include <algorithm>
#include <array>

#include "base/format.h"
#include "base/text.h"
#include "cli/render.h"

namespace lifeboat::cli {
namespace {

std::string print_when(Timestamp time) {
  std::string text = print_time(time);  // 2026-05-07T02:00:00Z
  text[10] = ' ';
  text.pop_back();
  return text;
}

char type_letter(FileType type) {
  switch (type) {
    case FileType::file:
      return '-';
    case FileType::directory:
      return 'd';
    case FileType::symlink:
      return 'l';
    case FileType::hardlink:
      return 'h';
  }
  throw Bug("unknown file type");
}

std::string_view type_name(FileType type) {
  switch (type) {
    case FileType::file:
      return "file";
    case FileType::directory:
      return "directory";
    case FileType::symlink:
      return "symlink";
    case FileType::hardlink:
      return "hardlink";
  }
  throw Bug("unknown file type");
}

// "rwxr-x--T", as ls(1) shows it.
std::string print_mode(uint32_t mode) {
  std::string text = "rwxrwxrwx";
  for (unsigned bit = 0; bit < 9; ++bit) {
    if ((mode & (0400U >> bit)) == 0) text[bit] = '-';
  }
  const auto special = [&](uint32_t mask, size_t at, char letter) {
    if ((mode & mask) == 0) return;
    text[at] = text[at] == '-' ? static_cast<char>(letter - 'a' + 'A') : letter;
  };
  special(04000, 2, 's');
  special(02000, 5, 's');
  special(01000, 8, 't');
  return text;
}

std::string print_owner(const FileMeta& meta) {
  const auto name = [](const std::string& text, uint64_t number) {
    return text.empty() ? std::to_string(number) : printable(text);
  };
  return format("{}/{}", name(meta.user, meta.uid), name(meta.group, meta.gid));
}

std::string print_items(const ManifestService& service) {
  std::vector<std::string> items;
  for (const ManifestItem& item : service.items) {
    items.push_back(format("{} {}", printable(item.key), item.count));
  }
  return format("{}", join(items, ", "));
}

size_t failed_services(const Manifest& manifest) {
  return static_cast<size_t>(
      std::count_if(manifest.services.begin(), manifest.services.end(),
                    [](const ManifestService& service) { return !service.ok; }));
}

}  // namespace

std::string render_list(const std::vector<ListedSnapshot>& snapshots, Timestamp now,
                        const Style& style) {
  Table table({{"SNAPSHOT"},
               {"AGE", Align::right},
               {"SIZE", Align::right},
               {"RAW", Align::right},
               {"SERVICES", Align::right},
               {"STATUS"}});
  for (const ListedSnapshot& snapshot : snapshots) {
    if (!snapshot.damage.empty()) {
      table.add_row({snapshot.id.text(), "-", "-", "-", "-",
                     style.bad(format("damaged: {}", printable(snapshot.damage)))});
      continue;
    }
    const Manifest& manifest = snapshot.manifest;
    const size_t failed = failed_services(manifest);
    const size_t total = manifest.services.size();
    std::vector<std::string> names;
    for (const ManifestService& service : manifest.services) {
      if (!service.ok) names.push_back(printable(service.name));
    }
    table.add_row({snapshot.id.text(), print_age(now - manifest.finished),
                   print_bytes(manifest.archive.bytes), print_bytes(manifest.raw.bytes),
                   failed == 0 ? format("{}", total) : format("{} of {}", total - failed, total),
                   !snapshot.distrust.empty()
                       ? style.bad(format("not trusted: {}", snapshot.distrust))
                   : failed == 0 ? style.good("ok")
                                 : style.caution(format("partial: {} failed", join(names, ", ")))});
  }
  return table.print();
}

Json listed_to_json(const ListedSnapshot& snapshot) {
  Json value = {{"snapshot", snapshot.id.text()}, {"tier", tier_name(snapshot.id.tier)}};
  if (snapshot.damage.empty()) {
    value.update(manifest_to_json(snapshot.manifest));
    if (!snapshot.distrust.empty()) value["distrust"] = snapshot.distrust;
  } else {
    value["damage"] = snapshot.damage;
  }
  return value;
}

std::string render_member(const IndexMember& member) {
  const FileMeta& meta = member.meta;
  std::string line =
      format("{}{} {:<15} {:>11} {} {}", type_letter(meta.type), print_mode(meta.mode),
             print_owner(meta), member.size, print_when(meta.mtime), printable(meta.path));
  if (meta.type == FileType::directory) line += "/";
  if (meta.type == FileType::symlink) line += format(" -> {}", printable(meta.link_target));
  if (meta.type == FileType::hardlink) line += format(" link to {}", printable(meta.link_target));
  if (member.incomplete) line += " (incomplete)";
  return line;
}

Json member_to_json(const IndexMember& member) {
  const FileMeta& meta = member.meta;
  Json value = {{"path", meta.path},
                {"service", member.service},
                {"type", type_name(meta.type)},
                {"mode", format("{:04o}", meta.mode)},
                {"uid", meta.uid},
                {"gid", meta.gid},
                {"user", meta.user},
                {"group", meta.group},
                {"size", member.size},
                {"mtime", print_time(meta.mtime)}};
  if (!meta.link_target.empty()) value["link_target"] = meta.link_target;
  if (!member.sha256.empty()) value["sha256"] = member.sha256;
  if (member.incomplete) value["incomplete"] = true;
  return value;
}

std::string render_backup(const BackupResult& result, std::string_view store_name,
                          const Style& style) {
  const Manifest& manifest = result.manifest;
  std::string text;
  const auto row = [&](std::string_view name, std::string_view value) {
    text += format("{:<10}{}\n", name, value);
  };
  row("snapshot", style.strong(result.id.text()));
  if (result.monthly) row("monthly", result.monthly->text());
  row("store", printable(store_name));
  row("members", format("{}", manifest.members));
  row("raw", print_bytes(manifest.raw.bytes));
  row("stored", print_bytes(manifest.archive.bytes));
  if (result.cache) {
    row("cache", format("{} of {}", result.cache->found,
                        print_count(result.cache->frames, "frame", "frames")));
  }
  row("duration", print_duration(result.duration));
  Table table(
      {{"SERVICE"}, {"STATUS"}, {"MEMBERS", Align::right}, {"RAW", Align::right}, {"ITEMS"}});
  for (const ManifestService& service : manifest.services) {
    table.add_row({printable(service.name), service.ok ? style.good("ok") : style.bad("failed"),
                   format("{}", service.members), print_bytes(service.raw_bytes),
                   print_items(service)});
  }
  return text + "\n" + table.print();
}

Json backup_to_json(const BackupResult& result) {
  return {{"snapshot", result.id.text()},
          {"monthly", result.monthly ? Json(result.monthly->text()) : Json(nullptr)},
          {"partial", result.manifest.is_partial()},
          {"cache", result.cache
                        ? Json{{"frames", result.cache->frames}, {"found", result.cache->found}}
                        : Json(nullptr)},
          {"warnings", result.warnings},
          {"duration_seconds", std::chrono::duration<double>(result.duration).count()},
          {"manifest", manifest_to_json(result.manifest)}};
}

std::string render_verify(const SnapshotId& id, const VerifyResult& result, const Style& style) {
  const std::string what =
      result.decrypted
          ? format("{} read, every hash matches", print_count(result.members, "member", "members"))
          : "stored bytes match the manifest (not decrypted)";
  return format("{} {}: {}, {}, {}\n", style.good("✓"), id.text(), what,
                print_bytes(result.manifest.archive.bytes), print_duration(result.duration));
}

Json verify_to_json(const SnapshotId& id, const VerifyResult& result) {
  const auto& signer = result.manifest.signature;
  return {{"snapshot", id.text()},
          {"ok", true},
          {"decrypted", result.decrypted},
          {"signed_by", signer ? Json(signer->key.text()) : Json(nullptr)},
          {"members", result.members},
          {"stored_bytes", result.manifest.archive.bytes},
          {"duration_seconds", std::chrono::duration<double>(result.duration).count()}};
}

Json restore_to_json(const RestoreRequest& request, const RestoreResult& result) {
  return {{"snapshot", request.id.text()},
          {"target", request.target.native()},
          {"members", result.members},
          {"bytes", result.bytes},
          {"warnings", result.warnings},
          {"duration_seconds", std::chrono::duration<double>(result.duration).count()}};
}

}  // namespace lifeboat::cli
