#pragma once

#include "images/store.hpp"

namespace utakata::images {

/// When an image that nobody uses goes.
struct CollectRules {
  Duration unused_for = hours(7 * 24);
  i64 bytes_max = i64{32} << 30;        // of the whole store; beyond it the longest unused goes first
  Duration never_before = minutes(10);  // after its last use, whatever the space
};

struct Collected {
  list<str> references;  // those that are gone
  i64 bytes = 0;         // freed
};

/// Takes away images that the rules let go, and every blob, layer and half pull that no image and no task needs. Never
/// what a task uses, and never what was imported or pulled by hand. Fault StoreBusy: something is being brought.
Outcome<Collected> collect(const Store&, const CollectRules&, Instant now);

/// Of the blobs and layers of these images.
i64 bytes_of(const Store&, const list<str>& digests);

/// Forgets a reference. Faults: ImageNotFound; ImageInUse, with the tasks' ids.
Outcome<> remove_image(const Store&, const str& reference);

}  // namespace utakata::images
