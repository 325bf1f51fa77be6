#include "sandbox/read_text.hpp"

#include <fstream>
#include <sstream>

namespace utakata::sandbox {

std::optional<std::string> read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return {};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace utakata::sandbox
