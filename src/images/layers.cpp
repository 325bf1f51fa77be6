#include "images/layers.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <latch>

#include "base/text.hpp"
#include "images/digest.hpp"
#include "images/files.hpp"

namespace utakata::images {
namespace {

namespace fs = std::filesystem;

// Unpacking is a processor's work; more threads than processors would only compete with what runs.
std::size_t threads() { return static_cast<std::size_t>(std::clamp(sysconf(_SC_NPROCESSORS_ONLN), 1L, 4L)); }

}  // namespace

LayerUnpacker::LayerUnpacker(const Store& store, const std::atomic<bool>& ending)
    : store_(store), ending_(ending), pool_(threads()) {}

Outcome<> LayerUnpacker::unpack(const list<Layer>& layers) {
  list<const Layer*> missing;
  for (const Layer& layer : layers)
    if (!store_.has_layer(layer.digests.content)) missing.push_back(&layer);
  std::latch done(static_cast<std::ptrdiff_t>(missing.size()));
  list<Outcome<>> outcomes(missing.size());
  for (std::size_t i = 0; i < missing.size(); ++i)
    pool_.submit([&, i] {
      outcomes[i] = unpack_one(*missing[i]);
      done.count_down();
    });
  done.wait();
  for (Outcome<>& outcome : outcomes) TRY_VOID(std::move(outcome));
  return {};
}

// Another image may bring the same layer at the same time: it is waited for, and tried again should it fail.
Outcome<> LayerUnpacker::unpack_one(const Layer& layer) {
  const str& id = layer.digests.content;
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !under_way_.contains(id); });
    if (store_.has_layer(id)) return {};
    under_way_.insert(id);
  }
  Outcome<> made = make(layer);
  const std::scoped_lock lock(mutex_);
  under_way_.erase(id);
  changed_.notify_all();
  return made;
}

// A layer that is only half unpacked has no name among the layers, whatever ends the process.
Outcome<> LayerUnpacker::make(const Layer& layer) {
  str partial;
  {
    const std::scoped_lock lock(mutex_);
    partial = store_.path(cat("partial/", getpid(), "-", ++made_));
  }
  std::error_code error;
  fs::create_directories(partial, error);
  if (error) return refuse("LayerBroken", cat("cannot make ", partial, ": ", error.message()));
  ::chmod(partial.c_str(), 0755);
  const auto unpacked = unpack_layer(layer.archive_path, partial, layer.digests, ending_);
  Outcome<> done;
  if (!unpacked)
    done = std::unexpected(unpacked.error());
  else
    done = write_file(store_.path("sizes/" + hex_of(layer.digests.content)), cat(unpacked->bytes));
  if (done && rename(partial.c_str(), store_.layer_path(layer.digests.content).c_str()) != 0 && errno != EEXIST &&
      errno != ENOTEMPTY)
    done = refuse("LayerBroken", cat("cannot keep layer ", layer.digests.content));
  fs::remove_all(partial, error);
  return done;
}

}  // namespace utakata::images
