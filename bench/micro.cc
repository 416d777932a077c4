// Micro benchmarks of what every byte of a backup passes through, for `./dev bench micro`: so that
// a change of one stage is seen where the whole is too noisy. Bytes per second are those of the
// input.
//
// LIFEBOAT_BENCH_DATABASE names the SQLite database that is streamed; without it that part is
// skipped.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "codec/age/age.h"
#include "codec/tar/tar.h"
#include "codec/zstd/zstd.h"
#include "crypto/hash.h"
#include "io/sink.h"
#include "recipe/recipe.h"
#include "recipe/sqlite/snapshot.h"
#include "store/s3/sigv4.h"

namespace lifeboat {
namespace {

constexpr size_t data_bytes = 16 * 1024 * 1024;
constexpr size_t step_bytes = 256 * 1024;

SystemRandom& random_source() {
  static SystemRandom random;
  return random;
}

// Text that compresses to about a fifth, as a service's does.
const Bytes& text() {
  static const Bytes data = [] {
    std::string made;
    for (uint32_t number = 1; made.size() < data_bytes; number = number * 1664525U + 1013904223U) {
      made +=
          "{\"id\":" + std::to_string(number) + ",\"status\":\"success\",\"customer\":{\"name\":\"";
      made += std::to_string(number % 977) +
              "\",\"country\":\"DE\"},\"amount\":" + std::to_string(number % 99991) + "},";
    }
    made.resize(data_bytes);
    return to_bytes(made);
  }();
  return data;
}

void write_in_steps(Sink& sink, ByteView data) {
  for (size_t at = 0; at < data.size(); at += step_bytes) {
    sink.write(data.subspan(at, std::min(step_bytes, data.size() - at)));
  }
}

void read_out(Source& source) {
  Bytes block(step_bytes);
  while (source.read(block) > 0) {
  }
}

void counted(benchmark::State& state, size_t bytes) {
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * bytes));
}

void sha256(benchmark::State& state) {
  for (auto _ : state) {
    Sha256 hash;
    hash.update(text());
    benchmark::DoNotOptimize(hash.finish());
  }
  counted(state, data_bytes);
}
BENCHMARK(sha256);

// Of a member and of the tar stream around it.
void sha256_of_both(benchmark::State& state) {
  for (auto _ : state) {
    Sha256 left;
    Sha256 right;
    Sha256::update_both(left, right, text());
    benchmark::DoNotOptimize(left.finish());
    benchmark::DoNotOptimize(right.finish());
  }
  counted(state, data_bytes);
}
BENCHMARK(sha256_of_both);

void age_encrypt(benchmark::State& state) {
  const age::Recipient recipient = age::Identity::generate(random_source()).recipient();
  for (auto _ : state) {
    NullSink out;
    age::EncryptSink sink(out, {&recipient, 1}, random_source());
    write_in_steps(sink, text());
    sink.finish();
  }
  counted(state, data_bytes);
}
BENCHMARK(age_encrypt);

void age_decrypt(benchmark::State& state) {
  const age::Identity identity = age::Identity::generate(random_source());
  const age::Recipient recipient = identity.recipient();
  MemorySink stored;
  age::EncryptSink sink(stored, {&recipient, 1}, random_source());
  sink.write(text());
  sink.finish();
  for (auto _ : state) {
    MemorySource input(stored.bytes());
    age::DecryptSource source(input, {&identity, 1});
    read_out(source);
  }
  counted(state, data_bytes);
}
BENCHMARK(age_decrypt);

// The argument is the level.
void zstd_frames(benchmark::State& state) {
  for (auto _ : state) {
    NullSink out;
    zstd::FrameSink sink(out, {.level = static_cast<int>(state.range(0))});
    write_in_steps(sink, text());
    sink.finish();
  }
  counted(state, data_bytes);
}
BENCHMARK(zstd_frames)->Arg(3)->Arg(9)->MeasureProcessCPUTime()->UseRealTime();

void zstd_read(benchmark::State& state) {
  MemorySink stored;
  zstd::FrameSink sink(stored, {});
  sink.write(text());
  sink.finish();
  for (auto _ : state) {
    MemorySource input(stored.bytes());
    zstd::DecompressSource source(input);
    read_out(source);
  }
  counted(state, data_bytes);
}
BENCHMARK(zstd_read);

// Small files: the headers are the work. The argument is their size.
void write_tar(Sink& sink, size_t member_bytes) {
  tar::Writer writer(sink);
  for (size_t at = 0; at + member_bytes <= data_bytes; at += member_bytes) {
    FileMeta meta;
    meta.path = "files/folder/" + std::to_string(at) + ".json";
    writer.begin_member(meta, member_bytes);
    writer.write(ByteView(text()).subspan(at, member_bytes));
    writer.end_member();
  }
  writer.finish();
}

void tar_write(benchmark::State& state) {
  for (auto _ : state) {
    NullSink out;
    write_tar(out, static_cast<size_t>(state.range(0)));
  }
  counted(state, data_bytes);
}
BENCHMARK(tar_write)->Arg(1024)->Arg(1024 * 1024);

void tar_read(benchmark::State& state) {
  MemorySink stored;
  write_tar(stored, static_cast<size_t>(state.range(0)));
  for (auto _ : state) {
    MemorySource input(stored.bytes());
    tar::Reader reader(input);
    while (reader.next()) {
    }
  }
  counted(state, data_bytes);
}
BENCHMARK(tar_read)->Arg(1024)->Arg(1024 * 1024);

void sigv4(benchmark::State& state) {
  const SigV4Request request{
      .method = "PUT",
      .path = "/bucket/vps-h1/2026-05-07/backup.tar.zst.age",
      .query = {{"partNumber", "17"}, {"uploadId", "abcdefghijklmnop"}},
      .headers = {{"host", "s3.example.org"}, {"x-amz-date", "20260507T020000Z"}},
      .body_sha256 = std::string(empty_body_sha256)};
  const SigV4Scope scope{.region = "eu-central-1", .time = parse_time("2026-05-07T02:00:00Z")};
  const S3Credentials credentials{.access_key = "AKIAEXAMPLE",
                                  .secret_key = std::make_shared<const Secret>("secret"),
                                  .session_token = nullptr};
  for (auto _ : state) {
    benchmark::DoNotOptimize(sigv4_authorization(request, scope, credentials));
  }
}
BENCHMARK(sigv4);

void sqlite_stream(benchmark::State& state) {
  const char* path = std::getenv("LIFEBOAT_BENCH_DATABASE");
  if (path == nullptr) return state.SkipWithError("LIFEBOAT_BENCH_DATABASE is not set");
  SystemClock clock;
  RecipeContext context{clock, random_source(), {}, "/var/tmp", {}, {}};
  Bytes block(step_bytes);
  uint64_t bytes = 0;
  for (auto _ : state) {
    const auto snapshot = SqliteSnapshot::open(path, context);
    bytes = snapshot->size();
    for (uint64_t at = 0; at < bytes; at += step_bytes) {
      const auto count = static_cast<size_t>(std::min<uint64_t>(step_bytes, bytes - at));
      snapshot->read_at(at, ByteSpan(block).first(count));
    }
  }
  counted(state, bytes);
}
BENCHMARK(sqlite_stream);

}  // namespace
}  // namespace lifeboat

BENCHMARK_MAIN();
