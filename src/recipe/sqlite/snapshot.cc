#include "recipe/sqlite/snapshot.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "io/fd.h"
#include "io/no_links.h"
#include "recipe/scratch_file.h"
#include "recipe/sqlite/live_pages.h"
#include "recipe/sqlite/wal_reader.h"
#include "recipe/volume/live_file.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr int begin_tries_max = 1000;
constexpr uint64_t copy_block_bytes = 1 << 20;

// SQLite's own words for a missing file are "unable to open database file".
void require_file(const fs::path& path) {
  const UniqueFd fd = open_without_links(path, O_PATH);
  if (!fd) {
    throw system_error(ErrorKind::service, format("open SQLite database '{}'", path.native()),
                       errno);
  }
  if (!S_ISREG(stat_fd(fd.get(), path.native()).st_mode)) {
    throw Error(ErrorKind::service,
                format("open SQLite database '{}': it is no regular file", path.native()));
  }
}

// Ends the transaction with the last byte, once the locks have proved to have held.
class SnapshotSource final : public Source {
 public:
  explicit SnapshotSource(std::shared_ptr<SqliteSnapshot> snapshot)
      : snapshot_(std::move(snapshot)) {}
  size_t read(ByteSpan target) override {
    if (!snapshot_) return 0;
    const uint64_t left = snapshot_->size() - position_;
    if (left == 0) {
      snapshot_->verify_held();
      snapshot_.reset();
      return 0;
    }
    const auto count = static_cast<size_t>(std::min<uint64_t>(target.size(), left));
    snapshot_->read_at(position_, target.first(count));
    position_ += count;
    return count;
  }

 private:
  std::shared_ptr<SqliteSnapshot> snapshot_;
  uint64_t position_ = 0;
};

}  // namespace

struct SqliteSnapshot::State {
  State(const fs::path& path, RecipeContext& context)
      : stop(context.stop), live(std::make_unique<SqliteDatabase>(path, SqliteOpen::live, stop)) {}

  void warm();
  void begin(RecipeContext& context);
  void hold_wal(const WalIndexHead& head);
  void copy_pages(RecipeContext& context);
  void read_wal_page(uint32_t frame, uint32_t page, size_t skip, ByteSpan target);

  StopToken stop;
  std::unique_ptr<SqliteDatabase> live;  // null once the pages were copied
  SqliteSnapshotInfo info;
  WalIndexHead head;  // WAL mode: our commit
  WalIndex wal;       // the pages that are newer than the main file
  std::unique_ptr<ScratchFile> copied;
  std::unique_ptr<SqliteDatabase> view;
};

// Reads the file once before the lock is taken, so that the pass under it comes from the page
// cache.
void SqliteSnapshot::State::warm() {
  SqliteFileAccess main(main_file(*live), *live);
  const uint64_t total = main.size();
  constexpr uint64_t read_version_at = 19;  // 2: a WAL database, which locks nobody out
  Bytes block(copy_block_bytes);
  main.read_at(0, ByteSpan(block).first(read_version_at + 1));
  if (block[read_version_at] == std::byte{2}) return;
  for (uint64_t done = 0; done < total; done += block.size()) {
    stop.throw_if_stopped();
    main.read_at(done, block);
  }
}

// Which commit a read transaction shows is something SQLite does not tell. It is the one whose
// header stands in shared memory both before and after the transaction began: every commit changes
// that header (it holds a counter), so none came in between.
//
// A commit that is wholly backfilled is read from the main file alone: SQLite may then have taken
// read lock 0, under which no checkpoint writes the main file but writers may restart the log.
// Otherwise the read lock is a mark in the log, which keeps the log from being restarted and the
// checkpoints from passing that mark.
void SqliteSnapshot::State::begin(RecipeContext& context) {
  warm();
  bool was_wal = false;
  for (int tries = 0; tries < begin_tries_max; ++tries) {
    stop.throw_if_stopped();
    const std::optional<WalIndexHead> before =
        was_wal ? read_wal_head(*live) : std::optional<WalIndexHead>();
    const auto locked_at = context.clock.steady_now();
    live->exec("BEGIN");
    live->query_integer("SELECT count(*) FROM sqlite_schema");
    info.page_size = static_cast<uint32_t>(live->query_integer("PRAGMA page_size"));
    info.page_count = static_cast<uint64_t>(live->query_integer("PRAGMA page_count"));
    info.is_wal = live->query_text("PRAGMA journal_mode") == "wal";
    if (!info.is_wal) {
      copy_pages(context);
      info.lock_held = context.clock.steady_now() - locked_at;
      return;
    }
    was_wal = true;
    const std::optional<WalIndexHead> after = read_wal_head(*live);
    if (before && after && before->same_commit(*after)) return hold_wal(*after);
    live->exec("ROLLBACK");
  }
  throw Error(ErrorKind::service,
              format("read SQLite database '{}': it was written without a pause, {} tries to get "
                     "a view between two commits failed",
                     live->name(), begin_tries_max))
      .hint("Try again when the service is less busy.")
      .transient();
}

