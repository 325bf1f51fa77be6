#pragma once

#include <map>

#include "services/ecs/api/common.hpp"

// Which capacity provider gets the next task and which loses one (facts: ecs.md §5.2: base first, then by weight). AWS
// does not publish its rounding; this converges to the ratio and agrees with every published example.
namespace utakata::ecs {

using Strategy = list<api::CapacityProviderStrategyItem>;
using CountByProvider = std::map<str, i32, std::less<>>;

/// The provider of one more task; empty for an empty strategy.
str next_provider(const Strategy&, const CountByProvider& counts);
/// The provider that gives one up, among those that have tasks; empty if none has.
str provider_to_shrink(const Strategy&, const CountByProvider& counts);

}  // namespace utakata::ecs
