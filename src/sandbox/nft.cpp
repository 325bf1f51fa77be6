#include "sandbox/nft.hpp"

#include <nftables/libnftables.h>

#include "base/text.hpp"

namespace utakata::sandbox {

void Nft::Free::operator()(nft_ctx* context) const { nft_ctx_free(context); }

Outcome<Nft> Nft::open() {
  Nft made(nft_ctx_new(NFT_CTX_DEFAULT));
  if (!made.context_ || nft_ctx_buffer_error(made.context_.get()) != 0 ||
      nft_ctx_buffer_output(made.context_.get()) != 0)
    return refuse("ResourceInitializationError", "network: nftables cannot be used: no memory or no kernel support");
  return made;
}

Outcome<> Nft::run(const std::string& commands) {
  const int failed = nft_run_cmd_from_buffer(context_.get(), commands.c_str());
  const std::string error = nft_ctx_get_error_buffer(context_.get());
  if (failed == 0) return {};
  return refuse("ResourceInitializationError",
                cat("network: nftables refuses the rules: ", std::string_view(error).substr(0, 500)));
}

}  // namespace utakata::sandbox
