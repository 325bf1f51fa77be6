#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "base/reflect.hpp"
#include "base/types.hpp"

// One constexpr table per struct. Every protocol, the rows and the dump are ordinary functions over these tables.
namespace utakata {

enum class Kind : std::uint8_t { text, boolean, i32, i64, f64, instant, blob, document, one_of, structure, list, dict };

struct Type;

struct Field {
  std::string_view name;   // the model's member name ("namespace_" is "namespace")
  std::string_view alias;  // the name on the EC2 protocol, if it differs
  const Type* type = nullptr;
  void* (*engage)(void*) = nullptr;           // makes the optional member present; null if the member is required
  const void* (*get)(const void*) = nullptr;  // the value, or null if absent; null function if the member is required
  std::uint32_t offset = 0;
  bool stored_only = false;
  bool refused = false;

  [[nodiscard]] bool required() const { return engage == nullptr; }
  [[nodiscard]] void* value_in(void* object) const {
    void* member = static_cast<char*>(object) + offset;
    return engage != nullptr ? engage(member) : member;
  }
  [[nodiscard]] const void* find_in(const void* object) const {
    const void* member = static_cast<const char*>(object) + offset;
    return get != nullptr ? get(member) : member;
  }
};

struct Type {
  Kind kind{};
  std::uint16_t count = 0;        // fields of a structure, names of an enumeration
  std::uint32_t size = 0;         // of one value, bytes
  const Type* element = nullptr;  // of a list or a dict
  const Field* fields = nullptr;
  const std::string_view* names = nullptr;
  void* (*push)(void*) = nullptr;                                       // list: a new last element
  std::pair<const void*, std::size_t> (*range)(const void*) = nullptr;  // list: first element and count
  void* (*put)(void*, std::string_view) = nullptr;                      // dict: the value of a key
  void (*each)(const void*, void*, void (*)(void*, const std::string&, const void*)) = nullptr;  // dict
  void (*reset)(void*) = nullptr;  // list, dict, structure: back to what it was when made

