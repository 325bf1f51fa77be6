#include "shell/engine.hpp"

#include <algorithm>

namespace utakata::shell {
namespace {

// Long polls wait here; beyond this many the oldest rule of the house applies: every queue has a bound.
constexpr std::size_t parked_calls_max = 10'000;

}  // namespace

Engine::Engine(Machine& machine, ports::JournalStore& store, std::uint64_t durable_sequence, Surroundings around)
    : machine_(machine),
      around_(std::move(around)),
      submitted_(durable_sequence),
      durable_(durable_sequence),
      self_(std::make_shared<Engine*>(this)) {
  commit_ = std::make_unique<GroupCommit>(store, [self = self_, post = around_.post](GroupCommit::Progress progress) {
    post([self, progress = std::move(progress)] {
      if (*self != nullptr) (*self)->progress(progress);
    });
  });
}

Engine::~Engine() {
  commit_.reset();
  *self_ = nullptr;
}

Instant Engine::now() {
  // Wall time may be set back; the core's time never goes back.
  last_now_ = std::max(last_now_, around_.clock());
  return last_now_;
}

void Engine::call(std::unique_ptr<PendingCall> call) {
  if (journal_fails_) {
    call->done(std::unexpected(journal_fault_));
    return;
  }
  try_call(std::move(call), false);
}

void Engine::try_call(std::unique_ptr<PendingCall> call, bool last_try, const Answer* answer) {
  call->output = call->operation->new_output();
  Step step = machine_.step(now(), ApiCall{.world = call->world,
                                           .operation = call->operation,
                                           .input = call->input.get(),
                                           .output = call->output.get(),
                                           .last_try = last_try,
                                           .origin = call->origin,

                                           .answer = answer});
  if (step.asked) return ask(std::move(call), *std::move(step.asked));
  if (!step.parked_on.empty() && !last_try) {
    if (parked_.size() >= parked_calls_max) return try_call(std::move(call), true);
    if (!call->wait_ends.set()) call->wait_ends = step.parked_until;
    const Instant until = call->wait_ends;
    parked_until_.insert(until);
    parked_.emplace(step.parked_on, Parked{std::move(call), until});
    rearm();
    return;
  }
  call->stored = std::move(step.stored);
  const std::shared_ptr<PendingCall> answered = std::move(call);
  take(step,
       [answered, fault = step.fault] { answered->done(fault ? Outcome<>(std::unexpected(*fault)) : Outcome<>()); });
}

void Engine::ask(std::unique_ptr<PendingCall> call, Question question) {
  const auto asker = std::make_shared<std::unique_ptr<PendingCall>>(std::move(call));
  around_.ask(std::move(question), [self = self_, asker](Outcome<Answer> answer) {
    if (*self == nullptr) return;
    if (!answer) return (*asker)->done(std::unexpected(std::move(answer).error()));
    (*self)->try_call(std::move(*asker), false, &*answer);
  });
}

void Engine::report(Report report) {
  around_.post([self = self_, report = std::move(report)] {
    if (*self != nullptr) (*self)->run(report);
  });
}

void Engine::recovered() { run(Recovered{}); }

void Engine::tick() {
  wake_overdue();
  if (machine_.next_due() <= now())
    run(Tick{});
  else
    rearm();
}

void Engine::run(const Input& input) {
  Step step = machine_.step(now(), input);
  take(step, nullptr);
}

// An answer may only tell what is durable, so even a read waits for the writes that it may have seen.
void Engine::take(Step& step, Release answer) {
  if (!step.changes.empty()) {
    submitted_ = step.sequence;
    commit_->submit(std::move(step.changes), step.sequence);
  }
  if (!step.effects.empty() || answer) {
    Release release = [this, effects = std::move(step.effects), answer = std::move(answer)] {
      for (const Effect& effect : effects) around_.perform(effect);
      if (answer) answer();
    };
    if (submitted_ <= durable_)
      release();
    else
      held_.push_back(Held{submitted_, std::move(release)});
  }
  if (!step.woken.empty()) wake(step.woken);
  rearm();
}

void Engine::wake(const std::vector<std::string>& channels) {
  for (const std::string& channel : channels) {
    const auto [first, last] = parked_.equal_range(channel);
    std::vector<std::unique_ptr<PendingCall>> calls;
    for (auto at = first; at != last; ++at) {
      parked_until_.erase(parked_until_.find(at->second.until));
      calls.push_back(std::move(at->second.call));
    }
    parked_.erase(first, last);
    for (auto& call : calls) try_call(std::move(call), false);
  }
}

void Engine::wake_overdue() {
  const Instant at = now();
  if (parked_until_.empty() || *parked_until_.begin() > at) return;
  parked_until_.erase(parked_until_.begin(), parked_until_.upper_bound(at));
  std::vector<std::unique_ptr<PendingCall>> calls;
  for (auto parked = parked_.begin(); parked != parked_.end();) {
    if (parked->second.until > at) {
      ++parked;
      continue;
    }
    calls.push_back(std::move(parked->second.call));
    parked = parked_.erase(parked);
  }
  for (auto& call : calls) try_call(std::move(call), true);
}

void Engine::progress(GroupCommit::Progress progress) {
  if (!progress.outcome) {
    if (!journal_fails_) around_.journal_failed(progress.outcome.error());
    journal_fails_ = true;
    journal_fault_ = progress.outcome.error();
    return;
  }
  journal_fails_ = false;
  durable_ = progress.sequence;
  while (!held_.empty() && held_.front().sequence <= durable_) {
    const Release release = std::move(held_.front().release);
    held_.pop_front();
    release();
  }
}

void Engine::rearm() {
  Instant next = machine_.next_due();
  if (!parked_until_.empty()) next = std::min(next, *parked_until_.begin());
  if (next != Instant::never()) around_.wake_at(next);
}

}  // namespace utakata::shell
