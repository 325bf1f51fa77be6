#include "market/market.hpp"

#include <algorithm>
#include <functional>

#include "base/text.hpp"

namespace utakata::market {
namespace {

constexpr std::string_view pool_key = "pool";

Instant due(const PoolRow& row) { return row.spot_refused_until.set() ? row.spot_refused_until : Instant::never(); }

void refusal_ends(Tx& tx, const Key& key) {
  tx.update<PoolRow>(key, [](PoolRow& row) { row.spot_refused_until = {}; });
  tx.publish({.kind = room_fact});
}

void change(Tx& tx, const std::function<void(PoolRow&)>& how) {
  PoolRow row = pool(tx);
  how(row);
  tx.put(Key(pool_key), std::move(row));
}

Amount used(const PoolRow& row) {
  return {row.on_demand_cpu + row.spot_cpu, row.on_demand_memory_mib + row.spot_memory_mib};
}

std::string check(const Tx& tx) {
  const PoolRow& row = pool(tx);
  const bool sound =
      row.on_demand_cpu >= 0 && row.spot_cpu >= 0 && row.on_demand_memory_mib >= 0 && row.spot_memory_mib >= 0;
  return sound ? "" : "more capacity was given back than taken";
}

}  // namespace

void declare(Schema& schema) {
  schema.table<PoolRow>({.due = due, .on_due = refusal_ends});
  schema.invariant("market", check);
}

const PoolRow& pool(const Tx& tx) {
  static const PoolRow none;
  const PoolRow* row = tx.find<PoolRow>(pool_key);
  return row != nullptr ? *row : none;
}

Amount total(const PoolRow& row) { return {row.cpu, row.memory_mib}; }

Amount free_surplus(const PoolRow& row) { return total(row) - used(row); }

void set_total(Tx& tx, Amount amount) {
  const PoolRow& row = pool(tx);
  if (row.cpu == amount.cpu && row.memory_mib == amount.memory_mib) return;
  change(tx, [&](PoolRow& changed) {
    changed.cpu = amount.cpu;
    changed.memory_mib = amount.memory_mib;
  });
  tx.publish({.kind = room_fact});
}

void refuse_spot_until(Tx& tx, Instant until) {
  const bool ends = until <= tx.now();
  change(tx, [&](PoolRow& row) { row.spot_refused_until = ends ? Instant{} : until; });
  if (ends) tx.publish({.kind = room_fact});
}

bool spot_refused(const Tx& tx) { return pool(tx).spot_refused_until > tx.now(); }

bool take(Tx& tx, Purchase purchase, Amount amount) {
  const PoolRow& row = pool(tx);
  const Amount room = free_surplus(row);
  if (purchase == Purchase::spot) {
    if (spot_refused(tx) || !amount.fits_in(room)) return false;
    change(tx, [&](PoolRow& changed) {
      changed.spot_cpu += amount.cpu;
      changed.spot_memory_mib += amount.memory_mib;
    });
    return true;
  }
  if (!amount.fits_in(room)) {
    const Amount missing{std::max<i64>(amount.cpu - room.cpu, 0),
                         std::max<i64>(amount.memory_mib - room.memory_mib, 0)};
    if (!missing.fits_in({row.spot_cpu, row.spot_memory_mib})) return false;
    // Spot gives way: its tasks are warned now, and the room is there when they have gone.
    tx.publish({.kind = squeeze_fact, .body = cat(missing.cpu, " ", missing.memory_mib)});
    return false;
  }
  change(tx, [&](PoolRow& changed) {
    changed.on_demand_cpu += amount.cpu;
    changed.on_demand_memory_mib += amount.memory_mib;
  });
  return true;
}

void give_back(Tx& tx, Purchase purchase, Amount amount) {
  change(tx, [&](PoolRow& row) {
    (purchase == Purchase::spot ? row.spot_cpu : row.on_demand_cpu) -= amount.cpu;
    (purchase == Purchase::spot ? row.spot_memory_mib : row.on_demand_memory_mib) -= amount.memory_mib;
  });
  tx.publish({.kind = room_fact});
}

}  // namespace utakata::market
