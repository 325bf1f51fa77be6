#include "balancer/balancer.hpp"

#include <algorithm>
#include <thread>
#include <tuple>

#include "balancer/flow.hpp"
#include "balancer/secure.hpp"
#include "balancer/state.hpp"
#include "balancer/udp_flows.hpp"
#include "base/text.hpp"
#include "reactor/random.hpp"

namespace utakata::balancer {
namespace {

constexpr Duration retry_interval = seconds(2);  // of a port that another program has taken
constexpr std::size_t clients_max = 20'000;
constexpr std::size_t cookie_secret_size = 32;

}  // namespace

class Balancer::Inside {
 public:
  Inside(Settings settings, ports::ReportSink sink, ports::VpcDoors* network) : shared_(std::make_shared<Shared>()) {
    shared_->settings = std::move(settings);
    const std::string& secret = shared_->settings.cookie_secret;
    shared_->seal = BondSeal(secret.empty() ? reactor::random_bytes(cookie_secret_size) : secret);
    shared_->sink = std::move(sink);
    shared_->network = network;
    thread_ = std::thread([this] {
      shared_->loop.run();
      shared_->loop.drain();
    });
  }

  ~Inside() {
    shared_->loop.post([this] {
      shared_->ending = true;
      for (const auto& [place, listener] : listeners_) close(listener);
      end_flows(shared_->flows, Cause::flow_ended);
      for (const auto& [arn, running] : shared_->balancers)
        for (const auto& [group_arn, group] : running->groups) {
          for (const auto& target : group->targets) target->gone = true;
          group->wake();
        }
    });
    shared_->loop.stop();
    thread_.join();
  }

  void post(std::function<void()> work) { shared_->loop.post(std::move(work)); }

  void configure(const BalancerConfig& config) {
    std::shared_ptr<Running>& running = shared_->balancers[config.arn];
    if (!running) running = std::make_shared<Running>();
    update_tls(*shared_, *running, config);
    running->config = std::make_shared<const BalancerConfig>(config);
    running->routing = std::make_shared<const Routing>(running->config);
    if (!running->fates) running->fates = std::make_shared<FateLine>(config.name, "", "");
    shared_->configured();
    take_addresses(config);
    std::erase_if(running->groups, [&](const auto& entry) {
      const bool stays = std::ranges::any_of(config.target_groups, [&](const auto& g) { return g.arn == entry.first; });
      if (!stays) update_group(*shared_, running, *entry.second, {.arn = entry.first});
      return !stays;
    });
    for (const BalancerTargetGroup& each : config.target_groups) {
      std::shared_ptr<Group>& group = running->groups[each.arn];
      if (!group) group = new_group(*running, each.arn);
      update_group(*shared_, running, *group, each);
    }
    listen_again(config.arn);
  }

  void remove(const std::string& arn) {
    const auto known = shared_->balancers.find(arn);
    if (known == shared_->balancers.end()) return;
    known->second->removed = true;
    for (const auto& [group_arn, group] : known->second->groups)
      update_group(*shared_, known->second, *group, {.arn = group_arn});
    shared_->balancers.erase(known);
    shared_->configured();
    listen_again("");
  }

  [[nodiscard]] list<FateRow> fates() const { return shared_->fates.snapshot(); }

 private:
  // One listening socket: on loopback a port for everybody, in a VPC an address of one load balancer.
  struct Listener {
    std::shared_ptr<reactor::Descriptor> socket;  // also of the coroutine that accepts from it
    std::shared_ptr<UdpListener> datagrams;       // instead
  };
  struct Place {
    str address;
    i32 port = 0;
    str arn;              // empty: shared by Host
    bool in_vpc = false;  // else in the host's own namespace
    bool datagrams = false;
    friend auto operator<=>(const Place&, const Place&) = default;
  };

  void take_addresses(const BalancerConfig& config) {
    if (shared_->network == nullptr || config.vpc_id.empty() || config.addresses.empty()) return;
    for (const str& address : config.addresses) shared_->network->add_address(config.vpc_id, address);
  }

  std::set<Place> wanted_places() const {
    std::set<Place> places;
    std::map<std::pair<i32, bool>, const BalancerConfig*> shared_ports;  // who has a port of the shared address
    for (const auto& [arn, running] : shared_->balancers)
      for (const BalancerListener& listener : running->config->listeners)
        for (const bool datagrams : {false, true})
          if (carries(*running->config, listener, datagrams)) {
            const BalancerConfig*& holder = shared_ports[{listener.port, datagrams}];
            if (holder == nullptr || before(*running->config, *holder)) holder = running->config.get();
            add_own_places(places, *running->config, listener.port, datagrams);
          }
    for (const auto& [port, holder] : shared_ports)
      places.insert({.address = shared_->settings.listen_address,
                     .port = port.first,
                     .arn = holder->network ? holder->arn : str(),
                     .datagrams = port.second});
    return places;
  }

  static bool carries(const BalancerConfig& config, const BalancerListener& listener, bool datagrams) {
    if (!config.network) return !datagrams;
    return flow_listener(config, listener.port, datagrams) == &listener;
  }

