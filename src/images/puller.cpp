#include "images/puller.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "reactor/wall_clock.hpp"

namespace utakata::images {
namespace {

constexpr std::size_t pulls_at_once_max = 3;
constexpr std::size_t quick_threads = 2;
constexpr Duration collect_interval = minutes(10);
constexpr Duration first_word_after = seconds(5);  // of a pull that takes longer
constexpr Duration next_word_after = seconds(10);

using reactor::wall_clock;

// Whoever asks with another login is another: what one may have is not given to all.
str key_of(const str& reference, const opt<Credential>& credential) {
  if (!credential) return reference;
  return cat(reference, "\n", credential->user_name, "\n", credential->password);
}

struct Local {
  std::optional<StoreLock> lock;  // until the task holds the image: nothing is taken away meanwhile
  std::optional<Image> image;
};

}  // namespace

Puller::Puller(reactor::Loop& loop, PullerSettings settings)
    : loop_(loop),
      settings_(std::move(settings)),
      images_(settings_.folder, settings_.sources),
      quick_(quick_threads),
      pulls_(pulls_at_once_max) {}

Puller::~Puller() { end(); }

void Puller::end() {
  ended_ = true;
  images_.end();
}

Outcome<> Puller::open() {
  TRY_VOID(images_.open());
  return write_sources(images_.store(), settings_.sources);
}

struct Puller::Landing {
  Flight& flight;
  [[nodiscard]] bool await_ready() const noexcept { return flight.landed.has_value(); }
  void await_suspend(std::coroutine_handle<> waiter) { flight.waiting.push_back(waiter); }
  void await_resume() const noexcept {}
};

reactor::Co<Outcome<Image>> Puller::image(str reference, opt<Credential> credential, str task_id) {
  auto local = co_await reactor::offload(quick_, loop_, [this, &reference, &task_id] {
    Local found;
    if (auto lock = images_.store().share()) found.lock.emplace(std::move(*lock));
    found.image = images_.ready(reference);
    if (found.image && !hold(task_id, found.image->digest)) found.image.reset();
    return found;
  });
  if (local.image) co_return *std::move(local.image);
  const str key = key_of(reference, credential);
  auto& flight = flights_[key];
  if (!flight) {
    flight = std::make_shared<Flight>();
    reactor::start(fly(flight, key, reference, credential));
  }
  const std::shared_ptr<Flight> mine = flight;
  co_await Landing{*mine};
  Outcome<Image> image = *mine->landed;
  if (!image) co_return image;
  const auto held =
      co_await reactor::offload(quick_, loop_, [this, &image, &task_id] { return hold(task_id, image->digest); });
  if (!held) co_return std::unexpected(held.error());
  co_return image;
}

reactor::Co<void> Puller::fly(std::shared_ptr<Flight> flight, str key, str reference, opt<Credential> credential) {
  auto landed = co_await reactor::offload(pulls_, loop_, [this, &reference, &credential]() -> Outcome<Image> {
    return images_.bring(reference, credential ? &*credential : nullptr, progress());
  });
  flight->landed.emplace(std::move(landed));
  flights_.erase(key);
  for (const auto waiter : std::exchange(flight->waiting, {})) waiter.resume();
}

ImageStore::Tell Puller::progress() const {
  return [tell = settings_.tell, next = wall_clock() + first_word_after](const Progress& progress) mutable {
    const Instant now = wall_clock();
    if (now < next) return;
    next = now + next_word_after;
    constexpr i64 mib = i64{1} << 20;
    tell(cat("pulling ", progress.reference, ": ", progress.bytes_done / mib, " of ", progress.bytes / mib, " MiB"));
  };
}

// A task's images one after the other: the file names them all.
Outcome<> Puller::hold(const str& task_id, const str& digest) {
  const std::scoped_lock lock(holding_);
  list<str> digests = images_.store().holder(task_id);
  if (std::ranges::find(digests, digest) != digests.end()) return {};
  digests.push_back(digest);
  return images_.store().hold(task_id, digests);
}

void Puller::recover(const std::function<bool(const str& task_id)>& known) {
  for (const auto& [task_id, digests] : images_.store().holders())
    if (!known(task_id)) images_.store().release(task_id);
  reactor::start(collect_now());
}

reactor::Co<void> Puller::collect_now() {
  const auto collected = co_await reactor::offload(
      quick_, loop_, [this] { return collect(images_.store(), settings_.rules, wall_clock()); });
  if (collected && !collected->references.empty())
    settings_.tell(
        cat("removed ", collected->references.size(), " unused image(s): ", join(collected->references, ", ")));
  if (!collected && collected.error().code != "StoreBusy")
    settings_.tell(cat("images cannot be tidied up: ", collected.error().message));
  collect_later();
}

void Puller::collect_later() {
  if (ended_) return;
  timer_ = loop_.after(collect_interval, [this] { reactor::start(collect_now()); });
}

}  // namespace utakata::images
