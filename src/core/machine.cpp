#include "core/machine.hpp"

#include <algorithm>

#include "base/hash.hpp"

namespace utakata {
namespace {

// A reconciler that marks itself for ever is a defect; a step that needs more rounds than this has one.
constexpr std::size_t reconciles_per_step_max = 1'000'000;
constexpr std::size_t due_per_step_max = 1'000;

}  // namespace

Machine::Machine(std::uint64_t seed, std::span<void (*const)(Schema&)> modules) : seed_(seed) {
  for (const auto declare : modules) declare(schema_);
}

Outcome<> Machine::load(std::string_view table, const Key& key, std::string_view row) {
  for (const auto& candidate : schema_.tables_) {
    if (candidate->name() != table) continue;
    if (const auto loaded = candidate->load(key, row); !loaded)
      return refuse("InternalFailure", cat("row ", key, " of the table ", table, ": ", loaded.error().message), 500);
    arm(*candidate, key);
    return {};
  }
  return refuse("InternalFailure", cat("this version knows no table ", table), 500);
}

Step Machine::step(Instant now, const Input& input) {
  Step step{.sequence = sequence_ + 1, .at = now};
  Tx tx(schema_, now, seed_, step.sequence);
  Outcome<> outcome = perform(tx, input);
  if (outcome && tx.park_channel_.empty() && !tx.question_) {
    reconcile(tx);
    commit(tx, step);
    step.stored = std::move(tx.stored_);
    return step;
  }
  for (auto& [table, key] : tx.touched_) table->roll_back(key);
  for (auto& [table, key] : tx.touched_) table->forget_undo();
  if (!outcome) step.fault = std::move(outcome).error();
  step.parked_on = std::move(tx.park_channel_);
  step.parked_until = tx.park_until_;
  if (!step.fault) step.asked = std::move(tx.question_);
  return step;
}

Outcome<> Machine::perform(Tx& tx, const Input& input) {
  if (const auto* call = std::get_if<ApiCall>(&input)) {
    tx.world_ = call->world;
    tx.last_try_ = call->last_try;
    tx.origin_ = call->origin;
    tx.answer_ = call->answer;
    return call->operation->call(tx, call->input, call->output);
  }
  if (const auto* report = std::get_if<Report>(&input)) {
    const auto at = schema_.reports_.find(report->index());
    if (at != schema_.reports_.end())
      for (const auto take : at->second) take(tx, *report);
    return {};
  }
  if (std::holds_alternative<Recovered>(input)) {
    for (const auto recover : schema_.recoveries_) recover(tx);
    return {};
  }
  fire_due(tx);
  return {};
}

bool Machine::current(const Due& due) const { return schema_.tables_[due.table]->due(due.key) == due.at; }

void Machine::fire_due(Tx& tx) {
  std::size_t fired = 0;
  while (!due_.empty() && due_.top().at <= tx.now() && fired < due_per_step_max) {
    const Due due = due_.top();
    due_.pop();
    if (!current(due)) continue;
    schema_.tables_[due.table]->fire(tx, due.key);
    ++fired;
    // A handler that leaves its row due at the same instant would fire for ever.
    ensure(!current(due), cat("timer of table ", schema_.tables_[due.table]->name(), " does not move on: ", due.key));
  }
}

void Machine::reconcile(Tx& tx) {
  for (std::size_t rounds = 0; !tx.marked_.empty(); ++rounds) {
    ensure(rounds < reconciles_per_step_max, "reconcilers mark each other without end");
    auto [name, key] = std::move(tx.marked_.front());
    tx.marked_.pop_front();
    tx.marked_set_.erase({name, key});
    const auto at = schema_.reconcilers_.find(name);
    ensure(at != schema_.reconcilers_.end(), cat("no such reconciler: ", name));
    at->second(tx, key);
  }
}

void Machine::commit(Tx& tx, Step& step) {
  std::uint64_t hash = mix(history_ ^ static_cast<std::uint64_t>(step.at.ns));
  for (auto& [table, key] : tx.touched_) {
    Change change{.table = std::string(table->name()), .key = key, .row = table->encoded(key)};
    hash = hash64(change.table, hash);
    hash = hash64(change.key, hash);
    hash = hash64(change.row ? *change.row : std::string_view("gone"), hash);
    step.changes.push_back(std::move(change));
    arm(*table, key);
  }
  for (auto& [table, key] : tx.touched_) table->forget_undo();
  if (!step.changes.empty()) {
    history_ = hash;
    sequence_ = step.sequence;
  }
  step.effects = std::move(tx.effects_);
  step.woken.assign(tx.woken_.begin(), tx.woken_.end());
}

void Machine::arm(const TableBase& table, const Key& key) {
  const Instant at = table.due(key);
  if (at == Instant::never()) return;
  const auto position = std::ranges::find_if(schema_.tables_, [&](const auto& t) { return t.get() == &table; });
  due_.push(Due{
      .at = at, .order = ++armed_, .table = static_cast<std::size_t>(position - schema_.tables_.begin()), .key = key});
}

Instant Machine::next_due() {
  while (!due_.empty() && !current(due_.top())) due_.pop();
  return due_.empty() ? Instant::never() : due_.top().at;
}

std::uint64_t Machine::fingerprint() {
  std::uint64_t hash = mix(static_cast<std::uint64_t>(next_due().ns));
  for (const auto& table : schema_.tables_) {
    for (const Key& key : table->keys()) {
      hash = hash64(table->name(), hash);
      hash = hash64(key, hash);
      hash = hash64(*table->encoded(key), hash);
    }
  }
  return hash;
}

std::vector<std::string> Machine::broken_invariants() {
  std::vector<std::string> broken;
  Tx tx(schema_, Instant{}, seed_, sequence_);
  for (const auto& [name, check] : schema_.invariants_)
    if (std::string sentence = check(tx); !sentence.empty()) broken.push_back(cat(name, ": ", sentence));
  return broken;
}

}  // namespace utakata
