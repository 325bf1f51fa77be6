#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"

// HTTP messages as the wire sees them: without connections, already read whole.
namespace utakata::wire {

struct HeaderView {
  std::string_view name, value;
};

struct Request {
  std::string_view method;
  std::string_view target;  // path and query, as sent
  std::span<const HeaderView> headers;
  std::string_view body;

  [[nodiscard]] std::string_view path() const { return target.substr(0, target.find('?')); }
  [[nodiscard]] std::string_view query() const {
    const std::size_t mark = target.find('?');
    return mark != std::string_view::npos ? target.substr(mark + 1) : std::string_view();
  }
  /// The first header of that name, in any case; empty if there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const {
    for (const HeaderView& header : headers)
      if (equals_ignoring_case(header.name, name)) return header.value;
    return {};
  }
};

struct Header {
  std::string name, value;
};

struct Response {
  int status = 200;
  std::vector<Header> headers;  // all but Content-Length, Date and Connection, which the server adds
  std::string body;
};

}  // namespace utakata::wire
