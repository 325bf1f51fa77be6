#pragma once

#include "base/outcome.hpp"
#include "core/tx.hpp"
#include "services/ssm/api/parameters.hpp"

// The rows of Parameter Store, WORLD NAME, with the name's own slashes, and of Session Manager, WORLD session:ID.
namespace utakata::ssm {

namespace limits {
inline constexpr std::size_t versions = 100;  // of a parameter; older ones are dropped
inline constexpr std::size_t parameters = 10'000;
inline constexpr std::size_t standard_bytes = 4096, advanced_bytes = 8192;
inline constexpr std::size_t name_characters = 2048;
inline constexpr int levels = 15;
inline constexpr std::size_t labels = 10;  // of a version
inline constexpr std::size_t tags = 50;
inline constexpr std::size_t names_of_a_call = 10;
}  // namespace limits

struct Version {
  i64 number = 0;
  str value;
  api::ParameterType type;
  api::ParameterTier tier;
  str data_type, description, key_id, allowed_pattern;
  list<str> labels;
  Instant modified_at;
};

struct ParameterRow {
  static constexpr std::string_view table_name = "ssm.parameters";
  str name;
  list<Version> versions;  // the newest last
  dict<str> tags;

  [[nodiscard]] const Version& newest() const { return versions.back(); }
};

/// A session whose data channel is open; without a token until ResumeSession asks for one.
struct SessionRow {
  static constexpr std::string_view table_name = "ssm.sessions";
  str id, token_digest;
  Instant token_until;
};

void declare_tables(Schema&);

Key parameter_key(const World&, std::string_view name);
str arn_of(const World&, std::string_view name);

/// A parameter and the version that "name", "name:version", "name:label" or its ARN with either means.
struct Found {
  Key key;
  const ParameterRow* row = nullptr;
  const Version* version = nullptr;
  str selector;  // ":3", or empty
};
/// Faults ParameterNotFound, ParameterVersionNotFound.
Outcome<Found> find(const Tx&, const World&, std::string_view name);

/// The value as a caller sees it: a SecureString without decryption is an opaque text.
str shown_value(const Version&, bool decrypted);

bool is_parameter_name(std::string_view);

inline auto invalid(std::string message) { return refuse("ValidationException", std::move(message)); }

}  // namespace utakata::ssm
