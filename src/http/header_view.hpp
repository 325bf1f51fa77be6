#pragma once

#include <string_view>

namespace utakata::http {

struct HeaderView {
  std::string_view name, value;
};

}  // namespace utakata::http
