#include "base/outcome.hpp"

#include <cstdio>
#include <cstdlib>

namespace utakata {

void ensure(bool condition, std::string_view sentence) {
  if (condition) [[likely]]
    return;
  std::fprintf(stderr, "utakata: broken invariant: %.*s\n", static_cast<int>(sentence.size()), sentence.data());
  std::abort();
}

}  // namespace utakata
