#include <cstdio>

#include "app/commands.hpp"
#include "app/modules.hpp"
#include "wire/dump.hpp"

namespace utakata::app {

int run_api_dump(const Arguments&) {
  std::fputs((wire::api_dump(services()) + "\n").c_str(), stdout);
  return 0;
}

int run_api_page(const Arguments&) {
  std::fputs(wire::compatibility_page(services()).c_str(), stdout);
  return 0;
}

}  // namespace utakata::app
