#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/reflect_bindings.hpp"

// Reflection of plain aggregates without macros: how many members, of which types, by which names.
// Counting tries aggregate initialisation; types come from structured bindings; names from the compiler's own spelling
// of a pointer to a member of an object that is declared and never defined. Not for base classes, C arrays, bit-fields.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-var-template"
#pragma clang diagnostic ignored "-Wundefined-inline"
#pragma clang diagnostic ignored "-Wundefined-internal"
namespace utakata::reflect {

struct Anything {
  std::size_t index;
  template <class T>
  operator T() const noexcept;  // NOLINT: implicit on purpose
};
template <class Except>
struct AnythingBut {
  std::size_t index;
  template <class T>
    requires(!std::is_same_v<T, Except>)
  operator T() const noexcept;  // NOLINT: implicit on purpose
};

template <class T, std::size_t... I>
constexpr bool initialisable_by(std::index_sequence<I...>) {
  if constexpr (sizeof...(I) == 1)
    return requires { T{AnythingBut<T>{I}...}; };  // one member: do not count the copy constructor
  else
    return requires { T{Anything{I}...}; };
}

template <class T, std::size_t Low, std::size_t High>
constexpr std::size_t bisect() {
  if constexpr (High - Low <= 1) {
    return Low;
  } else {
    constexpr std::size_t middle = Low + (High - Low) / 2;
    if constexpr (initialisable_by<T>(std::make_index_sequence<middle>{}))
      return bisect<T, middle, High>();
    else
      return bisect<T, Low, middle>();
  }
}

template <class T, std::size_t High>
constexpr std::size_t count() {
  if constexpr (High <= 64 && initialisable_by<T>(std::make_index_sequence<High>{}))
    return count<T, High * 2>();
  else
    return bisect<T, High == 4 ? 0 : High / 2, High>();
}

template <class T>
inline constexpr std::size_t member_count = count<std::remove_cv_t<T>, 4>();

template <class T, class F>
constexpr auto with_members(T& object, F&& f) {
  return Bind<member_count<T>>::members(object, f);
}

template <class... Types>
struct TypeList {};
template <class T>
using member_types = decltype(with_members(
    std::declval<T&>(), [](auto&... members) { return TypeList<std::remove_cvref_t<decltype(members)>...>{}; }));

template <class T>
struct Holder {
  T value;
};
template <class T>
extern const Holder<T> ghost;
template <class Pointer>
struct Name {
  Pointer pointer;
};
template <class Pointer>
Name(Pointer) -> Name<Pointer>;
template <auto P>
consteval std::string_view spelling() {
  return __PRETTY_FUNCTION__;
}

// clang spells "[P = Name<...>{&ghost.value.member}]": the last identifier is the member.
consteval std::string_view last_identifier(std::string_view text) {
  std::size_t end = text.rfind('}');
  while (end > 0 && (text[end - 1] == ')' || text[end - 1] == '}' || text[end - 1] == ' ')) --end;
  std::size_t begin = end;
  const auto in_identifier = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  while (begin > 0 && in_identifier(text[begin - 1])) --begin;
  return text.substr(begin, end - begin);
}

template <std::size_t I, class Pointer>
struct Leaf {
  Pointer pointer;
};
template <class Sequence, class... Pointers>
struct Row;
template <std::size_t... I, class... Pointers>
struct Row<std::index_sequence<I...>, Pointers...> : Leaf<I, Pointers>... {};
template <std::size_t I, class Pointer>
constexpr Pointer at(const Leaf<I, Pointer>& leaf) {
  return leaf.pointer;
}

template <class T>
consteval auto ghost_row() {
  return with_members(ghost<T>.value, [](auto&... members) {
    return Row<std::make_index_sequence<sizeof...(members)>, decltype(&members)...>{{&members}...};
  });
}
template <class T, std::size_t... I>
consteval auto spellings(std::index_sequence<I...>) {
  return std::array<std::string_view, sizeof...(I)>{last_identifier(spelling<Name{at<I>(ghost_row<T>())}>())...};
}

template <std::size_t N>
struct Characters {
  char text[N ? N : 1]{};
};

// The names of one struct packed into one array, so that the compiler's long spellings stay out of the program.
template <class T>
struct PackedNames {
  static constexpr std::size_t size = member_count<T>;
  static constexpr auto raw = spellings<T>(std::make_index_sequence<size>{});
  static consteval std::size_t length() {
    std::size_t n = 0;
    for (const auto name : raw) n += name.size();
    return n;
  }
  static consteval auto pack() {
    Characters<length()> packed;
    std::size_t n = 0;
    for (const auto name : raw)
      for (const char c : name) packed.text[n++] = c;
    return packed;
  }
  static constexpr auto text = pack();
  static consteval auto views() {
    std::array<std::string_view, size> result{};
    std::size_t n = 0;
    std::size_t i = 0;
    for (const auto name : raw) {
      result[i++] = {text.text + n, name.size()};
      n += name.size();
    }
    return result;
  }
};
template <class T>
inline constexpr auto member_names = PackedNames<T>::views();

}  // namespace utakata::reflect
#pragma clang diagnostic pop
