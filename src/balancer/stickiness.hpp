#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/instant.hpp"
#include "http/header_view.hpp"

// The cookies that keep a client with its target or its target group. Without sockets, clocks or dice of its own.
namespace utakata::balancer {

inline constexpr std::string_view target_cookie = "AWSALB";            // of the balancer's own stickiness
inline constexpr std::string_view application_cookie = "AWSALBAPP-0";  // beside the target's own cookie
inline constexpr std::string_view group_cookie = "AWSALBTG";           // of a weighted forward

/// What a cookie of ours says: where to, and since when. The duration counts from then; each answer begins it anew.
struct Bond {
  std::string to;  // "ADDRESS:PORT" of a target, or the ARN of a group
  Instant since;
  friend bool operator==(const Bond&, const Bond&) = default;
};

/// Makes the values of cookies so that clients can neither read nor make them. Whoever has the secret opens them, also
/// after a restart.
class BondSeal {
 public:
  explicit BondSeal(std::string secret) : secret_(std::move(secret)) {}

  [[nodiscard]] std::string seal(const Bond&) const;
  /// Nothing for what this secret has not sealed.
  [[nodiscard]] std::optional<Bond> open(std::string_view value) const;

 private:
  [[nodiscard]] std::string keyed(std::string_view purpose, std::string_view text) const;
  [[nodiscard]] std::string masked(std::string_view mark, std::string_view text) const;

  std::string secret_;
};

/// The value of a cookie of a request; empty if it has none of that name.
std::string_view cookie_value(std::span<const http::HeaderView>, std::string_view name);
/// Whether an answer sets a cookie of that name: a target's own, which application stickiness waits for.
bool sets_cookie(std::span<const http::HeaderView>, std::string_view name);

/// Where the request's cookie leads, if it is ours and its duration has not passed.
std::optional<std::string> bound_to(const BondSeal&, std::span<const http::HeaderView>, std::string_view name,
                                    Duration lasts, Instant now);

/// The lines of an answer that bind its client, each with its end: the cookie, and the same for requests from other
/// sites.
std::string bond_lines(const BondSeal&, std::string_view name, const Bond&);

}  // namespace utakata::balancer
