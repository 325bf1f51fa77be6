#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/cbor.hpp"
#include "base/instant.hpp"

// Rows in memory, in key order. A row is a plain struct with a `static constexpr std::string_view table_name`; its key
// begins with "account/region/" (core/world.hpp) unless it belongs to all worlds.
namespace utakata {

using Key = std::string;
class Tx;

/// What a module says of one table of its rows.
template <class Row>
struct TableRules {
  /// Secondary indexes, named by their position: Tx::where<Row>(position, value).
  std::vector<Key (*)(const Row&)> indexes = {};
  /// When something is due for this row, Instant::never() if nothing is. Timers are derived from rows, never persisted.
  Instant (*due)(const Row&) = nullptr;
  void (*on_due)(Tx&, const Key&) = nullptr;
};

/// One table without its row type: what the machine and the store need.
class TableBase {
 public:
  explicit TableBase(std::string_view name) : name_(name) {}
  TableBase(const TableBase&) = delete;
  TableBase& operator=(const TableBase&) = delete;
  virtual ~TableBase() = default;

  [[nodiscard]] std::string_view name() const { return name_; }
  [[nodiscard]] virtual std::optional<std::string> encoded(const Key&) const = 0;  // nothing if there is no such row
  virtual Outcome<> load(const Key&, std::string_view encoded) = 0;
  [[nodiscard]] virtual Instant due(const Key&) const = 0;
  virtual void fire(Tx&, const Key&) const = 0;
  virtual void roll_back(const Key&) = 0;  // to the row before the transaction touched it
  virtual void forget_undo() = 0;
  [[nodiscard]] virtual std::vector<Key> keys() const = 0;

 private:
  std::string name_;
};

template <class Row>
class Table final : public TableBase {
 public:
  using Rows = std::map<Key, Row, std::less<>>;

  explicit Table(TableRules<Row> rules) : TableBase(Row::table_name), rules_(std::move(rules)) {
    indexes_.resize(rules_.indexes.size());
  }

  [[nodiscard]] const Rows& rows() const { return rows_; }
  [[nodiscard]] const Row* find(std::string_view key) const {
    const auto at = rows_.find(key);
    return at == rows_.end() ? nullptr : &at->second;
  }
  [[nodiscard]] const std::set<Key>& where(std::size_t index, std::string_view value) const {
    static const std::set<Key> none;
    const auto at = indexes_.at(index).find(value);
    return at == indexes_[index].end() ? none : at->second;
  }
  /// True if this is the first touch of the key in this transaction.
  bool put(const Key& key, std::optional<Row> row) {
    const auto at = rows_.find(key);
    const bool first = !undo_.contains(key);
    if (first) undo_.emplace(key, at == rows_.end() ? std::nullopt : std::optional<Row>(at->second));
    set(key, std::move(row));
    return first;
  }

  [[nodiscard]] std::optional<std::string> encoded(const Key& key) const override {
    const Row* row = find(key);
    if (row == nullptr) return {};
    return cbor::write(*row);
  }
  Outcome<> load(const Key& key, std::string_view text) override {
    set(key, TRY(cbor::read<Row>(text)));
    return {};
  }
  [[nodiscard]] Instant due(const Key& key) const override {
    const Row* row = rules_.due != nullptr ? find(key) : nullptr;
    return row != nullptr ? rules_.due(*row) : Instant::never();
  }
  void fire(Tx& tx, const Key& key) const override { rules_.on_due(tx, key); }
  void roll_back(const Key& key) override {
    if (auto node = undo_.extract(key); !node.empty()) set(key, std::move(node.mapped()));
  }
  void forget_undo() override { undo_.clear(); }
  [[nodiscard]] std::vector<Key> keys() const override {
    std::vector<Key> all;
    for (const auto& [key, row] : rows_) all.push_back(key);
    return all;
  }

 private:
  void set(const Key& key, std::optional<Row> row) {
    const auto at = rows_.find(key);
    if (at != rows_.end())
      for (std::size_t i = 0; i < indexes_.size(); ++i) unlink(i, rules_.indexes[i](at->second), key);
    if (!row) {
      if (at != rows_.end()) rows_.erase(at);
      return;
    }
    const Row& now = rows_.insert_or_assign(key, std::move(*row)).first->second;
    for (std::size_t i = 0; i < indexes_.size(); ++i) indexes_[i][rules_.indexes[i](now)].insert(key);
  }
  void unlink(std::size_t index, const Key& value, const Key& key) {
    const auto at = indexes_[index].find(value);
    if (at == indexes_[index].end()) return;
    at->second.erase(key);
    if (at->second.empty()) indexes_[index].erase(at);
  }

  TableRules<Row> rules_;
  Rows rows_;
  std::vector<std::map<Key, std::set<Key>, std::less<>>> indexes_;
  std::map<Key, std::optional<Row>> undo_;
};

}  // namespace utakata
