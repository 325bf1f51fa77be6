#include "services/sqs/receipt.hpp"

namespace utakata::sqs {

str receipt_handle(const Key& queue, const Message& message) {
  return base64_encode(cat(local_part(queue), " ", message.sequence, " ", message.receipt));
}

Outcome<Received> find_received(const Tx& tx, const Key& queue, const str& handle, bool in_batch) {
  const auto text = base64_decode(handle);
  const auto parts = split(text ? std::string_view(*text) : std::string_view(), ' ');
  const auto sequence = parts.size() == 3 ? parse_integer(parts[1]) : std::optional<i64>();
  if (!sequence || *sequence < 1 || parts[0] != local_part(queue))
    return refuse("ReceiptHandleIsInvalid",
                  in_batch ? cat("The input receipt handle \"", handle, "\" is not a valid receipt handle.")
                           : str("The input receipt handle is invalid."));
  for (const Key& prefix : {waiting_prefix(queue), ready_prefix(queue)}) {
    Key key = cat(prefix, padded(*sequence));
    if (const Message* message = tx.find<Message>(key))
      return Received{.key = std::move(key), .latest = message->receipt == parts[2]};
  }
  return Received{};
}

}  // namespace utakata::sqs
