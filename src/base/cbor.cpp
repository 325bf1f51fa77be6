#include "base/cbor.hpp"

#include <bit>

namespace utakata::cbor {
namespace {

enum Major : std::uint8_t { positive = 0, negative = 1, bytes = 2, text = 3, array = 4, map = 5, tag = 6, simple = 7 };
constexpr int depth_max = 64;

class Writer {
 public:
  void value(const Type& type, const void* object) {  // NOLINT(misc-no-recursion): shapes nest
    switch (type.kind) {
      case Kind::text:
        return string(text, *static_cast<const std::string*>(object));
      case Kind::boolean:
        out_ += *static_cast<const bool*>(object) ? '\xf5' : '\xf4';
        return;
      case Kind::i32:
        return integer(*static_cast<const i32*>(object));
      case Kind::i64:
        return integer(*static_cast<const i64*>(object));
      case Kind::instant:
        return integer(static_cast<const Instant*>(object)->ns);
      case Kind::f64:
        return real(*static_cast<const f64*>(object));
      case Kind::blob:
        return string(bytes, static_cast<const Blob*>(object)->bytes);
      case Kind::document:
        return string(text, static_cast<const Document*>(object)->text);
      case Kind::one_of:
        return string(text, type.names[*static_cast<const std::uint8_t*>(object)]);
      case Kind::structure:
        return structure(type, object);
      case Kind::list:
        return items(type, object);
      case Kind::dict:
        return entries(type, object);
    }
  }
  std::string take() { return std::move(out_); }

 private:
  void head(Major major, std::uint64_t n) {
    const auto first = static_cast<std::uint8_t>(major << 5);
    if (n < 24) {
      out_ += static_cast<char>(first | n);
      return;
    }
    const int width = n <= 0xff ? 1 : n <= 0xffff ? 2 : n <= 0xffffffff ? 4 : 8;
    out_ += static_cast<char>(first | (24 + std::countr_zero(static_cast<unsigned>(width))));
    for (int shift = width * 8 - 8; shift >= 0; shift -= 8) out_ += static_cast<char>(n >> shift & 255);
  }
  void string(Major major, std::string_view s) {
    head(major, s.size());
    out_ += s;
  }
  void integer(i64 n) {
    if (n >= 0)
      head(positive, static_cast<std::uint64_t>(n));
    else
      head(negative, ~static_cast<std::uint64_t>(n));
  }
  void real(f64 n) {
    out_ += '\xfb';
    const auto bits = std::bit_cast<std::uint64_t>(n);
    for (int shift = 56; shift >= 0; shift -= 8) out_ += static_cast<char>(bits >> shift & 255);
  }
  void structure(const Type& type, const void* object) {  // NOLINT(misc-no-recursion)
    std::uint64_t present = 0;
    for (std::uint16_t i = 0; i < type.count; ++i) present += type.fields[i].find_in(object) != nullptr ? 1 : 0;
    head(map, present);
    for (std::uint16_t i = 0; i < type.count; ++i) {
      const void* member = type.fields[i].find_in(object);
      if (member == nullptr) continue;
      string(text, type.fields[i].name);
      value(*type.fields[i].type, member);
    }
  }
  void items(const Type& type, const void* object) {  // NOLINT(misc-no-recursion)
    const auto [first, n] = type.range(object);
    head(array, n);
    for (std::size_t i = 0; i < n; ++i) value(*type.element, static_cast<const char*>(first) + i * type.element->size);
  }
  void entries(const Type& type, const void* object) {  // NOLINT(misc-no-recursion)
    std::uint64_t n = 0;
    type.each(object, &n, [](void* count, const std::string&, const void*) { ++*static_cast<std::uint64_t*>(count); });
    head(map, n);
    struct Context {
      Writer* writer;
      const Type* element;
    } context{this, type.element};
    type.each(object, &context, [](void* c, const std::string& key, const void* item) {
      const auto& [writer, element] = *static_cast<Context*>(c);
      writer->string(text, key);
      writer->value(*element, item);
    });
  }
  std::string out_;
};

class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}
  [[nodiscard]] bool at_end() const { return in_.empty(); }

  Outcome<> value(const Type& type, void* object, int depth) {  // NOLINT(misc-no-recursion)
    if (depth > depth_max) return malformed("nests too deep");
    switch (type.kind) {
      case Kind::structure:
        return structure(type, object, depth);
      case Kind::list:
        return items(type, object, depth);
      case Kind::dict:
        return entries(type, object, depth);
      case Kind::text:
        *static_cast<std::string*>(object) = TRY(string(text));
        return {};
      case Kind::document:
        static_cast<Document*>(object)->text = TRY(string(text));
        return {};
      case Kind::blob:
        static_cast<Blob*>(object)->bytes = TRY(string(bytes));
        return {};
      case Kind::one_of:
        return one_of(type, object);
      case Kind::boolean:
        *static_cast<bool*>(object) = TRY(head())
        .n == 21;
        return {};
      case Kind::i32:
        *static_cast<i32*>(object) = static_cast<i32>(TRY(integer()));
        return {};
      case Kind::i64:
        *static_cast<i64*>(object) = TRY(integer());
        return {};
      case Kind::instant:
        static_cast<Instant*>(object)->ns = TRY(integer());
        return {};
      case Kind::f64:
        *static_cast<f64*>(object) = std::bit_cast<f64>(TRY(head()).n);
        return {};
    }
    return {};
  }