void SqliteSnapshot::State::hold_wal(const WalIndexHead& at) {
  head = at;
  SqliteFileAccess main(main_file(*live), *live);
  if (head.backfilled == head.frame_count()) {
    if (main.size() < info.page_count * info.page_size) {
      throw Error(ErrorKind::service,
                  format("read SQLite database '{}': the file is shorter ({}) than its {} pages",
                         live->name(), print_bytes(main.size()), info.page_count))
          .hint("The database is damaged. An earlier backup may be the way out.");
    }
    return;
  }
  SqliteFileAccess log(wal_file(*live), *live);
  wal = read_wal(log, head.frame_count());
  info.wal_frames = wal.frame_count;
  const bool agrees = wal.frame_count == head.frame_count() && wal.checksum == head.checksum() &&
                      wal.salt.bytes == head.salt() && wal.page_size == info.page_size;
  if (!agrees) {
    throw Error(
        ErrorKind::service,
        format("read SQLite database '{}': its write-ahead log is damaged in frame {} of {}",
               live->name(), wal.frame_count + 1, head.frame_count()))
        .hint("Stop the service and look with: sqlite3 FILE 'PRAGMA integrity_check'.");
  }
}

// Rollback-journal mode: the one pass under the shared lock.
void SqliteSnapshot::State::copy_pages(RecipeContext& context) {
  SqliteFileAccess main(main_file(*live), *live);
  copied = std::make_unique<ScratchFile>(context.spool_dir, context.random);
  const uint64_t total = info.page_count * info.page_size;
  Bytes block(static_cast<size_t>(std::min(copy_block_bytes, std::max<uint64_t>(total, 1))));
  for (uint64_t done = 0; done < total;) {
    stop.throw_if_stopped();
    const auto count = static_cast<size_t>(std::min<uint64_t>(block.size(), total - done));
    main.read_at(done, ByteSpan(block).first(count));
    copied->append(ByteView(block).first(count));
    done += count;
  }
  live.reset();
}

void SqliteSnapshot::State::read_wal_page(uint32_t frame, uint32_t page, size_t skip,
                                          ByteSpan target) {
  SqliteFileAccess log(wal_file(*live), *live);
  std::array<std::byte, wal_frame_header_bytes> header;
  log.read_at(wal.frame_offset(frame), header);
  uint32_t page_there = 0;
  for (size_t at = 0; at < sizeof page_there; ++at) {
    page_there = page_there << 8 | std::to_integer<uint32_t>(header[at]);
  }
  const bool same_log =
      std::equal(wal.salt.bytes.begin(), wal.salt.bytes.end(), header.begin() + 8);
  if (!same_log || page_there != page) {
    throw Error(ErrorKind::service, format("read SQLite database '{}': its write-ahead log was "
                                           "overwritten under our read lock",
                                           live->name()));
  }
  log.read_at(wal.frame_offset(frame) + wal_frame_header_bytes + skip, target);
}

SqliteSnapshot::SqliteSnapshot(std::unique_ptr<State> state) : state_(std::move(state)) {}
SqliteSnapshot::~SqliteSnapshot() = default;

std::shared_ptr<SqliteSnapshot> SqliteSnapshot::open(const fs::path& path, RecipeContext& context) {
  require_file(path);
  auto state = std::make_unique<State>(path, context);
  state->begin(context);
  return std::shared_ptr<SqliteSnapshot>(new SqliteSnapshot(std::move(state)));
}

