#pragma once

#include <string>
#include <string_view>

#include "base/text.hpp"

namespace utakata {

/// One account in one region. Rows of a world have keys that begin with "account/region/".
struct World {
  std::string account;
  std::string region;
  friend auto operator<=>(const World&, const World&) = default;

  [[nodiscard]] std::string prefix() const { return cat(account, "/", region, "/"); }
  template <class... Parts>
  [[nodiscard]] std::string key(const Parts&... parts) const {
    return cat(account, "/", region, "/", parts...);
  }
};

/// How a call came in, beside the world that it is about.
struct Origin {
  std::string caller;    // the access key that signed; empty: nobody did, or it is no call over HTTP
  std::string endpoint;  // host and port as the caller reached us
  std::string secret;    // random bytes that nobody else has seen, for what must not be guessed: dice can be
};

/// The world that a row's key belongs to.
inline World world_of(std::string_view key) {
  const std::size_t first = key.find('/');
  const std::size_t second = key.find('/', first + 1);
  return {std::string(key.substr(0, first)), std::string(key.substr(first + 1, second - first - 1))};
}

/// The key without its "account/region/".
inline std::string_view local_part(std::string_view key) { return key.substr(key.find('/', key.find('/') + 1) + 1); }

}  // namespace utakata
