#pragma once

#include "core/tx.hpp"

// The rows of STS, for all worlds: an access key is one platform-wide. Keys: session/ACCESS_KEY.
namespace utakata::sts {

/// Temporary credentials that were given out.
struct SessionRow {
  static constexpr std::string_view table_name = "sts.sessions";
  static constexpr std::size_t by_owner = 0;
  static constexpr std::size_t by_account = 1;  // those that nobody owns
  static constexpr std::size_t by_role = 2;     // those that nobody owns
  str access_key;                               // ASIA...
  str secret, token;
  str account;
  str role_arn, session_name;
  str owner;  // they end with it (a task's ARN); empty: only with their time
  Instant began_at, expires_at;
};

void declare_tables(Schema&);

}  // namespace utakata::sts
