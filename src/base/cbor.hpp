#pragma once

#include <string>
#include <string_view>

#include "base/describe.hpp"
#include "base/outcome.hpp"

// CBOR (RFC 8949) of described values: structures are maps by member name, so rows survive added and removed members.
namespace utakata::cbor {

std::string write(const Type&, const void* object);

/// Fills `object`; members it does not know are skipped. Refused: malformed or truncated text, wrong types.
Outcome<> read(const Type&, void* object, std::string_view text);

template <class T>
std::string write(const T& object) {
  return write(type_of<T>, &object);
}
template <class T>
Outcome<T> read(std::string_view text) {
  T object{};
  TRY_VOID(read(type_of<T>, &object, text));
  return object;
}

}  // namespace utakata::cbor
