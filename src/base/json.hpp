#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/outcome.hpp"
#include "base/text.hpp"

namespace utakata {

/// A JSON value of any shape, for documents that no struct describes: event patterns, answers that a client reads.
/// Members keep their order, numbers keep the text they were written with.
class Json {
 public:
  enum class Kind : std::uint8_t { null, boolean, number, text, array, object };
  struct Limits {
    int depth = 64;
    std::size_t bytes = std::size_t{16} << 20;
  };

  Json() = default;                                                         // null
  Json(std::string_view text) : kind_(Kind::text), text_(text) {}           // NOLINT: implicit on purpose
  Json(const std::string& text) : Json(std::string_view(text)) {}           // NOLINT: implicit on purpose
  Json(const char* text) : Json(std::string_view(text)) {}                  // NOLINT: implicit on purpose
  Json(std::same_as<bool> auto on) : kind_(Kind::boolean), boolean_(on) {}  // NOLINT: implicit on purpose
  Json(double number);                                                      // NOLINT: implicit on purpose
  template <std::integral N>
    requires(!std::same_as<N, bool> && !std::same_as<N, char>)
  Json(N number) : kind_(Kind::number), text_(cat(number)) {}  // NOLINT: implicit on purpose

  static Json array() { return Json(Kind::array); }
  static Json object() { return Json(Kind::object); }

  /// Refuses malformed text with the byte it went wrong at. The last of several equal names wins.
  static Outcome<Json> parse(std::string_view text, Limits = {.depth = 64, .bytes = std::size_t{16} << 20});

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] bool is(Kind kind) const { return kind_ == kind; }
  [[nodiscard]] bool is_null() const { return is(Kind::null); }
  [[nodiscard]] bool is_text() const { return is(Kind::text); }
  [[nodiscard]] bool is_number() const { return is(Kind::number); }
  [[nodiscard]] bool is_object() const { return is(Kind::object); }
  [[nodiscard]] bool is_array() const { return is(Kind::array); }

  [[nodiscard]] const std::string& text() const { return text_; }          // of a text; a number's own spelling
  [[nodiscard]] bool boolean() const { return boolean_; }                  // false unless it is `true`
  [[nodiscard]] std::optional<std::int64_t> integer() const;               // a number without a fraction that fits
  [[nodiscard]] std::optional<double> number() const;                      // of a number
  [[nodiscard]] const std::vector<Json>& items() const { return items_; }  // of an array; an object's values
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }  // of an object, beside items()
  [[nodiscard]] std::size_t size() const { return items_.size(); }

  /// The member of that name; null pointer if it is absent or this is no object.
  [[nodiscard]] const Json* find(std::string_view name) const;
  /// The member of a member and so on: find({"detail", "lastStatus"}).
  [[nodiscard]] const Json* find(std::initializer_list<std::string_view> path) const;
  /// The text of a member; empty if it is absent or no text.
  [[nodiscard]] std::string_view text_at(std::initializer_list<std::string_view> path) const;
  /// The integer of a member; 0 if it is absent or none.
  [[nodiscard]] std::int64_t integer_at(std::initializer_list<std::string_view> path) const;

  Json& push(Json item);                         // to an array; returns the new item
  Json& set(std::string_view name, Json value);  // in an object: replaces, or adds at the end; returns the value

  [[nodiscard]] std::string write() const;     // compact
  [[nodiscard]] std::string indented() const;  // for people: two spaces a level

  friend bool operator==(const Json&, const Json&) = default;

 private:
  friend class JsonParser;
  explicit Json(Kind kind) : kind_(kind) {}
  void write_to(std::string& out, int indent) const;

  Kind kind_ = Kind::null;
  bool boolean_ = false;
  std::string text_;
  std::vector<Json> items_;
  std::vector<std::string> names_;
};

}  // namespace utakata
