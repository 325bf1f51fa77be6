#include "sandbox/probe_folder.hpp"

#include <cstdlib>
#include <filesystem>

namespace utakata::sandbox {

ProbeFolder::ProbeFolder(const str& parent) : path(parent + "/.utakata-probe-XXXXXX") {
  if (mkdtemp(path.data()) == nullptr) path.clear();
}

ProbeFolder::~ProbeFolder() {
  std::error_code ignored;
  if (!path.empty()) std::filesystem::remove_all(path, ignored);
}

}  // namespace utakata::sandbox
