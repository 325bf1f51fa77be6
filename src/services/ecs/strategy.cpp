#include "services/ecs/strategy.hpp"

namespace utakata::ecs {
namespace {

i32 count_of(const CountByProvider& counts, const str& provider) {
  const auto at = counts.find(provider);
  return at == counts.end() ? 0 : at->second;
}

// a/x < b/y without division.
bool less_ratio(i64 a, i64 x, i64 b, i64 y) { return a * y < b * x; }

}  // namespace

str next_provider(const Strategy& strategy, const CountByProvider& counts) {
  for (const auto& item : strategy)
    if (count_of(counts, item.capacityProvider) < item.base.value_or(0)) return item.capacityProvider;
  const api::CapacityProviderStrategyItem* best = nullptr;
  i64 best_extra = 0;
  for (const auto& item : strategy) {
    const i64 weight = item.weight.value_or(0);
    if (weight <= 0) continue;
    const i64 extra = count_of(counts, item.capacityProvider) - item.base.value_or(0) + 1;
    if (best != nullptr && !less_ratio(extra, weight, best_extra, best->weight.value_or(0))) continue;
    best = &item;
    best_extra = extra;
  }
  if (best != nullptr) return best->capacityProvider;
  // Only bases were given: what goes beyond them stays with the first.
  return strategy.empty() ? str() : strategy.front().capacityProvider;
}

str provider_to_shrink(const Strategy& strategy, const CountByProvider& counts) {
  const api::CapacityProviderStrategyItem* best = nullptr;
  i64 best_extra = 0;
  for (const auto& item : strategy) {
    const i64 weight = item.weight.value_or(0);
    const i64 extra = count_of(counts, item.capacityProvider) - item.base.value_or(0);
    if (weight <= 0 || extra <= 0) continue;
    if (best != nullptr && less_ratio(extra, weight, best_extra, best->weight.value_or(0))) continue;
    best = &item;
    best_extra = extra;
  }
  if (best != nullptr) return best->capacityProvider;
  str any;
  for (const auto& item : strategy)
    if (count_of(counts, item.capacityProvider) > 0) any = item.capacityProvider;
  if (!any.empty()) return any;
  for (const auto& [provider, count] : counts)
    if (count > 0) return provider;
  return {};
}

}  // namespace utakata::ecs
