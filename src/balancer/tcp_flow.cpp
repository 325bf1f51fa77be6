#include "balancer/flow.hpp"
#include "balancer/proxy_protocol.hpp"
#include "balancer/tcp_relay.hpp"

namespace utakata::balancer {
namespace {

using reactor::Co;
using reactor::TcpStream;
using reactor::Trouble;

constexpr Duration flow_connect_patience = seconds(10);

Cause cause_of(Trouble trouble) {
  switch (trouble) {
    case Trouble::timed_out:
      return Cause::flow_connect_timeout;
    case Trouble::exhausted:
      return Cause::flow_exhausted;
    default:
      return Cause::flow_refused;
  }
}

class Connection final : public Flow {
 public:
  Connection(Shared& shared, std::unique_ptr<TcpStream> client, FlowEnds ends)
      : shared_(shared), client_(std::move(client)), ends_(std::move(ends)) {
    shared_.clients.insert(client_.get());
  }
  ~Connection() override { shared_.clients.erase(client_.get()); }

  void end(Cause cause) override {
    if (!ended_) ended_ = cause;
    if (relay_) relay_->end(cause);
  }

  // Until it ends, for this cause.
  Co<Cause> carry(const Running& running, const FlowWay& way, Duration idle) {
    const Target& to = *way.target;
    auto connected = co_await reactor::connect_tcp(shared_.loop, {.host = to.address, .port = to.port},
                                                   flow_connect_patience, shared_.origin_of(running));
    if (!connected.stream) co_return lost(ended_.value_or(cause_of(connected.trouble)));
    target_ = std::move(connected.stream);
    if (ended_) co_return lost(*ended_);
    if (way.group->config.flows.proxy_protocol &&
        co_await target_->write(proxy_header(ends_.client, ends_.node, false), idle) != Trouble::none)
      co_return lost(ended_.value_or(Cause::flow_target_reset));
    if (ended_) co_return lost(*ended_);
    relay_.emplace(RelayEnd{*client_, client_.get()}, RelayEnd{*target_, target_.get()}, idle, shared_.pipes);
    const Cause cause = co_await relay_->run();
    relay_.reset();
    co_return cause == Cause::flow_ended ? cause : lost(cause);
  }

 private:
  // Both ends are to hear that this is no orderly end.
  Cause lost(Cause cause) {
    client_->reset_when_closed();
    if (target_) target_->reset_when_closed();
    return cause;
  }

  Shared& shared_;
  std::unique_ptr<TcpStream> client_;
  FlowEnds ends_;
  std::unique_ptr<TcpStream> target_;
  std::optional<TcpRelay> relay_;
  std::optional<Cause> ended_;
};

}  // namespace

Co<void> serve_connection(std::shared_ptr<Shared> shared, std::unique_ptr<TcpStream> client, reactor::Address node,
                          std::shared_ptr<Running> running) {
  FlowEnds ends{.client = client->peer(), .node = std::move(node)};
  const BalancerListener* listener = flow_listener(*running->config, ends.node.port, false);
  const FlowWay way = listener == nullptr ? FlowWay() : choose_way(*running, *listener, ends, shared->loop.now());
  if (!way.target) {
    client->reset_when_closed();
    shared->fates.count(wall_clock().ns / 1'000'000'000, way.group ? way.group->fates : running->fates,
                        Cause::flow_no_target);
    co_return;
  }
  const Duration idle = seconds(listener->tcp_idle_timeout_seconds);
  Connection connection(*shared, std::move(client), std::move(ends));
  const FlowPlace place(*shared, way.target, connection);
  const Cause cause = co_await connection.carry(*running, way, idle);
  shared->fates.count(wall_clock().ns / 1'000'000'000, way.target->fates, cause);
}

}  // namespace utakata::balancer