const SqliteSnapshotInfo& SqliteSnapshot::info() const { return state_->info; }

SqliteDatabase& SqliteSnapshot::database() {
  if (!state_->view) {
    state_->view = std::make_unique<SqliteDatabase>(*this, "snapshot", state_->stop);
  }
  return *state_->view;
}

uint64_t SqliteSnapshot::size() const { return state_->info.page_count * state_->info.page_size; }

void SqliteSnapshot::read_at(uint64_t offset, ByteSpan target) {
  ensure(offset <= size() && target.size() <= size() - offset, "snapshot read beyond its end");
  state_->stop.throw_if_stopped();
  if (state_->copied) return state_->copied->read_at(offset, target);
  SqliteFileAccess main(main_file(*state_->live), *state_->live);
  const std::vector<WalPage>& newer = state_->wal.pages;
  const uint64_t page_size = state_->info.page_size;
  while (!target.empty()) {
    const auto page = static_cast<uint32_t>(offset / page_size + 1);
    const auto next =
        std::lower_bound(newer.begin(), newer.end(), page,
                         [](const WalPage& entry, uint32_t wanted) { return entry.page < wanted; });
    const bool in_log = next != newer.end() && next->page == page;
    // Up to the end of this page if the log has it, else up to the next page that the log has.
    const uint64_t stop_at = in_log                ? page * page_size
                             : next != newer.end() ? (next->page - 1) * page_size
                                                   : size();
    const auto count = static_cast<size_t>(std::min<uint64_t>(target.size(), stop_at - offset));
    if (in_log) {
      state_->read_wal_page(next->frame, page, offset % page_size, target.first(count));
    } else {
      main.read_at(offset, target.first(count));
    }
    target = target.subspan(count);
    offset += count;
  }
}

void SqliteSnapshot::verify_held() const {
  if (state_->copied) return;
  const WalIndexHead& held = state_->head;
  std::optional<WalIndexHead> now;
  while (!now) {
    state_->stop.throw_if_stopped();
    now = read_wal_head(*state_->live);
  }
  const bool same_log = now->salt() == held.salt();
  const bool main_only = state_->wal.frame_count == 0;
  // Under a mark the log cannot restart, and checkpoints stop at our commit. Under lock 0 it can,
  // but no checkpoint runs at all.
  const bool intact =
      same_log ? now->backfilled <= held.frame_count() : main_only && now->backfilled == 0;
  if (!intact) {
    throw Error(ErrorKind::service,
                format("read SQLite database '{}': its locks were lost while it was read",
                       state_->live->name()))
        .hint(
            "Something in this run opened the same file: is it also part of another service, "
            "such as a volume? Exclude it there.");
  }
}

Member snapshot_member(std::shared_ptr<SqliteSnapshot> snapshot, FileMeta meta) {
  Member member;
  member.meta = std::move(meta);
  member.size = snapshot->size();
  // The member gives its share away, so that the transaction ends with the source's last byte.
  member.open = [share = std::move(snapshot)]() mutable -> std::unique_ptr<Source> {
    return std::make_unique<SnapshotSource>(std::move(share));
  };
  return member;
}

Json snapshot_details(const SqliteSnapshotInfo& info) {
  Json details = Json::object();
  details["journal_mode"] = info.is_wal ? "wal" : "rollback";
  details["page_size"] = info.page_size;
  details["page_count"] = info.page_count;
  if (!info.is_wal) {
    details["lock_held_ms"] =
        std::chrono::duration_cast<std::chrono::milliseconds>(info.lock_held).count();
  }
  return details;
}

std::string snapshot_consistency(const SqliteSnapshotInfo& info) {
  return info.is_wal ? "the database and all counts come from one read transaction"
                     : "the database and all counts come from one copy made under SQLite's lock";
}

bool is_sqlite_file(const fs::path& path) {
  const UniqueFd fd = open_without_links(path, O_RDONLY | O_NONBLOCK);
  if (!fd) throw system_error(ErrorKind::service, format("open '{}'", path.native()), errno);
  return begins_as_sqlite(fd.get());
}

}  // namespace lifeboat
