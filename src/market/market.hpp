#pragma once

#include "base/types.hpp"
#include "core/tx.hpp"

// Capacity shared by all worlds: On-Demand comes first, what it leaves is surplus, Spot lives on surplus only, and a
// market or a drill may take surplus away (design.md §4).
namespace utakata::market {

enum class Purchase : std::uint8_t { on_demand, spot };

struct Amount {
  i64 cpu = 0;  // CPU units, 1024 a vCPU
  i64 memory_mib = 0;
  friend Amount operator+(Amount a, Amount b) { return {a.cpu + b.cpu, a.memory_mib + b.memory_mib}; }
  friend Amount operator-(Amount a, Amount b) { return {a.cpu - b.cpu, a.memory_mib - b.memory_mib}; }
  [[nodiscard]] bool fits_in(Amount room) const { return cpu <= room.cpu && memory_mib <= room.memory_mib; }
};

struct PoolRow {
  static constexpr std::string_view table_name = "market.pool";
  i64 cpu = 0, memory_mib = 0;                      // what there is
  i64 on_demand_cpu = 0, on_demand_memory_mib = 0;  // in use
  i64 spot_cpu = 0, spot_memory_mib = 0;
  // What On-Demand asked for in vain: Spot does not take it while the tasks that gave way are leaving.
  i64 claimed_cpu = 0, claimed_memory_mib = 0;
  Instant claimed_until;
  Instant spot_refused_until;  // no Spot placement before
  // Who last found no room, what it asked for and what there was; and what Spot was last asked to give back for
  // On-Demand.
  Instant refused_at;
  bool refused_spot = false;
  i64 refused_cpu = 0, refused_memory_mib = 0, refused_room_cpu = 0, refused_room_memory_mib = 0;
  Instant squeezed_at;
  i64 squeezed_cpu = 0, squeezed_memory_mib = 0;
};

/// Fact: there is more room than before, or Spot is no longer refused; whoever waits may try again. Key and body are
/// empty.
inline constexpr std::string_view room_fact = "market.room";
/// Fact: On-Demand needs room that Spot holds. Body: "CPU MEMORY", what must be given back. Spot tasks are reclaimed
/// for it.
inline constexpr std::string_view squeeze_fact = "market.squeeze";

void declare(Schema&);

const PoolRow& pool(const Tx&);
Amount total(const PoolRow&);
/// What Spot may still take.
Amount free_surplus(const PoolRow&);

void set_total(Tx&, Amount);
/// Refuses every Spot placement until then; an instant in the past ends it.
void refuse_spot_until(Tx&, Instant);
[[nodiscard]] bool spot_refused(const Tx&);

/// Takes capacity for one task. False: there is none. On-Demand may squeeze Spot out: the squeeze fact asks for what is
/// missing, and for as long as a Spot task may take to leave the room is kept for On-Demand.
bool take(Tx&, Purchase, Amount);
void give_back(Tx&, Purchase, Amount);

}  // namespace utakata::market
