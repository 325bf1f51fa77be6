#include "sim/control_plane.hpp"

#include <algorithm>

#include "base/hash.hpp"
#include "base/text.hpp"

namespace utakata::sim {

ControlPlane::ControlPlane(EventQueue& queue, Program program, std::uint64_t seed, Settings settings,
                           Surroundings around)
    : queue_(queue), program_(program), seed_(seed), settings_(settings), around_(std::move(around)), store_(seed) {}

void ControlPlane::start() {
  ensure(!runs(), "the control plane runs already");
  machine_ = std::make_unique<Machine>(seed_, program_.modules);
  const auto head = store_.load(
      [this](std::string_view table, const Key& key, std::string_view row) { return machine_->load(table, key, row); });
  ensure(head.has_value(), head ? "" : cat("the journal cannot be read: ", head.error().message));
  machine_->resume_after(head->sequence);
  submitted_ = durable_ = head->sequence;
}

// Where everything is durable, a machine made from the journal must be the very one that ends: same rows, same timers.
void ControlPlane::compare_with_journal() {
  Machine again(seed_, program_.modules);
  const auto head = store_.load(
      [&again](std::string_view table, const Key& key, std::string_view row) { return again.load(table, key, row); });
  if (!head || again.fingerprint() != machine_->fingerprint())
    journal_faults_.emplace_back("the journal does not give back what the control plane held");
}

void ControlPlane::crash(bool commit_survives) {
  if (!runs()) return;
  if (commit_survives)
    for (const Write& write : writing_) (void)store_.commit(write.changes, write.sequence);
  if (waiting_.empty() && (writing_.empty() || commit_survives)) compare_with_journal();
  writing_.clear();
  waiting_.clear();
  former_lives_ = history_hash();
  machine_.reset();
  queue_.cancel(tick_);
  queue_.cancel(commit_);
  tick_at_ = Instant::never();
  auto held = std::move(held_);
  auto parked = std::move(parked_);
  held_.clear();
  parked_.clear();
  for (const Held& each : held)
    if (each.abandon) each.abandon();
  for (auto& [channel, pending] : parked) pending.answer(refuse("ConnectionClosed", "the control plane ended", 0));
}

std::uint64_t ControlPlane::history_hash() const {
  return machine_ == nullptr ? former_lives_ : mix(former_lives_ ^ machine_->history_hash());
}

std::string ControlPlane::history() const {
  const std::uint64_t hash = history_hash();
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(hash >> shift & 0xff);
  return hex(bytes);
}

void ControlPlane::call(const World& world, const Operation& operation, Operation::Object input, Reply answer,
                        const Origin& origin) {
  if (!runs()) return answer(refuse("ConnectionClosed", "the control plane does not run", 0));
  attempt({.world = world,
           .operation = &operation,
           .input = std::move(input),
           .origin = origin,
           .answer = std::move(answer),
           .until = {}},
          false);
}

void ControlPlane::attempt(Pending pending, bool last_try, const Answer* given) {
  // In a box that a std::function can hold; an operation's output can only be moved.
  auto output = std::make_shared<Operation::Object>(pending.operation->new_output());
  Step step = machine_->step(queue_.now(), ApiCall{.world = pending.world,
                                                   .operation = pending.operation,
                                                   .input = pending.input.get(),
                                                   .output = output->get(),
                                                   .last_try = last_try,
                                                   .origin = pending.origin,
                                                   .answer = given});
  if (step.asked) return ask(std::move(pending), *step.asked);
  if (!step.parked_on.empty() && !last_try) {
    pending.until = step.parked_until;
    parked_.emplace(step.parked_on, std::move(pending));
    return rearm();
  }
  const auto answer = pending.answer;
  const auto fault = step.fault;
  take(
      std::move(step),
      [answer, fault, output] {
        if (fault) return answer(std::unexpected(*fault));
        answer(std::move(*output));
      },
      [answer] { answer(refuse("ConnectionClosed", "the control plane ended before it answered", 0)); });
}

Outcome<Answer> ControlPlane::measured(const Question& question) {
  if (const auto* append = std::get_if<MetricAppend>(&question)) {
    TRY_VOID(metrics_.append(append->samples));
    if (queue_.now() - metrics_expired_ >= hours(1)) {
      metrics_expired_ = queue_.now();
      metrics_.expire(metrics_expired_.ns / 1'000'000'000);
    }
    return MetricAppended{};
  }
  if (const auto* queries = std::get_if<MetricQueries>(&question)) return TRY(metrics_.read(*queries));
  return TRY(metrics_.search(std::get<MetricSearch>(question)));
}

void ControlPlane::ask(Pending pending, const Question& question) {
  if (!std::holds_alternative<LogAppend>(question) && !std::holds_alternative<LogQuery>(question)) {
    const Outcome<Answer> answer = measured(question);
    if (!answer) return pending.answer(std::unexpected(answer.error()));
    return attempt(std::move(pending), false, &*answer);
  }
  if (const auto* append = std::get_if<LogAppend>(&question)) {
    static_cast<void>(logs_.append({*append}));
    const Answer answer = LogAppended{};
    return attempt(std::move(pending), false, &answer);
  }
  auto page = logs_.read(std::get<LogQuery>(question));
  if (!page) return pending.answer(std::unexpected(std::move(page).error()));
  const Answer answer = *std::move(page);
  attempt(std::move(pending), false, &answer);
}

void ControlPlane::store(const StoreLog& effect) {
  static_cast<void>(logs_.append({effect.append}));
  queue_.after(Duration{}, [this, id = effect.id] { input(LogStored{.id = id}); });
}

void ControlPlane::expire(const ExpireLogs& effect) {
  for (const std::string& stream : effect.streams) {
    logs_.expire(stream, effect.before);
    queue_.after(Duration{}, [this, stream] { input(logs_.holds(stream)); });
  }
}

void ControlPlane::remove(const RemoveLogs& effect) {
  if (!effect.all_others) {
    for (const std::string& stream : effect.streams) logs_.remove(stream);
    return;
  }
  for (const std::string& stream : logs_.streams())
    if (std::ranges::find(effect.streams, stream) == effect.streams.end()) logs_.remove(stream);
}

void ControlPlane::input(const Input& input) {
  if (!runs()) return;
  take(machine_->step(queue_.now(), input), nullptr, nullptr);
}

// As in shell::Engine: an answer may only tell what is durable, so even a read waits for the writes before it.
void ControlPlane::take(Step step, Release release, Release abandon) {
  ++steps_;
  if (around_.stepped) around_.stepped(step);
  if (!step.changes.empty()) {
    submitted_ = step.sequence;
    waiting_.push_back({std::move(step.changes), step.sequence});
  }
  if (!step.effects.empty() || release) {
    Release leave = [this, effects = std::move(step.effects), release = std::move(release)] {
      for (const Effect& effect : effects) around_.perform(effect);
      if (release) release();
    };
    held_.push_back({submitted_, std::move(leave), std::move(abandon)});
  }
  if (writing_.empty()) commit();
  if (!step.woken.empty()) wake(step.woken);
  rearm();
}

void ControlPlane::commit() {
  writing_ = std::move(waiting_);
  waiting_.clear();
  if (writing_.empty() || settings_.commit_takes == Duration{}) return committed();
  commit_ = queue_.after(settings_.commit_takes, [this] { committed(); });
}

void ControlPlane::committed() {
  for (const Write& write : writing_) {
    (void)store_.commit(write.changes, write.sequence);
    durable_ = write.sequence;
  }
  writing_.clear();
  if (!waiting_.empty()) commit();
  while (!held_.empty() && held_.front().sequence <= durable_) {
    const Release release = std::move(held_.front().release);
    held_.pop_front();
    release();
    if (!runs()) return;
  }
}

void ControlPlane::wake(const std::vector<std::string>& channels) {
  for (const std::string& channel : channels) {
    const auto [first, last] = parked_.equal_range(channel);
    std::vector<Pending> calls;
    for (auto at = first; at != last; ++at) calls.push_back(std::move(at->second));
    parked_.erase(first, last);
    for (Pending& call : calls) attempt(std::move(call), false);
  }
}

void ControlPlane::rearm() {
  if (!runs()) return;
  Instant due = machine_->next_due();
  for (const auto& [channel, pending] : parked_) due = std::min(due, pending.until);
  if (due == tick_at_) return;
  queue_.cancel(tick_);
  tick_at_ = due;
  if (due != Instant::never()) tick_ = queue_.at(due, [this] { tick(); });
}

void ControlPlane::tick() {
  tick_at_ = Instant::never();
  std::vector<Pending> overdue;
  for (auto at = parked_.begin(); at != parked_.end();) {
    if (at->second.until > queue_.now()) {
      ++at;
      continue;
    }
    overdue.push_back(std::move(at->second));
    at = parked_.erase(at);
  }
  for (Pending& call : overdue) attempt(std::move(call), true);
  if (machine_->next_due() <= queue_.now()) return input(Tick{});
  rearm();
}

}  // namespace utakata::sim
