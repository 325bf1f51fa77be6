#include "market/market.hpp"

#include <algorithm>
#include <functional>

#include "base/text.hpp"

namespace utakata::market {
namespace {

constexpr std::string_view pool_key = "pool";

// The warning of a Spot task, and a little for its end.
constexpr Duration claim_lasts = seconds(150);

Instant due(const PoolRow& row) {
  Instant earliest = Instant::never();
  for (const Instant at : {row.spot_refused_until, row.claimed_until})
    if (at.set()) earliest = std::min(earliest, at);
  return earliest;
}

void set_claim(PoolRow& row, Amount amount, Instant until) {
  row.claimed_cpu = std::max<i64>(amount.cpu, 0);
  row.claimed_memory_mib = std::max<i64>(amount.memory_mib, 0);
  const bool none = row.claimed_cpu == 0 && row.claimed_memory_mib == 0;
  row.claimed_until = none ? Instant{} : until;
}

void time_is_up(Tx& tx, const Key& key) {
  tx.update<PoolRow>(key, [&](PoolRow& row) {
    if (row.spot_refused_until <= tx.now()) row.spot_refused_until = {};
    if (row.claimed_until <= tx.now()) set_claim(row, {}, {});
  });
  tx.publish({.kind = room_fact});
}

void change(Tx& tx, const std::function<void(PoolRow&)>& how) {
  PoolRow row = pool(tx);
  how(row);
  tx.put(Key(pool_key), row);
}

Amount used(const PoolRow& row) {
  return {row.on_demand_cpu + row.spot_cpu, row.on_demand_memory_mib + row.spot_memory_mib};
}

// For whoever asks later why a task was not placed.
bool refused(Tx& tx, Purchase purchase, Amount asked, Amount room) {
  change(tx, [&](PoolRow& row) {
    row.refused_at = tx.now();
    row.refused_spot = purchase == Purchase::spot;
    row.refused_cpu = asked.cpu;
    row.refused_memory_mib = asked.memory_mib;
    row.refused_room_cpu = std::max<i64>(room.cpu, 0);
    row.refused_room_memory_mib = std::max<i64>(room.memory_mib, 0);
  });
  return false;
}

std::string check(const Tx& tx) {
  const PoolRow& row = pool(tx);
  const bool sound =
      row.on_demand_cpu >= 0 && row.spot_cpu >= 0 && row.on_demand_memory_mib >= 0 && row.spot_memory_mib >= 0;
  return sound ? "" : "more capacity was given back than taken";
}

}  // namespace

void declare(Schema& schema) {
  schema.table<PoolRow>({.due = due, .on_due = time_is_up});
  schema.invariant("market", check);
}

const PoolRow& pool(const Tx& tx) {
  static const PoolRow none;
  const PoolRow* row = tx.find<PoolRow>(pool_key);
  return row != nullptr ? *row : none;
}

Amount total(const PoolRow& row) { return {row.cpu, row.memory_mib}; }

Amount free_surplus(const PoolRow& row) {
  return total(row) - used(row) - Amount{row.claimed_cpu, row.claimed_memory_mib};
}

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
  const Amount room = total(row) - used(row);
  if (purchase == Purchase::spot) {
    const Amount surplus = spot_refused(tx) ? Amount{} : free_surplus(row);
    if (!amount.fits_in(surplus)) return refused(tx, purchase, amount, surplus);
    change(tx, [&](PoolRow& changed) {
      changed.spot_cpu += amount.cpu;
      changed.spot_memory_mib += amount.memory_mib;
    });
    return true;
  }
  if (!amount.fits_in(room)) {
    const Amount missing{std::max<i64>(amount.cpu - room.cpu, 0),
                         std::max<i64>(amount.memory_mib - room.memory_mib, 0)};
    if (!missing.fits_in({row.spot_cpu, row.spot_memory_mib})) return refused(tx, purchase, amount, room);
    // Spot gives way: its tasks are warned now, and the room is there when they have gone.
    change(tx, [&](PoolRow& changed) {
      const Amount claim{std::max(changed.claimed_cpu, amount.cpu),
                         std::max(changed.claimed_memory_mib, amount.memory_mib)};
      set_claim(changed, claim, tx.now() + claim_lasts);
      changed.squeezed_at = tx.now();
      changed.squeezed_cpu = missing.cpu;
      changed.squeezed_memory_mib = missing.memory_mib;
    });
    tx.publish({.kind = squeeze_fact, .body = cat(missing.cpu, " ", missing.memory_mib)});
    return refused(tx, purchase, amount, room);
  }
  change(tx, [&](PoolRow& changed) {
    changed.on_demand_cpu += amount.cpu;
    changed.on_demand_memory_mib += amount.memory_mib;
    set_claim(changed, Amount{changed.claimed_cpu, changed.claimed_memory_mib} - amount, changed.claimed_until);
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
