#include "reactor/loop.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <utility>

#include "base/outcome.hpp"

namespace utakata::reactor {
namespace {

constexpr int events_per_round = 256;
constexpr int drain_rounds_max = 1000;  // a coroutine that waits again and again is given up

int milliseconds_until(Instant now, Instant then) {
  const std::int64_t ns = (then - now).ns;
  if (ns <= 0) return 0;
  return static_cast<int>(std::min<std::int64_t>((ns + 999'999) / 1'000'000, 60'000));
}

}  // namespace

Loop::Loop() : epoll_(epoll_create1(EPOLL_CLOEXEC)), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  ensure(epoll_ >= 0 && wake_ >= 0, "the kernel gives no epoll or eventfd: too many open files");
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
  epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event);
  read_clock();
}

Loop::~Loop() {
  close(wake_);
  close(epoll_);
}

void Loop::read_clock() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  now_ = Instant{t.tv_sec * 1'000'000'000 + t.tv_nsec};
}

void Loop::run() {
  stopped_ = false;
  while (!stopped_) run_once(seconds(60));
}

void Loop::run_once(Duration wait) {
  read_clock();
  ++round_;
  const auto waited_for_it = std::exchange(for_next_round_, {});
  Instant until = now_ + (waited_for_it.empty() ? wait : Duration{});
  if (!timers_.empty()) until = std::min(until, timers_.begin()->first.first);
  until = std::min(until, overdue_from_);
  std::array<epoll_event, events_per_round> events;
  const int n = epoll_wait(epoll_, events.data(), events_per_round, milliseconds_until(now_, until));
  read_clock();
  closed_.clear();
  for (int i = 0; i < n; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    auto* descriptor = static_cast<Descriptor*>(event.data.ptr);
    if (descriptor == nullptr)
      run_posted();
    else if (std::ranges::find(closed_, descriptor) == closed_.end())
      descriptor->ready(event.events);
  }
  if (overdue_from_ <= now_) end_overdue_waits();
  fire_timers();
  for (const auto& waiter : waited_for_it) waiter.resume();
}

void Loop::end_overdue_waits() {
  std::vector<Readiness*> overdue;
  Instant next{INT64_MAX};
  for (Readiness* each : live_) {
    const Instant deadline = each->next_deadline();
    if (deadline <= now_)
      overdue.push_back(each);
    else
      next = std::min(next, deadline);
  }
  // Not more often than the grain, whatever the number of connections; a wait that begins meanwhile may ask for sooner.
  overdue_from_ = std::max(next, now_ + Readiness::patience_grain);
  closed_.clear();
  for (Readiness* each : overdue)
    if (std::ranges::find(closed_, each) == closed_.end()) each->end_overdue(now_);
}

void Loop::stop() {
  post([this] { stopped_ = true; });
}

void Loop::drain() {
  for (int round = 0; round < drain_rounds_max; ++round) {
    if (live_.empty() && timers_.empty() && for_next_round_.empty()) return;
    for (const auto& waiter : std::exchange(for_next_round_, {})) waiter.resume();
    const std::set<Readiness*> waiting = live_;
    for (Readiness* each : waiting)
      if (live_.contains(each)) each->cancel();
    std::vector<Timer> due;
    for (const auto& [timer, work] : timers_) due.push_back(timer);
    for (const Timer& timer : due)
      if (auto fired = timers_.extract(timer)) fired.mapped()();
  }
}

void Loop::post(std::function<void()> work) {
  {
    const std::scoped_lock lock(posted_mutex_);
    posted_.push_back(std::move(work));
    if (posted_.size() > 1) return;  // the loop has been woken already
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof one);
}

void Loop::run_posted() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = read(wake_, &count, sizeof count);
  std::vector<std::function<void()>> work;
  {
    const std::scoped_lock lock(posted_mutex_);
    work.swap(posted_);
  }
  for (const auto& piece : work) piece();
}

Loop::Timer Loop::at(Instant when, std::function<void()> work) {
  const Timer timer{when, ++timers_made_};
  timers_.emplace(timer, std::move(work));
  return timer;
}

void Loop::cancel(const Timer& timer) { timers_.erase(timer); }

void Loop::fire_timers() {
  while (!timers_.empty() && timers_.begin()->first.first <= now_) {
    const auto work = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    work();
  }
}

void Loop::watch(Descriptor& descriptor) {
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = &descriptor}};
  // Files that epoll refuses (regular ones) are always ready.
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor.fd(), &event) != 0) descriptor.ready(EPOLLIN | EPOLLOUT);
}

void Loop::remove(Readiness& readiness) {
  live_.erase(&readiness);
  closed_.push_back(&readiness);
}

Descriptor::Descriptor(Loop& loop, int fd) : Readiness(loop), fd_(fd) {
  fcntl(fd_, F_SETFL, fcntl(fd_, F_GETFL) | O_NONBLOCK);
  loop.watch(*this);
}

Descriptor::~Descriptor() {
  epoll_ctl(loop().epoll_, EPOLL_CTL_DEL, fd_, nullptr);
  close(fd_);
}

Readiness::Readiness(Loop& loop) : loop_(loop) { loop_.live_.insert(this); }

Readiness::~Readiness() {
  if (destroyed_ != nullptr) *destroyed_ = true;
  loop_.remove(*this);
}

void Readiness::ready(std::uint32_t events) {
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) broken_ = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) hung_up_ = readable_ = writable_ = true;
  if ((events & EPOLLIN) != 0) readable_ = true;
  if ((events & EPOLLOUT) != 0) writable_ = true;
  if (hung_up_ && !reader_ && !writer_ && on_hang_up) return std::exchange(on_hang_up, nullptr)();
  if (readable_ && reader_ && !resume(reader_)) return;
  if (writable_ && writer_) resume(writer_);
}

bool Readiness::resume(std::coroutine_handle<>& waiter) {
  bool destroyed = false;
  bool* const outer = std::exchange(destroyed_, &destroyed);
  std::exchange(waiter, {}).resume();
  if (!destroyed)
    destroyed_ = outer;
  else if (outer != nullptr)
    *outer = true;
  return !destroyed;
}

void Readiness::cancel() {
  timed_out_ = true;
  if (reader_ && !resume(reader_)) return;
  timed_out_ = true;
  if (writer_ && !resume(writer_)) return;
  timed_out_ = false;
}

Instant Readiness::next_deadline() const {
  Instant next{INT64_MAX};
  if (reader_) next = std::min(next, reader_deadline_);
  if (writer_) next = std::min(next, writer_deadline_);
  return next;
}

void Readiness::end_overdue(Instant now) {
  if (reader_ && reader_deadline_ <= now) {
    timed_out_ = true;
    if (!resume(reader_)) return;
  }
  if (writer_ && writer_deadline_ <= now) {
    timed_out_ = true;
    resume(writer_);
  }
}

void Readiness::Wait::await_suspend(std::coroutine_handle<> waiter) {
  std::coroutine_handle<>& slot = writing ? readiness.writer_ : readiness.reader_;
  ensure(!slot, "two coroutines wait for the same side of one connection");
  slot = waiter;
  Loop& loop = readiness.loop_;
  const Instant deadline = patience == forever ? Instant::never() : loop.now_ + patience;
  (writing ? readiness.writer_deadline_ : readiness.reader_deadline_) = deadline;
  loop.overdue_from_ = std::min(loop.overdue_from_, deadline);
}

bool Readiness::Wait::await_resume() { return !std::exchange(readiness.timed_out_, false); }

}  // namespace utakata::reactor
