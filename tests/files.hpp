#pragma once

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

// Files of tests.
namespace utakata::test {

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Makes the folders above it.
inline void write_file(const std::string& path, std::string_view text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

/// A new folder, removed at the end with everything in it. Its name says whose it was, should a test die.
struct TemporaryFolder {
  std::string path;

  explicit TemporaryFolder(std::string_view owner, mode_t mode = 0700) : path("/tmp/utakata-") {
    path.append(owner).append("-XXXXXX");
    REQUIRE(mkdtemp(path.data()) != nullptr);
    chmod(path.c_str(), mode);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path); }

  /// Whole or not at all, for whoever waits for it.
  void write(const std::string& name, std::string_view text) const {
    write_file(path + "/.new", text);
    std::filesystem::create_directories(std::filesystem::path(path + "/" + name).parent_path());
    std::filesystem::rename(path + "/.new", path + "/" + name);
  }
};

}  // namespace utakata::test
