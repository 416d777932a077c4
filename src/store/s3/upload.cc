#include "store/s3/upload.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "base/format.h"
#include "base/text.h"
#include "store/s3/s3_objects.h"

namespace lifeboat {
namespace {

constexpr uint64_t mebibyte = 1 << 20;
constexpr std::chrono::milliseconds stop_poll{200};

// Memory that is not touched before it is used: most objects are far smaller than a part.
struct Part {
  std::unique_ptr<std::byte[]> data;
  size_t size = 0;
  unsigned number = 0;

  ByteView view() const { return {data.get(), size}; }
};

}  // namespace

uint64_t upload_part_bytes(const S3Options& options, uint64_t size_estimate) {
  const uint64_t size = std::min(size_estimate, s3_object_bytes_max);
  const uint64_t wanted = (size + size / 10 + s3_parts_max - 1) / s3_parts_max;
  if (wanted <= options.part_bytes) return options.part_bytes;
  return std::min((wanted + mebibyte - 1) / mebibyte * mebibyte, s3_part_bytes_max);
}

struct UploadSink::State {
  State(S3Client& s3_client, std::string object_key, uint64_t size_estimate, StopToken stop_token)
      : client(s3_client),
        key(std::move(object_key)),
        stop(std::move(stop_token)),
        part_bytes(upload_part_bytes(s3_client.options(), size_estimate)),
        workers(std::max(1u, s3_client.options().upload_workers)) {}

  ~State() {
    cancel.request_stop();
    join();
    if (upload && !is_complete) s3_abort_quietly(client, *upload);
  }

  void join() {
    {
      const std::lock_guard lock(mutex);
      no_more_work = true;
    }
    changed.notify_all();
    for (std::thread& thread : threads) thread.join();
    threads.clear();
  }

  void add(ByteView data) {
    while (!data.empty()) {
      if (filling.size == part_bytes) submit();  // not before more comes: one part is one PUT
      if (!filling.data) take_buffer();
      const auto room = static_cast<size_t>(part_bytes - filling.size);
      const size_t count = std::min(data.size(), room);
      std::copy_n(data.begin(), count, filling.data.get() + filling.size);
      filling.size += count;
      size += count;
      data = data.subspan(count);
    }
  }

  // A buffer that a worker is done with, or a new one while fewer than `workers + 1` are made.
  void take_buffer() {
    std::unique_lock lock(mutex);
    wait(lock, [&] { return !free_buffers.empty() || buffers_made <= workers; });
    if (free_buffers.empty()) {
      ++buffers_made;
      filling.data = std::make_unique_for_overwrite<std::byte[]>(part_bytes);
    } else {
      filling.data = std::move(free_buffers.back());
      free_buffers.pop_back();
    }
    filling.size = 0;
  }

  // Returns once `ready`; throws what a worker met, or Interrupted.
  template <typename Ready>
  void wait(std::unique_lock<std::mutex>& lock, Ready ready) {
    for (;;) {
      if (failure) std::rethrow_exception(failure);
      stop.throw_if_stopped();
      if (ready()) return;
      changed.wait_for(lock, stop_poll);
    }
  }

  // Hands the filled part to the workers.
  void submit() {
    if (submitted == s3_parts_max) {
      throw Error(ErrorKind::limit,
                  format("upload '{}': more than {} parts of {}, which is all that S3 takes", key,
                         s3_parts_max, print_bytes(part_bytes)))
          .hint(format("Set store.s3.part_size to {} or more.", print_bytes(4 * part_bytes)));
    }
    if (!upload) upload = S3Upload{key, s3_begin_upload(client, key, stop)};
    if (threads.size() < workers) start_thread();
    {
      const std::lock_guard lock(mutex);
      filling.number = ++submitted;
      etags.emplace_back();
      queue.push_back(std::exchange(filling, {}));
    }
    changed.notify_all();
  }

  void start_thread() {
    try {
      threads.emplace_back([this] { send_parts(); });
    } catch (const std::system_error& error) {
      throw system_error(ErrorKind::limit, "start an upload thread", error.code().value());
    }
  }

  // A worker: sends what is queued, until there is no more or one of them failed.
  void send_parts() noexcept {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [&] { return no_more_work || failure || !queue.empty(); });
      if (failure || queue.empty() || cancel.token().stop_requested()) return;
      Part part = std::move(queue.front());
      queue.pop_front();
      lock.unlock();
      std::string etag;
      std::exception_ptr met;
      try {
        etag = s3_put_part(client, *upload, part.number, part.view(), cancel.token());
      } catch (...) {
        met = std::current_exception();
      }
      lock.lock();
      if (met) {
        if (!failure) failure = met;
        cancel.request_stop();
      } else {
        etags[part.number - 1] = std::move(etag);
        free_buffers.push_back(std::move(part.data));
        ++sent;
      }
      changed.notify_all();
    }
  }

  void finish() {
    if (!upload) return s3_put_new(client, key, filling.view(), stop);
    submit();  // never empty: a full one stays until more comes
    {
      std::unique_lock lock(mutex);
      wait(lock, [&] { return sent == submitted; });
    }
    join();
    s3_complete_upload(client, *upload, etags, size, stop);
    is_complete = true;
  }

  S3Client& client;
  const std::string key;
  const StopToken stop;
  const uint64_t part_bytes;
  const unsigned workers;
  StopSource cancel;  // of the workers' transfers

  // The caller's alone.
  Part filling;
  uint64_t size = 0;
  std::optional<S3Upload> upload;  // set before the first thread starts
  bool is_complete = false;
  std::vector<std::thread> threads;

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Part> queue;
  std::vector<std::unique_ptr<std::byte[]>> free_buffers;
  unsigned buffers_made = 0;
  unsigned submitted = 0;
  unsigned sent = 0;
  std::vector<std::string> etags;  // by number - 1
  std::exception_ptr failure;      // the first
  bool no_more_work = false;
};

UploadSink::UploadSink(S3Client& client, std::string key, uint64_t size_estimate, StopToken stop)
    : state_(std::make_unique<State>(client, std::move(key), size_estimate, std::move(stop))) {}
UploadSink::~UploadSink() = default;

void UploadSink::do_write(ByteView data) { state_->add(data); }
void UploadSink::do_finish() { state_->finish(); }

}  // namespace lifeboat
