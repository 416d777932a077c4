// Streams of a store with something done around each step: what decorators are made of.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "io/sink.h"
#include "io/source.h"

namespace lifeboat {

class WrappedSource final : public Source {
 public:
  using Read = std::function<size_t(Source& inner, ByteSpan target)>;
  WrappedSource(std::unique_ptr<Source> inner, Read read)
      : inner_(std::move(inner)), read_(std::move(read)) {}
  size_t read(ByteSpan target) override { return read_(*inner_, target); }

 private:
  std::unique_ptr<Source> inner_;
  Read read_;
};

class WrappedSink final : public Sink {
 public:
  using Write = std::function<void(Sink& inner, ByteView data)>;
  using Finish = std::function<void(Sink& inner)>;
  WrappedSink(std::unique_ptr<Sink> inner, Write write, Finish finish)
      : inner_(std::move(inner)), write_(std::move(write)), finish_(std::move(finish)) {}

 private:
  void do_write(ByteView data) override { write_(*inner_, data); }
  void do_finish() override { finish_(*inner_); }

  std::unique_ptr<Sink> inner_;
  Write write_;
  Finish finish_;
};

}  // namespace lifeboat
