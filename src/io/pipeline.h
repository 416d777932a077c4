// A chain of sinks with one owner.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "base/stop.h"
#include "io/sink.h"
#include "io/source.h"
#include "io/tap.h"

namespace lifeboat {

// Owns a chain that was built from the innermost sink (the store) outwards (what is written to).
//
//   Pipeline pipeline;
//   auto& target = pipeline.add(store.create(key));
//   auto& stored = pipeline.emplace<TapSink>(target);
//   auto& age    = pipeline.emplace<age::EncryptSink>(stored, recipients, random);
//   ... write to age ...
//   pipeline.finish();   // age, then stored, then target
//
// Destruction without `finish` abandons every sink, outermost first.
class Pipeline {
 public:
  Pipeline() = default;
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;
  ~Pipeline() {
    while (!sinks_.empty()) sinks_.pop_back();
  }

  template <typename SinkType>
  SinkType& add(std::unique_ptr<SinkType> sink) {
    SinkType& added = *sink;
    sinks_.push_back(std::move(sink));
    return added;
  }
  template <typename SinkType, typename... Args>
  SinkType& emplace(Args&&... args) {
    return add(std::make_unique<SinkType>(std::forward<Args>(args)...));
  }

  Sink& outermost() { return *sinks_.back(); }
  // Finishes from the outermost inwards; the first failure ends it, and nothing becomes real.
  void finish() {
    for (auto sink = sinks_.rbegin(); sink != sinks_.rend(); ++sink) (*sink)->finish();
  }

 private:
  std::vector<std::unique_ptr<Sink>> sinks_;  // innermost first
};

// Moves everything from `source` to `target` without finishing it. Returns the bytes moved. Asks
// `stop` and tells `progress` once a block.
uint64_t pump(Source& source, Sink& target, const StopToken& stop = {},
              const ProgressFn& progress = {});

}  // namespace lifeboat
