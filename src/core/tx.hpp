#pragma once

#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/outside.hpp"
#include "core/schema.hpp"
#include "core/world.hpp"

namespace utakata {

struct Effect;  // core/effect.hpp

/// One input's transaction: the only way to read the clock, to throw dice, to touch rows and to ask for effects. It is
/// committed whole or, after a refusal, has never been.
class Tx {
 public:
  Tx(const Tx&) = delete;
  Tx& operator=(const Tx&) = delete;
  ~Tx();

  /// The same throughout one step.
  [[nodiscard]] Instant now() const { return now_; }
  /// The caller's account and region. Only meaningful in an operation; elsewhere use world_of(key).
  [[nodiscard]] const World& world() const { return world_; }
  /// Of the caller; empty outside an operation, and in simulations.
  [[nodiscard]] const Origin& origin() const { return origin_; }

  template <class Row>
  [[nodiscard]] const Row* find(std::string_view key) const {
    return schema_.of<Row>().find(key);
  }
  template <class Row>
  void put(const Key& key, Row row) {
    touch(schema_.of<Row>(), key, schema_.of<Row>().put(key, std::move(row)));
  }
  template <class Row>
  void erase(const Key& key) {
    if (find<Row>(key) == nullptr) return;
    touch(schema_.of<Row>(), key, schema_.of<Row>().put(key, std::nullopt));
  }
  /// Changes one row in place: tx.update<Row>(key, [&](Row& row) { row.x = 1; }). False if there is none.
  template <class Row, class Change>
  bool update(const Key& key, Change&& change) {
    const Row* row = find<Row>(key);
    if (row == nullptr) return false;
    Row copy = *row;
    change(copy);
    put<Row>(key, std::move(copy));
    return true;
  }
  /// Visits the rows whose keys begin with the prefix, in key order, until `visit` returns false (if it returns bool).
  /// `visit(const Key&, const Row&)` must not add or remove rows of the same table; collect keys for that.
  template <class Row, class Visit>
  void each(std::string_view prefix, Visit&& visit) const {
    const auto& rows = schema_.of<Row>().rows();
    for (auto at = rows.lower_bound(prefix); at != rows.end() && at->first.starts_with(prefix); ++at) {
      if constexpr (std::is_same_v<decltype(visit(at->first, at->second)), bool>) {
        if (!visit(at->first, at->second)) return;
      } else {
        visit(at->first, at->second);
      }
    }
  }
  /// Keys of the rows whose index `position` has this value, a copy: rows may be changed while it is walked.
  template <class Row>
  [[nodiscard]] std::vector<Key> where(std::size_t position, std::string_view value) const {
    const auto& keys = schema_.of<Row>().where(position, value);
    return {keys.begin(), keys.end()};
  }

  /// Asks for the named reconciler to look at this key before the step ends.
  void mark(std::string_view reconciler, const Key& key);
  /// Leaves to the shell once this step is durable.
  void emit(Effect);
  /// Tells every listener of this kind, at once and in the order of declaration.
  void publish(const Fact&);
  /// Calls that were parked on this channel are tried again after this step.
  void wake(std::string_view channel) { woken_.insert(std::string(channel)); }
  /// In an operation: there is nothing to answer yet. The call changes nothing now and is made again when the channel
  /// is woken, and a last time (with last_try() true) at `until`. Return any response after it.
  void park(std::string_view channel, Instant until);
  [[nodiscard]] bool last_try() const { return last_try_; }

  /// In an operation: this part of the input is accepted and returned, but has no effect. For what no mark of a member
  /// can tell: one value of several.
  void note_stored(std::string path) { stored_.push_back(std::move(path)); }

  /// In an operation: what it needs is no row. The call changes nothing now and is made again with the answer; return
  /// any response after it. A fault in place of the answer refuses the call.
  void ask(Question question) { question_ = std::move(question); }
  /// The answer to what was asked; nullptr the first time.
  template <class Kind>
  [[nodiscard]] const Kind* answer() const {
    return answer_ != nullptr ? std::get_if<Kind>(answer_) : nullptr;
  }

  /// Dice keyed by (seed, input, purpose): the same input throws the same.
  [[nodiscard]] std::uint64_t random(std::string_view purpose);
  [[nodiscard]] std::string random_hex(std::size_t digits);
  [[nodiscard]] std::string random_digits(std::size_t digits);
  [[nodiscard]] std::string uuid();

 private:
  friend class Machine;
  Tx(Schema&, Instant now, std::uint64_t seed, std::uint64_t sequence);
  void touch(TableBase& table, const Key& key, bool first) {
    if (first) touched_.emplace_back(&table, key);
  }

  Schema& schema_;
  Instant now_;
  World world_;
  Origin origin_;
  std::uint64_t seed_;
  std::uint64_t sequence_;
  std::uint64_t dice_thrown_ = 0;
  bool last_try_ = false;
  std::vector<std::string> stored_;
  const Answer* answer_ = nullptr;
  std::optional<Question> question_;
  std::string park_channel_;
  Instant park_until_;
  int fact_depth_ = 0;
  std::vector<std::pair<TableBase*, Key>> touched_;
  std::deque<std::pair<std::string, Key>> marked_;
  std::set<std::pair<std::string, Key>> marked_set_;
  std::vector<Effect> effects_;
  std::set<std::string> woken_;
};

}  // namespace utakata
