#include "balancer/target_sessions.hpp"

#include <utility>

namespace utakata::balancer {

using reactor::Co;

std::unique_ptr<reactor::Stream> TargetSessions::open() {
  std::erase_if(clients_, [](const auto& client) { return !client->usable(); });
  for (const auto& client : clients_)
    if (client->has_room()) return client->open();
  return nullptr;
}

Co<Cause> TargetSessions::attempt(const Dial& dial, http2::ClientFacts facts, Duration patience) {
  Dialled dialled = co_await dial();
  if (!dialled.stream) co_return dialled.cause;
  auto client = std::make_unique<http2::Client>(std::move(dialled.stream), std::move(facts));
  const bool ready = co_await client->ready(patience);
  if (!ready) co_return client->usable() ? Cause::connect_timeout_504 : Cause::malformed_502;
  if (!client->has_room()) co_return Cause::connect_refused_502;  // as it begins, it takes no streams at all
  clients_.push_back(std::move(client));
  co_return Cause::ok;
}

Co<Cause> TargetSessions::connect(reactor::Loop& loop, Dial dial, http2::ClientFacts facts, Duration patience) {
  if (const auto other = attempt_) {
    reactor::Event over(loop);
    other->waiting.push_back(&over);
    while (!other->done) co_await over.wait();
    co_return other->cause;
  }
  const auto own = attempt_ = std::make_shared<Attempt>();
  own->cause = co_await attempt(dial, std::move(facts), patience);
  own->done = true;
  attempt_ = nullptr;
  for (reactor::Event* each : own->waiting) each->tell();
  co_return own->cause;
}

}  // namespace utakata::balancer
