#!/usr/bin/env python3
"""Prints src/base/reflect_bindings.hpp: one structured binding per member count, which C++23 cannot write generically."""
LIMIT = 64
print('''#pragma once

#include <cstddef>

// Printed by tools/reflect_bindings.py. A structured binding names its members one by one, so there is one per count.
// clang-format off
namespace utakata::reflect {

template <std::size_t Count>
struct Bind;
template <> struct Bind<0> { template <class T, class F> static constexpr auto members(T&, F&& f) { return f(); } };''')
for n in range(1, LIMIT + 1):
    names = [f"m{i}" for i in range(n)]
    rows = [", ".join(names[i:i + 16]) for i in range(0, n, 16)]
    text = ",\n  ".join(rows)
    print(f"template <> struct Bind<{n}> {{ template <class T, class F> static constexpr auto members(T& t, F&& f) {{")
    print(f"  auto& [{text}] = t;\n  return f({text}); }} }};")
print("\n}  // namespace utakata::reflect\n// clang-format on")
