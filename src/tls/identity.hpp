#pragma once

#include <string>

namespace utakata::tls {

/// A certificate with its key, as PEM texts.
struct Identity {
  std::string certificate;
  std::string private_key;
  std::string chain;  // of those who issued it, the nearest first; may be empty
  friend bool operator==(const Identity&, const Identity&) = default;
};

}  // namespace utakata::tls
