#include "balancer/flow.hpp"
#include "balancer/proxy_protocol.hpp"
#include "balancer/secure.hpp"
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

// One end of a flow: a connection, which TLS may be layered on.
struct Side {
  std::unique_ptr<TcpStream> plain;
  std::unique_ptr<tls::TlsStream> secured = nullptr;  // has taken `plain`

  [[nodiscard]] bool open() const { return plain != nullptr || secured != nullptr; }
  [[nodiscard]] FlowKind kind() const { return secured ? FlowKind::tls : FlowKind::tcp; }
  [[nodiscard]] TcpStream& tcp() const { return secured ? secured->below() : *plain; }
  [[nodiscard]] RelayEnd relayed() const {
    return secured ? RelayEnd{*secured, secured->below()} : RelayEnd{*plain, *plain};
  }
};

class Connection final : public Flow {
 public:
  Connection(Shared& shared, const Running& running, Side client, FlowEnds ends, std::string_view zone)
      : shared_(shared),
        client_(std::move(client)),
        ends_(std::move(ends)),
        open_(running.meter, client_.kind(), zone) {
    shared_.clients.insert(&client_.tcp());
  }
  ~Connection() override { shared_.clients.erase(&client_.tcp()); }

  void end(Cause cause) override {
    if (!ended_) ended_ = cause;
    if (relay_)
      relay_->end(cause);
    else if (target_.secured)
      target_.secured->readiness().cancel();  // it shakes hands; the last thing here, as the flow may be gone then
  }

  // Until it ends, for this cause.
  Co<Cause> carry(const Running& running, const FlowWay& way, Duration idle) {
    const Target& to = *way.target;
    auto connected = co_await reactor::connect_tcp(shared_.loop, {.host = to.address, .port = to.port},
                                                   flow_connect_patience, shared_.origin_of(running));
    if (!connected.stream) co_return lost(ended_.value_or(cause_of(connected.trouble)));
    target_.plain = std::move(connected.stream);
    if (ended_) co_return lost(*ended_);
    // Whoever reads it does so before TLS begins.
    if (way.group->config.flows.proxy_protocol &&
        co_await target_.plain->write(proxy_header(ends_.client, ends_.node, false), idle) != Trouble::none)
      co_return lost(ended_.value_or(Cause::flow_target_reset));
    if (ended_) co_return lost(*ended_);
    if (to.tls && !co_await secure_target()) {
      if (!ended_) count_target_tls_error(running, to, way.zone);
      co_return lost(ended_.value_or(Cause::flow_tls_failed));
    }
    if (ended_) co_return lost(*ended_);
    relay_.emplace(client_.relayed(), target_.relayed(), idle, shared_.pipes, open_);
    const Cause cause = co_await relay_->run();
    relay_.reset();
    co_return cause == Cause::flow_ended ? cause : lost(cause);
  }

 private:
  // The target is offered what its client has agreed upon with us; it need not take that up.
  Co<bool> secure_target() {
    target_.secured = tls::TlsStream::client(std::move(target_.plain), shared_.to_targets);
    if (client_.secured && !client_.secured->negotiated().protocol.empty())
      target_.secured->offer(client_.secured->negotiated().protocol);
    target_.secured->accept_any_end();
    co_return co_await target_.secured->handshake(flow_connect_patience) == Trouble::none;
  }

  // Both ends are to hear that this is no orderly end.
  Cause lost(Cause cause) {
    client_.tcp().reset_when_closed();
    if (target_.open()) target_.tcp().reset_when_closed();
    return cause;
  }

  Shared& shared_;
  Side client_;
  FlowEnds ends_;
  OpenFlow open_;
  Side target_;
  std::optional<TcpRelay> relay_;
  std::optional<Cause> ended_;
};

}  // namespace

Co<void> serve_connection(std::shared_ptr<Shared> shared, std::unique_ptr<TcpStream> client, reactor::Address node,
                          std::shared_ptr<Running> running) {
  const OpenConnection counted(running->meter);
  FlowEnds ends{.client = client->peer(), .node = std::move(node)};
  const i32 port = ends.node.port;
  const BalancerListener* listener = flow_listener(*running->config, port, false);
  Side side{.plain = std::move(client)};
  if (listener != nullptr && listener->protocol == "TLS") {
    side.secured = co_await secure_flow(*shared, std::move(side.plain), ends.node, running);
    if (!side.secured) co_return;
    listener = flow_listener(*running->config, port, false);  // configured anew meanwhile
  }
  const FlowWay way = listener == nullptr ? FlowWay() : choose_way(*running, *listener, ends, shared->loop.now());
  if (!way.target) {
    side.tcp().reset_when_closed();
    count_end(*shared, *running, way, side.kind(), Cause::flow_no_target);
    co_return;
  }
  const Duration idle = seconds(listener->tcp_idle_timeout_seconds);
  const FlowKind kind = side.kind();
  Connection connection(*shared, *running, std::move(side), std::move(ends), way.zone);
  const FlowPlace place(*shared, way.target, connection);
  const Cause cause = co_await connection.carry(*running, way, idle);
  count_end(*shared, *running, way, kind, cause);
}

}  // namespace utakata::balancer
