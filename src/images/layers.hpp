#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>

#include "images/store.hpp"
#include "images/unpack.hpp"
#include "reactor/offload.hpp"

namespace utakata::images {

/// Unpacks layers into the store, several at once, each of them once. Thread-safe; calls block.
class LayerUnpacker {
 public:
  LayerUnpacker(const Store& store, const std::atomic<bool>& ending);

  /// What must be unpacked: a layer's archive and both of its digests.
  struct Layer {
    str archive_path;
    LayerDigests digests;
  };
  /// Every one that is not there yet; the first fault counts.
  Outcome<> unpack(const list<Layer>&);

 private:
  Outcome<> unpack_one(const Layer&);
  Outcome<> make(const Layer&);

  const Store& store_;
  const std::atomic<bool>& ending_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<str> under_way_;  // diff ids
  std::uint64_t made_ = 0;
  reactor::Pool pool_;
};

}  // namespace utakata::images
