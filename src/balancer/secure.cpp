#include "balancer/secure.hpp"

#include <sys/socket.h>

#include <algorithm>

namespace utakata::balancer {
namespace {

using reactor::Co;
using reactor::Trouble;

constexpr Duration handshake_patience = seconds(10);  // of clients
constexpr unsigned char tls_handshake = 0x16;         // the first byte of every connection of TLS

// Whom a client of a shared port means by the name that it asks for.
struct Meant {
  std::shared_ptr<Running> running;
  std::shared_ptr<tls::ServerContext> context;
};

std::shared_ptr<tls::ServerContext> context_at(const Running& running, i32 port) {
  const auto at = running.tls.find(port);
  return at == running.tls.end() ? nullptr : at->second;
}

// By its own name, or by a certificate that is for it.
Meant meant_by(const Shared& shared, i32 port, std::string_view name) {
  const auto sharing = shared.by_door.find({port, true});
  if (sharing == shared.by_door.end()) return {};
  for (const auto& running : sharing->second)
    if (name == running->config->dns_name) return {running, context_at(*running, port)};
  for (const auto& running : sharing->second)
    if (auto context = context_at(*running, port); context && context->serves(name)) return {running, context};
  return {};
}

bool listens(const Shared& shared, const std::shared_ptr<Running>& own, Door door) {
  if (!own) return shared.by_door.contains(door);
  return std::ranges::any_of(own->config->listeners, [&](const BalancerListener& each) {
    return each.port == door.port && (each.protocol == "HTTPS") == door.tls;
  });
}

// What a client's first byte tells.
enum class Speaks : std::uint8_t { nothing, tls, http, other };
Speaks spoken_by(unsigned char first) {
  if (first == tls_handshake) return Speaks::tls;
  return first >= 'A' && first <= 'Z' ? Speaks::http : Speaks::other;
}

Co<Speaks> first_of(Shared& shared, reactor::TcpStream& stream) {
  shared.clients.insert(&stream);
  Speaks speaks = Speaks::nothing;
  while (co_await stream.readiness().readable(handshake_patience)) {
    unsigned char first = 0;
    const ssize_t n = recv(stream.descriptor().fd(), &first, 1, MSG_PEEK);
    if (n == 1) speaks = spoken_by(first);
    if (n >= 0 || (errno != EAGAIN && errno != EINTR)) break;
    if (errno == EAGAIN) stream.readiness().read_again();
  }
  shared.clients.erase(&stream);
  co_return speaks;
}

// `node`: the address that the client came to.
void count_tls_error(Shared& shared, const std::shared_ptr<Running>& running, std::string_view node) {
  if (running) running->meter->add_in(running->zone_of_node(node), Measure::client_tls_errors);
  shared.fates.count(wall_clock().ns / 1'000'000'000, running ? running->fates : shared.unclaimed,
                     Cause::client_tls_error);
}

// Null: there was none.
Co<std::unique_ptr<tls::TlsStream>> shake_hands(Shared& shared, std::unique_ptr<reactor::TcpStream> tcp,
                                                std::shared_ptr<tls::ServerContext> context,
                                                tls::ChooseContext choose = {}) {
  if (!context) co_return nullptr;
  auto stream = tls::TlsStream::server(std::move(tcp), std::move(context), std::move(choose));
  shared.clients.insert(stream.get());
  const Trouble trouble = co_await stream->handshake(handshake_patience);
  shared.clients.erase(stream.get());
  if (trouble != Trouble::none) stream.reset();
  co_return stream;
}

// Whose client it is, as long as no name has told.
std::shared_ptr<Running> presumed(const Shared& shared, const Arrival& arrival) {
  if (arrival.own) return arrival.own;
  const auto sharing = shared.by_door.find({arrival.port, true});
  return sharing == shared.by_door.end() ? nullptr : sharing->second.front();
}

Co<void> welcome_by_tls(std::shared_ptr<Shared> shared, std::unique_ptr<reactor::TcpStream> tcp, Arrival arrival) {
  std::shared_ptr<Running> meant = presumed(*shared, arrival);
  auto context = meant ? context_at(*meant, arrival.port) : nullptr;
  tls::ChooseContext choose;
  if (!arrival.own)
    choose = [&](std::string_view name) {
      Meant found = meant_by(*shared, arrival.port, name);
      if (!found.context) return found.context;
      arrival.own = meant = found.running;
      return std::move(found.context);
    };
  auto stream = co_await shake_hands(*shared, std::move(tcp), std::move(context), std::move(choose));
  if (!stream) co_return count_tls_error(*shared, meant, arrival.address);  // a name may have told whom it means
  const tls::Negotiated& agreed = stream->negotiated();
  arrival.tls = {.version = agreed.version, .cipher = agreed.cipher, .server_name = agreed.server_name};
  if (agreed.protocol == "h2")
    co_await serve_http2_client(shared, std::move(stream), std::move(arrival));
  else
    co_await serve_client(shared, std::move(stream), std::move(arrival));
}

}  // namespace

void update_tls(Shared& shared, Running& running, const BalancerConfig& next) {
  std::map<i32, std::shared_ptr<tls::ServerContext>> contexts;
  std::vector<std::string> protocols{"http/1.1"};
  if (next.http2) protocols.insert(protocols.begin(), "h2");
  for (const BalancerListener& listener : next.listeners) {
    const bool flows = listener.protocol == "TLS";
    if (!flows && listener.protocol != "HTTPS") continue;
    const auto same = [&](const BalancerListener& each) {
      return each.arn == listener.arn && each.port == listener.port && each.tls == listener.tls;
    };
    if (running.config && running.config->http2 == next.http2 && std::ranges::any_of(running.config->listeners, same)) {
      if (auto kept = context_at(running, listener.port)) contexts[listener.port] = std::move(kept);
      continue;
    }
    tls::ServerSettings settings{.versions = listener.tls.versions,
                                 .ciphers = listener.tls.ciphers,
                                 .protocols = flows ? listener.tls.alpn : protocols,
                                 .session_scope = listener.arn,
                                 .ticket_keys = shared.ticket_keys};
    for (const BalancerCertificate& each : listener.tls.certificates)
      settings.identities.push_back(
          {.certificate = each.certificate, .private_key = each.private_key, .chain = each.chain});
    if (auto made = tls::ServerContext::make(settings)) contexts[listener.port] = *std::move(made);
  }
  running.tls = std::move(contexts);
}

Co<void> welcome(std::shared_ptr<Shared> shared, std::unique_ptr<reactor::TcpStream> tcp, Arrival arrival) {
  if (!listens(*shared, arrival.own, {arrival.port, true}))
    co_return co_await serve_client(std::move(shared), std::move(tcp), std::move(arrival));
  const Speaks speaks = co_await first_of(*shared, *tcp);
  // A port may be HTTP's for one load balancer and HTTPS's for another.
  const bool also_plain = listens(*shared, arrival.own, {arrival.port, false});
  arrival.plain = !also_plain && speaks == Speaks::http;
  if (speaks == Speaks::nothing && !also_plain)
    count_tls_error(*shared, presumed(*shared, arrival), arrival.address);
  else if (speaks == Speaks::tls || (speaks == Speaks::other && !also_plain))
    co_await welcome_by_tls(std::move(shared), std::move(tcp), std::move(arrival));
  else
    co_await serve_client(std::move(shared), std::move(tcp), std::move(arrival));
}

Co<std::unique_ptr<tls::TlsStream>> secure_flow(Shared& shared, std::unique_ptr<reactor::TcpStream> tcp,
                                                const reactor::Address& node, const std::shared_ptr<Running>& running) {
  auto stream = co_await shake_hands(shared, std::move(tcp), context_at(*running, node.port));
  if (stream)
    stream->accept_any_end();
  else
    count_tls_error(shared, running, node.host);
  co_return stream;
}

void count_target_tls_error(const Running& running, const Target& target, std::string_view zone) {
  running.meter->add_in(zone, Measure::target_tls_errors);
  if (const auto group = running.groups.find(target.group_arn); group != running.groups.end())
    group->second->meter->add_in(zone, Measure::target_tls_errors);
}

Co<std::unique_ptr<reactor::Stream>> secure_to_target(Shared& shared, std::unique_ptr<reactor::TcpStream> tcp,
                                                      Duration patience, bool http2) {
  auto stream = tls::TlsStream::client(std::move(tcp), shared.to_targets);
  if (http2) stream->offer("h2");
  if (co_await stream->handshake(patience) != Trouble::none) co_return nullptr;
  if (http2 && stream->negotiated().protocol != "h2") co_return nullptr;
  co_return stream;
}

}  // namespace utakata::balancer
