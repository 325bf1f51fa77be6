#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/instant.hpp"

// The value types that wire structs and rows are made of. Nothing here needs reflection, so it is cheap to include.
namespace utakata {

using str = std::string;
using i32 = std::int32_t;
using i64 = std::int64_t;
using f64 = double;
template <class T>
using list = std::vector<T>;
template <class T>
using dict = std::map<std::string, T>;

struct Blob {
  std::string bytes;
  friend bool operator==(const Blob&, const Blob&) = default;
};

/// A JSON document kept as its text: members whose shape AWS leaves open.
struct Document {
  std::string text;
  friend bool operator==(const Document&, const Document&) = default;
};

/// A member that may be absent. The value is always constructed, so tables know where it lies.
template <class T>
struct opt {
  T value{};
  bool has = false;

  constexpr opt() = default;
  template <class U>
    requires(std::is_convertible_v<U, T> && !std::is_same_v<std::remove_cvref_t<U>, opt>)
  constexpr opt(U&& given)
      : value(static_cast<U&&>(given)), has(true) {}  // NOLINT: implicit on purpose, as std::optional

  constexpr explicit operator bool() const { return has; }
  constexpr T& operator*() { return value; }
  constexpr const T& operator*() const { return value; }
  constexpr T* operator->() { return &value; }
  constexpr const T* operator->() const { return &value; }
  constexpr T& emplace() {
    has = true;
    return value = T{};
  }
  constexpr T& ensure_value() {
    has = true;
    return value;
  }
  constexpr void reset() {
    value = T{};
    has = false;
  }
  template <class U>
  constexpr T value_or(U&& other) const {
    return has ? value : static_cast<T>(static_cast<U&&>(other));
  }
  friend bool operator==(const opt&, const opt&) = default;
  friend bool operator==(const opt& a, const T& b) { return a.has && a.value == b; }
};

/// An optional member that is accepted and returned but has no effect yet; calls that use it say so (design.md §3).
template <class T>
struct stored : opt<T> {
  using opt<T>::opt;
  friend bool operator==(const stored&, const stored&) = default;
};

/// An optional member that AWS knows and that is never served here: whoever uses it gets an error (design.md §3).
template <class T>
struct refused : opt<T> {
  using opt<T>::opt;
  friend bool operator==(const refused&, const refused&) = default;
};

template <std::size_t N>
struct Literal {
  char text[N]{};
  consteval Literal(const char (&from)[N]) { std::copy_n(from, N, text); }  // NOLINT: implicit on purpose
  [[nodiscard]] constexpr std::string_view view() const { return {text, N - 1}; }
};

/// An optional member whose name on the EC2 protocol (XML element or query key) differs from the model's member name.
template <Literal Alias, class T>
struct as : opt<T> {
  using opt<T>::opt;
  friend bool operator==(const as&, const as&) = default;
};

/// The same for a required member.
template <Literal Alias, class T>
struct required_as {
  T value{};
  constexpr const T& operator*() const { return value; }
  constexpr const T* operator->() const { return &value; }
  friend bool operator==(const required_as&, const required_as&) = default;
};

void no_such_name();  // never defined: the compiler names it when a literal is none of an enumeration's names

/// An enumeration by its wire names. Comparing with or assigning a literal that is none of them does not compile.
template <Literal... Names>
struct OneOf {
  std::uint8_t index = 0;
  static constexpr std::string_view names[sizeof...(Names)] = {Names.view()...};

  constexpr OneOf() = default;
  template <std::size_t N>
  consteval OneOf(const char (&name)[N]) {  // NOLINT: implicit on purpose
    for (index = 0; index < sizeof...(Names); ++index)
      if (names[index] == std::string_view(name, N - 1)) return;
    no_such_name();
  }
  [[nodiscard]] constexpr std::string_view name() const { return names[index]; }
  friend constexpr bool operator==(OneOf, OneOf) = default;
};

}  // namespace utakata
