#pragma once

#include <span>
#include <string_view>

#include "base/types.hpp"
#include "http/header_view.hpp"

namespace utakata::balancer {

/// What routing sees of a request. It refers to the request's own bytes.
struct RequestView {
  std::string_view host;    // without the port, lower case
  i32 port = 80;            // of the listener
  std::string_view target;  // path and query as sent
  std::string_view method = {};
  std::string_view source_address = {};  // of the client's connection, without a port
  std::span<const http::HeaderView> headers = {};
  std::string_view protocol = "http";  // of the listener
  std::string_view host_header = {};   // the host as sent, in the target or else in the header

  [[nodiscard]] std::string_view path() const { return target.substr(0, target.find('?')); }
  [[nodiscard]] std::string_view query() const {
    const std::size_t mark = target.find('?');
    return mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  }
};

}  // namespace utakata::balancer