  // Who gets a port of the address that all share, where names ending in "localhost" lead: application load balancers,
  // which are told apart by Host, before network ones, of which the eldest gets it.
  static bool before(const BalancerConfig& one, const BalancerConfig& other) {
    return std::tie(one.network, one.created_at, one.arn) < std::tie(other.network, other.created_at, other.arn);
  }

  void add_own_places(std::set<Place>& places, const BalancerConfig& config, i32 port, bool datagrams) const {
    for (const str& address : config.public_addresses)
      places.insert({.address = address, .port = port, .arn = config.arn, .datagrams = datagrams});
    if (shared_->network == nullptr) return;
    for (const str& address : config.addresses)
      places.insert({.address = address, .port = port, .arn = config.arn, .in_vpc = true, .datagrams = datagrams});
  }

  static void close(const Listener& listener) {
    if (listener.socket) reactor::stop_listening(*listener.socket);
    if (listener.datagrams) listener.datagrams->close();
  }

  // Opens what is wanted and closes what is not. `concerning` is told how it stands.
  void listen_again(const str& concerning) {
    const std::set<Place> wanted = wanted_places();
    std::erase_if(listeners_, [&](const auto& entry) {
      if (wanted.contains(entry.first)) return false;
      close(entry.second);
      return true;
    });
    str trouble;
    for (const Place& place : wanted) {
      if (listeners_.contains(place)) continue;
      auto opened = open(place);
      // Who has an address of its own is reached there.
      const bool matters =
          place.address != shared_->settings.listen_address || place.arn.empty() || has_no_other(place);
      if (!opened && trouble.empty() && matters) trouble = opened.error().message;
    }
    if (const auto running = shared_->balancers.find(concerning); running != shared_->balancers.end()) {
      BalancerReport report{.arn = concerning, .reason = trouble};
      if (!trouble.empty()) report.state = "failed";
      shared_->sink(std::move(report));
    }
    if (!trouble.empty() && !shared_->ending)
      shared_->loop.after(retry_interval, [this, concerning] {
        if (!shared_->ending) listen_again(concerning);
      });
  }

  // Whether this place on the shared address is all that a network load balancer has.
  [[nodiscard]] bool has_no_other(const Place& place) const {
    const auto running = shared_->balancers.find(place.arn);
    return shared_->network == nullptr && running != shared_->balancers.end() &&
           running->second->config->public_addresses.empty();
  }

  Outcome<> open(const Place& place) {
    const auto running = shared_->balancers.find(place.arn);
    const std::shared_ptr<Running> own = running == shared_->balancers.end() ? nullptr : running->second;
    const int namespace_fd = place.in_vpc && own ? shared_->namespace_of(*own) : -1;
    if (place.in_vpc && namespace_fd < 0) return {};
    if (place.datagrams) return open_datagrams(place, own, namespace_fd);
    const int fd = TRY(reactor::listen_tcp({.host = place.address, .port = place.port}, namespace_fd));
    Listener& listener = listeners_[place];
    listener.socket = std::make_shared<reactor::Descriptor>(shared_->loop, fd);
    reactor::start(accept(shared_, listener.socket, place, own));
    return {};
  }

  Outcome<> open_datagrams(const Place& place, const std::shared_ptr<Running>& own, int namespace_fd) {
    const reactor::Address node{.host = place.address, .port = place.port};
    const int fd = TRY(reactor::bind_udp(node, namespace_fd));
    const auto listener = std::make_shared<UdpListener>(shared_, fd, node, own);
    listeners_[place].datagrams = listener;
    reactor::start(listener->serve());
    return {};
  }

  static reactor::Co<void> accept(std::shared_ptr<Shared> shared, std::shared_ptr<reactor::Descriptor> listener,
                                  Place place, std::shared_ptr<Running> own) {
    while (true) {
      auto stream = co_await reactor::accept_tcp(*listener);
      if (!stream || shared->ending) co_return;
      if (shared->clients.size() >= clients_max) continue;
      if (own && own->config->network)
        reactor::start(serve_connection(shared, std::move(stream), {.host = place.address, .port = place.port}, own));
      else
        reactor::start(welcome(shared, std::move(stream), place.port, own, place.address));
    }
  }

  std::shared_ptr<Shared> shared_;
  std::map<Place, Listener> listeners_;
  std::thread thread_;
};

Balancer::Balancer(Settings settings, ports::ReportSink sink, ports::VpcDoors* network)
    : inside_(std::make_unique<Inside>(std::move(settings), std::move(sink), network)) {}
Balancer::~Balancer() = default;

void Balancer::configure(const BalancerConfig& config) {
  inside_->post([inside = inside_.get(), config] { inside->configure(config); });
}
void Balancer::remove(const std::string& arn) {
  inside_->post([inside = inside_.get(), arn] { inside->remove(arn); });
}
list<FateRow> Balancer::fates() const { return inside_->fates(); }

}  // namespace utakata::balancer
