#include "core/tx.hpp"

#include "base/hash.hpp"
#include "core/effect.hpp"

namespace utakata {

Tx::Tx(Schema& schema, Instant now, std::uint64_t seed, std::uint64_t sequence)
    : schema_(schema), now_(now), seed_(seed), sequence_(sequence) {}

Tx::~Tx() = default;

void Tx::emit(Effect effect) { effects_.push_back(std::move(effect)); }

void Tx::mark(std::string_view reconciler, const Key& key) {
  std::pair<std::string, Key> entry(reconciler, key);
  if (marked_set_.insert(entry).second) marked_.push_back(std::move(entry));
}

void Tx::publish(const Fact& fact) {
  ensure(fact_depth_ < 16, "facts publish facts without end");
  const auto at = schema_.listeners_.find(fact.kind);
  if (at == schema_.listeners_.end()) return;
  ++fact_depth_;
  for (const auto hear : at->second) hear(*this, fact);
  --fact_depth_;
}

void Tx::park(std::string_view channel, Instant until) {
  park_channel_ = channel;
  park_until_ = until;
}

std::uint64_t Tx::random(std::string_view purpose) {
  return mix(seed_ ^ hash64(purpose) ^ mix(sequence_ * 0x9e3779b97f4a7c15U + ++dice_thrown_));
}

std::string Tx::random_hex(std::size_t digits) {
  constexpr std::string_view alphabet = "0123456789abcdef";
  std::string text;
  while (text.size() < digits) {
    std::uint64_t dice = random("hex");
    for (int i = 0; i < 16 && text.size() < digits; ++i, dice >>= 4) text += alphabet[dice & 15];
  }
  return text;
}

std::string Tx::random_digits(std::size_t digits) {
  std::string text;
  while (text.size() < digits)
    text += static_cast<char>('0' + random("digit") % (text.empty() ? 9 : 10) + (text.empty() ? 1 : 0));
  return text;
}

std::string Tx::uuid() {
  std::string text = random_hex(32);
  text[12] = '4';
  text[16] = "89ab"[random("uuid") & 3];
  return cat(text.substr(0, 8), "-", text.substr(8, 4), "-", text.substr(12, 4), "-", text.substr(16, 4), "-",
             text.substr(20));
}

}  // namespace utakata