  [[nodiscard]] const Field* field(std::string_view name) const {
    for (std::uint16_t i = 0; i < count; ++i)
      if (fields[i].name == name) return &fields[i];
    return nullptr;
  }
};

template <class T>
struct Describe;
template <class T>
inline constexpr const Type& type_of = Describe<T>::value;

template <>
struct Describe<std::string> {
  static constexpr Type value{.kind = Kind::text, .size = sizeof(std::string)};
};
template <>
struct Describe<bool> {
  static constexpr Type value{.kind = Kind::boolean, .size = 1};
};
template <>
struct Describe<i32> {
  static constexpr Type value{.kind = Kind::i32, .size = 4};
};
template <>
struct Describe<i64> {
  static constexpr Type value{.kind = Kind::i64, .size = 8};
};
template <>
struct Describe<f64> {
  static constexpr Type value{.kind = Kind::f64, .size = 8};
};
template <>
struct Describe<Instant> {
  static constexpr Type value{.kind = Kind::instant, .size = sizeof(Instant)};
};
template <>
struct Describe<Blob> {
  static constexpr Type value{.kind = Kind::blob, .size = sizeof(Blob)};
};
template <>
struct Describe<Document> {
  static constexpr Type value{.kind = Kind::document, .size = sizeof(Document)};
};
template <Literal... Names>
struct Describe<OneOf<Names...>> {
  static constexpr Type value{
      .kind = Kind::one_of, .count = sizeof...(Names), .size = 1, .names = OneOf<Names...>::names};
};
template <class T>
struct Describe<std::vector<T>> {
  static void* push(void* p) { return &static_cast<std::vector<T>*>(p)->emplace_back(); }
  static std::pair<const void*, std::size_t> range(const void* p) {
    const auto* v = static_cast<const std::vector<T>*>(p);
    return {v->data(), v->size()};
  }
  static void reset(void* p) { static_cast<std::vector<T>*>(p)->clear(); }
  static constexpr Type value{.kind = Kind::list,
                              .size = sizeof(std::vector<T>),
                              .element = &Describe<T>::value,
                              .push = push,
                              .range = range,
                              .reset = reset};
};
template <>
struct Describe<std::vector<bool>>;  // no addressable elements
template <class T>
struct Describe<std::map<std::string, T>> {
  using Map = std::map<std::string, T>;
  static void* put(void* p, std::string_view key) { return &(*static_cast<Map*>(p))[std::string(key)]; }
  static void each(const void* p, void* context, void (*visit)(void*, const std::string&, const void*)) {
    for (const auto& [key, item] : *static_cast<const Map*>(p)) visit(context, key, &item);
  }
  static void reset(void* p) { static_cast<Map*>(p)->clear(); }
  static constexpr Type value{.kind = Kind::dict,
                              .size = sizeof(Map),
                              .element = &Describe<T>::value,
                              .put = put,
                              .each = each,
                              .reset = reset};
};

namespace describe_detail {

template <class M>
struct Member {
  static constexpr const Type* type = &Describe<M>::value;
  static constexpr std::string_view alias{};
  static constexpr bool stored_only = false;
  static constexpr bool refused = false;
  static constexpr void* (*engage)(void*) = nullptr;
  static constexpr const void* (*get)(const void*) = nullptr;
};
template <class O, class M>
struct OptionalMember {
  static constexpr const Type* type = &Describe<M>::value;
  static constexpr std::string_view alias{};
  static constexpr bool stored_only = false;
  static constexpr bool refused = false;
  static void* engage(void* p) {
    auto* o = static_cast<O*>(p);
    o->has = true;
    return &o->value;
  }
  static const void* get(const void* p) {
    const auto* o = static_cast<const O*>(p);
    return o->has ? &o->value : nullptr;
  }
};
template <class M>
struct Member<opt<M>> : OptionalMember<opt<M>, M> {};
template <class M>
struct Member<stored<M>> : OptionalMember<stored<M>, M> {
  static constexpr bool stored_only = true;
};
template <class M>
struct Member<utakata::refused<M>> : OptionalMember<utakata::refused<M>, M> {
  static constexpr bool refused = true;
};
template <Literal Alias, class M>
struct Member<as<Alias, M>> : OptionalMember<as<Alias, M>, M> {
  static constexpr std::string_view alias = Alias.view();
};

template <Literal Alias, class M>
struct Member<required_as<Alias, M>> : Member<M> {
  static_assert(sizeof(required_as<Alias, M>) == sizeof(M));  // the table reaches the value at the member's own place
  static constexpr std::string_view alias = Alias.view();
};

// "namespace_" travels as "namespace": a trailing underscore keeps a C++ keyword out of the way.
constexpr std::string_view wire_name(std::string_view name) {
  return name.size() > 1 && name.back() == '_' ? name.substr(0, name.size() - 1) : name;
}

template <class T, class... Members>
constexpr auto fields(reflect::TypeList<Members...>) {
  std::array<Field, sizeof...(Members)> result{};
  std::size_t i = 0;
  std::uint32_t at = 0;
  const auto add = [&]<class M>(M*) {
    using Ops = Member<M>;
    constexpr std::uint32_t align = alignof(M);
    at = (at + align - 1) & ~(align - 1);
    result[i] = Field{.name = wire_name(reflect::member_names<T>[i]),
                      .alias = Ops::alias,
                      .type = Ops::type,
                      .engage = Ops::engage,
                      .get = Ops::get,
                      .offset = at,
                      .stored_only = Ops::stored_only,
                      .refused = Ops::refused};
    at += sizeof(M);
    ++i;
  };
  (add(static_cast<Members*>(nullptr)), ...);
  return result;
}

}  // namespace describe_detail

// Declared before it is defined, so that a structure may hold lists of itself.
template <class T>
struct Describe {
  static const Type value;
};
template <class T>
struct FieldsOf {
  static constexpr auto table = describe_detail::fields<T>(reflect::member_types<T>{});
  static void reset(void* p) {
    auto* object = static_cast<T*>(p);
    std::destroy_at(object);
    std::construct_at(object);
  }
};
template <class T>
constexpr Type Describe<T>::value{.kind = Kind::structure,
                                  .count = static_cast<std::uint16_t>(FieldsOf<T>::table.size()),
                                  .size = sizeof(T),
                                  .fields = FieldsOf<T>::table.data(),
                                  .reset = FieldsOf<T>::reset};

}  // namespace utakata
