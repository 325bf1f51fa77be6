#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/outcome.hpp"

struct evp_md_ctx_st;

namespace utakata::images {

/// SHA-256 of what comes piece by piece, at the speed of the processor's own instructions.
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept = default;
  Sha256& operator=(Sha256&&) noexcept = default;
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  ~Sha256();
  void add(const void* bytes, std::size_t size);
  [[nodiscard]] std::string digest();  // "sha256:..."; ends it

 private:
  struct Free {
    void operator()(evp_md_ctx_st*) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

std::string digest_of(std::string_view bytes);

/// "sha256:" and 64 lower-case hexadecimal digits: the only form that is used for a path.
bool is_digest(std::string_view);
/// The digits of a digest.
std::string hex_of(std::string_view digest);

}  // namespace utakata::images
