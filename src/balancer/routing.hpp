#pragma once

#include <span>
#include <string_view>

#include "core/balancer_config.hpp"
#include "http/header_view.hpp"

// Which rule a request meets and what it leads to, without sockets.
namespace utakata::balancer {

struct RequestView {
  std::string_view host;    // without the port, lower case
  i32 port = 80;            // of the listener
  std::string_view target;  // path and query as sent
  std::string_view method;
  std::string_view source_address;
  std::span<const http::HeaderView> headers;
  [[nodiscard]] std::string_view path() const { return target.substr(0, target.find('?')); }
  [[nodiscard]] std::string_view query() const {
    const std::size_t mark = target.find('?');
    return mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  }
};

/// The first rule by priority whose conditions hold; the default rule always does. Null only for a listener without
/// rules.
const BalancerRule* choose_rule(const BalancerListener&, const RequestView&);

/// The group of a forward action by its weights; `turn` counts requests. Empty when every weight is zero.
std::string_view choose_group(const BalancerAction&, std::uint64_t turn);

/// The Location of a redirect, its placeholders filled in.
str redirect_location(const BalancerAction&, const RequestView&);

}  // namespace utakata::balancer