 private:
  struct Head {
    Major major;
    std::uint64_t n;
  };
  static std::unexpected<Fault> malformed(std::string_view why) {
    return refuse("SerializationException", "CBOR: " + std::string(why));
  }
  Outcome<Head> head() {
    if (in_.empty()) return malformed("ends early");
    const auto first = static_cast<std::uint8_t>(in_.front());
    in_.remove_prefix(1);
    const auto major = static_cast<Major>(first >> 5);
    const unsigned low = first & 31;
    if (low < 24) return Head{major, low};
    if (low > 27) return malformed("indefinite lengths are not used here");
    const std::size_t width = std::size_t{1} << (low - 24);
    if (in_.size() < width) return malformed("ends early");
    std::uint64_t n = 0;
    for (std::size_t i = 0; i < width; ++i) n = n << 8 | static_cast<std::uint8_t>(in_[i]);
    in_.remove_prefix(width);
    return Head{major, n};
  }
  Outcome<std::string> string(Major wanted) {
    const Head h = TRY(head());
    if (h.major != wanted || in_.size() < h.n) return malformed("expected a string");
    std::string s(in_.substr(0, h.n));
    in_.remove_prefix(h.n);
    return s;
  }
  Outcome<i64> integer() {
    const Head h = TRY(head());
    if (h.major == positive) return static_cast<i64>(h.n);
    if (h.major == negative) return static_cast<i64>(~h.n);
    return malformed("expected an integer");
  }
  Outcome<> one_of(const Type& type, void* object) {
    const std::string name = TRY(string(text));
    for (std::uint16_t i = 0; i < type.count; ++i) {
      if (type.names[i] != name) continue;
      *static_cast<std::uint8_t*>(object) = static_cast<std::uint8_t>(i);
      return {};
    }
    return malformed("unknown name " + name);
  }
  Outcome<> structure(const Type& type, void* object, int depth) {  // NOLINT(misc-no-recursion)
    const Head h = TRY(head());
    if (h.major != map) return malformed("expected a map");
    for (std::uint64_t i = 0; i < h.n; ++i) {
      const std::string name = TRY(string(text));
      const Field* field = type.field(name);
      if (field == nullptr)
        TRY_VOID(skip(depth + 1));
      else
        TRY_VOID(value(*field->type, field->value_in(object), depth + 1));
    }
    return {};
  }
  Outcome<> items(const Type& type, void* object, int depth) {  // NOLINT(misc-no-recursion)
    const Head h = TRY(head());
    if (h.major != array) return malformed("expected an array");
    for (std::uint64_t i = 0; i < h.n; ++i) TRY_VOID(value(*type.element, type.push(object), depth + 1));
    return {};
  }
  Outcome<> entries(const Type& type, void* object, int depth) {  // NOLINT(misc-no-recursion)
    const Head h = TRY(head());
    if (h.major != map) return malformed("expected a map");
    for (std::uint64_t i = 0; i < h.n; ++i) {
      const std::string key = TRY(string(text));
      TRY_VOID(value(*type.element, type.put(object, key), depth + 1));
    }
    return {};
  }
  Outcome<> skip(int depth) {  // NOLINT(misc-no-recursion)
    if (depth > depth_max) return malformed("nests too deep");
    const Head h = TRY(head());
    if (h.major == bytes || h.major == text) {
      if (in_.size() < h.n) return malformed("ends early");
      in_.remove_prefix(h.n);
    }
    const std::uint64_t inner = h.major == array ? h.n : h.major == map ? h.n * 2 : h.major == tag ? 1 : 0;
    for (std::uint64_t i = 0; i < inner; ++i) TRY_VOID(skip(depth + 1));
    return {};
  }
  std::string_view in_;
};

}  // namespace

std::string write(const Type& type, const void* object) {
  Writer writer;
  writer.value(type, object);
  return writer.take();
}

Outcome<> read(const Type& type, void* object, std::string_view input) {
  Reader reader(input);
  TRY_VOID(reader.value(type, object, 0));
  if (!reader.at_end()) return refuse("SerializationException", "CBOR: text after the end");
  return {};
}

}  // namespace utakata::cbor
