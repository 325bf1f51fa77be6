#include "balancer/udp_flows.hpp"

#include <array>

#include "balancer/proxy_protocol.hpp"
#include "reactor/fair_share.hpp"

namespace utakata::balancer {
namespace {

using reactor::Co;
using reactor::Trouble;

constexpr Duration idle_timeout = seconds(120);        // as AWS
constexpr std::size_t flows_max = 8192;                // of all listeners together: each has a socket
constexpr int datagrams_at_once = 64;                  // of one socket in a round
thread_local std::array<char, 65'536> datagram_space;  // whoever receives sends on in the same round

}  // namespace

class UdpListener::Exchange final : public Flow, public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(std::shared_ptr<UdpListener> listener, int fd, reactor::Address client, FlowWay way)
      : listener_(std::move(listener)),
        socket_(listener_->shared_->loop, fd),
        client_(std::move(client)),
        way_(std::move(way)),
        place_(*listener_->shared_, way_.target, *this),
        open_(listener_->running_->meter, FlowKind::udp, way_.zone),
        last_(listener_->shared_->loop.now()) {
    ++listener_->shared_->datagram_flows;
    if (way_.group->config.flows.proxy_protocol) header_ = proxy_header(client_, listener_->node_, true);
  }
  ~Exchange() override { --listener_->shared_->datagram_flows; }

  void send(std::string_view text) {
    last_ = socket_.loop().now();
    open_.carried(text.size());
    const Trouble trouble =
        header_.empty() ? reactor::send_datagram(socket_, {}, text) : reactor::send_datagram(socket_, header_, text);
    refused_ = refused_ || trouble == Trouble::refused;
  }

  void end(Cause cause) override {
    if (!ended_) ended_ = cause;
    socket_.cancel();
  }

  // What the target answers, until the flow ends.
  static Co<void> carry_answers(std::shared_ptr<Exchange> self) {
    reactor::FairShare share(self->socket_.loop(), datagrams_at_once);
    while (!self->ended_ && !self->listener_->shared_->ending) {
      const Duration left = self->last_ + idle_timeout - self->socket_.loop().now();
      if (left.ns <= 0) break;
      if (!co_await self->socket_.readable(left) || self->ended_) continue;
      const reactor::Datagram got = reactor::try_receive(self->socket_, datagram_space);
      if (got.none) continue;
      if (got.trouble != Trouble::none) {
        self->refused_ = self->refused_ || got.trouble == Trouble::refused;
        continue;
      }
      self->answered_ = true;
      self->last_ = self->socket_.loop().now();
      self->open_.carried(got.size);
      reactor::send_datagram(self->listener_->socket_, {datagram_space.data(), got.size}, self->client_);
      if (share.used_up(1)) co_await self->socket_.loop().next_round();
    }
    self->listener_->ended(*self);
  }

  [[nodiscard]] const reactor::Address& client() const { return client_; }
  [[nodiscard]] const FlowWay& way() const { return way_; }
  // One that has only gone quiet has ended in order, unless its target never had such a port.
  [[nodiscard]] Cause cause() const {
    return ended_.value_or(refused_ && !answered_ ? Cause::flow_refused : Cause::flow_ended);
  }

  std::list<Exchange*>::iterator use;  // its place among the listener's

 private:
  std::shared_ptr<UdpListener> listener_;
  reactor::Descriptor socket_;
  reactor::Address client_;
  FlowWay way_;
  FlowPlace place_;
  OpenFlow open_;
  std::string header_;
  Instant last_;
  bool answered_ = false, refused_ = false;
  std::optional<Cause> ended_;
};

UdpListener::UdpListener(std::shared_ptr<Shared> shared, int fd, reactor::Address node,
                         std::shared_ptr<Running> running)
    : shared_(std::move(shared)), socket_(shared_->loop, fd), node_(std::move(node)), running_(std::move(running)) {}

Co<void> UdpListener::serve() {
  const auto self = shared_from_this();
  reactor::FairShare share(shared_->loop, datagrams_at_once);
  while (!closed_ && !shared_->ending) {
    if (!co_await socket_.readable()) continue;
    if (closed_) break;
    const reactor::Datagram got = reactor::try_receive(socket_, datagram_space);
    if (!got.none && got.trouble == Trouble::none) take(got.from, {datagram_space.data(), got.size});
    if (share.used_up(1)) co_await shared_->loop.next_round();
  }
}

void UdpListener::close() {
  if (closed_) return;
  closed_ = true;
  const auto self = shared_from_this();
  socket_.cancel();
  const auto ending = flows_;
  for (const auto& [client, flow] : ending) flow->end(Cause::flow_deregistered);
}

void UdpListener::take(const reactor::Address& client, std::string_view text) {
  const auto known = flows_.find({client.host, client.port});
  const std::shared_ptr<Exchange> flow = known != flows_.end() ? known->second : begin(client);
  if (!flow) return;
  by_use_.splice(by_use_.end(), by_use_, flow->use);
  flow->send(text);
}

std::shared_ptr<UdpListener::Exchange> UdpListener::begin(const reactor::Address& client) {
  const BalancerListener* listener = flow_listener(*running_->config, node_.port, true);
  const FlowEnds ends{.client = client, .node = node_, .datagrams = true};
  FlowWay way = listener == nullptr ? FlowWay() : choose_way(*running_, *listener, ends, shared_->loop.now());
  if (!way.target) {
    count_end(*shared_, *running_, way, FlowKind::udp, Cause::flow_no_target);
    return nullptr;
  }
  const auto connected = make_room() ? reactor::connect_udp({.host = way.target->address, .port = way.target->port},
                                                            shared_->origin_of(*running_))
                                     : reactor::ConnectedDatagrams{.trouble = Trouble::exhausted};
  if (connected.fd < 0) {
    const Cause cause = connected.trouble == Trouble::exhausted ? Cause::flow_exhausted : Cause::flow_refused;
    count_end(*shared_, *running_, way, FlowKind::udp, cause);
    return nullptr;
  }
  const auto flow = std::make_shared<Exchange>(shared_from_this(), connected.fd, client, std::move(way));
  flow->use = by_use_.insert(by_use_.end(), flow.get());
  flows_[{client.host, client.port}] = flow;
  reactor::start(Exchange::carry_answers(flow));
  return flow;
}

// The flow that nobody has used for the longest time gives way to a new one.
bool UdpListener::make_room() {
  if (shared_->datagram_flows < flows_max) return true;
  if (by_use_.empty()) return false;
  const auto oldest = by_use_.front()->shared_from_this();
  oldest->end(Cause::flow_exhausted);
  return true;
}

void UdpListener::ended(Exchange& flow) {
  by_use_.erase(flow.use);
  flows_.erase({flow.client().host, flow.client().port});
  count_end(*shared_, *running_, flow.way(), FlowKind::udp, flow.cause());
}

}  // namespace utakata::balancer
