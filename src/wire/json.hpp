#pragma once

#include <string>
#include <string_view>

#include "base/describe.hpp"
#include "base/outcome.hpp"
#include "wire/violation.hpp"

// JSON of described values, as the protocols JSON 1.0 and 1.1 write it: absent members are left out, instants are
// seconds since 1970 with up to three decimals, blobs are base64, documents stand as they are.
namespace utakata::wire {

/// Fills `object`. Members that it does not know are ignored and null is absent, as AWS does; of equal names the last
/// wins. The fault names the member (`Fault::field`), and `notes` the kind of violation.
Outcome<> read_json(const Type&, void* object, std::string_view text, ReadNotes& notes);

std::string write_json(const Type&, const void* object);

template <class T>
Outcome<T> read_json(std::string_view text) {
  T object{};
  ReadNotes notes;
  TRY_VOID(read_json(type_of<T>, &object, text, notes));
  return object;
}
template <class T>
std::string write_json(const T& object) {
  return write_json(type_of<T>, &object);
}

/// Seconds since 1970 with up to three decimals: "1778067754.5".
std::string epoch_seconds(Instant);

/// Reads seconds since 1970 with any decimals; nothing if it is no number or beyond the years of an Instant.
std::optional<Instant> parse_epoch_seconds(std::string_view number);

}  // namespace utakata::wire
