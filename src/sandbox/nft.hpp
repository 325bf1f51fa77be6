#pragma once

#include <memory>
#include <string>

#include "base/outcome.hpp"

struct nft_ctx;

namespace utakata::sandbox {

/// nftables in one network namespace. Of one thread at a time.
class Nft {
 public:
  /// In the namespace of the calling thread; it stays there, whoever calls run().
  static Outcome<Nft> open();
  /// All commands or, after a fault, none of them.
  Outcome<> run(const std::string& commands);

 private:
  struct Free {
    void operator()(nft_ctx*) const;
  };
  explicit Nft(nft_ctx* context) : context_(context) {}
  std::unique_ptr<nft_ctx, Free> context_;
};

}  // namespace utakata::sandbox
