#include "wire/violation.hpp"

#include "base/text.hpp"

namespace utakata::wire {
namespace {

// An empty list or map asks for nothing, so it is not worth a warning.
bool is_empty(const Type& type, const void* value) {
  if (type.kind == Kind::list) return type.range(value).second == 0;
  if (type.kind != Kind::dict) return false;
  bool empty = true;
  type.each(value, &empty, [](void* flag, const std::string&, const void*) { *static_cast<bool*>(flag) = false; });
  return empty;
}

}  // namespace

void ReadNotes::note_stored(const Path& path, const Field& field, const void* value) {
  if (!is_empty(*field.type, value)) note_stored(path.pointer());
}

void ReadNotes::note_stored(std::string path) {
  if (stored.size() < max_stored) stored.push_back(std::move(path));
}

void ReadNotes::note_ignored(const Path& path, std::string_view name) {
  if (ignored.size() < max_stored) ignored.push_back(cat(path.pointer(), '/', name.substr(0, 100)));
}

std::string allowed_values(const Type& enumeration) {
  std::string out = "[";
  for (std::uint16_t i = 0; i < enumeration.count; ++i) {
    if (i != 0) out += ", ";
    out += enumeration.names[i];
  }
  return out + "]";
}

std::string not_allowed_message(std::string_view member, std::string_view value, const Type& enumeration) {
  static constexpr std::size_t shown = 200;
  return cat("1 validation error detected: Value '", value.substr(0, shown), "' at '", member,
             "' failed to satisfy constraint: Member must satisfy enum value set: ", allowed_values(enumeration));
}

std::string missing_message(std::string_view member) {
  return cat("1 validation error detected: Value null at '", member,
             "' failed to satisfy constraint: Member must not be null");
}

}  // namespace utakata::wire
