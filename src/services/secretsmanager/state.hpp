#pragma once

#include <algorithm>

#include "base/outcome.hpp"
#include "core/tx.hpp"
#include "services/secretsmanager/api/secrets.hpp"

// The rows of Secrets Manager. Key: WORLD NAME.
namespace utakata::secretsmanager {

namespace limits {
inline constexpr std::size_t versions = 100;  // of a secret; those without a stage go first
inline constexpr std::size_t secret_bytes = 65'536;
inline constexpr std::size_t name_characters = 512;
inline constexpr std::size_t tags = 50;
inline constexpr std::size_t stages = 20;
}  // namespace limits

inline constexpr std::string_view current = "AWSCURRENT", previous = "AWSPREVIOUS", pending = "AWSPENDING";

struct Version {
  str id;
  opt<str> text;
  opt<Blob> bytes;
  list<str> stages;
  Instant created_at;

  [[nodiscard]] bool in(std::string_view stage) const { return std::ranges::find(stages, stage) != stages.end(); }
};

struct SecretRow {
  static constexpr std::string_view table_name = "secretsmanager.secrets";
  str name, arn, description, kms_key_id;
  list<Version> versions;  // the newest last
  dict<str> tags;
  Instant created_at, changed_at, accessed_at, deleted_at;
  Instant erase_at;  // a timer: the end of its recovery window
};

void declare_tables(Schema&);

/// By name, by ARN, or by an ARN without its last six characters; scheduled for deletion or not. Fault
/// ResourceNotFoundException.
Outcome<Key> find_secret(const Tx&, const World&, std::string_view id);
/// The same, but not one that is to be deleted. Fault InvalidRequestException.
Outcome<Key> find_usable(const Tx&, const World&, std::string_view id);

/// By version id, by stage, by both; AWSCURRENT when neither is named. Faults ResourceNotFoundException,
/// InvalidRequestException.
Outcome<const Version*> find_version(const SecretRow&, std::string_view id, std::string_view stage);

/// Puts these stages on that version and takes them from the others; the version that was current becomes the previous
/// one.
void move_stages(SecretRow&, const str& version_id, const list<str>& stages);

inline auto invalid_request(std::string message) { return refuse("InvalidRequestException", std::move(message)); }
inline auto invalid_parameter(std::string message) { return refuse("InvalidParameterException", std::move(message)); }

}  // namespace utakata::secretsmanager
