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
    if (!shared_->settings.access_logs.buckets.empty() || shared_->settings.access_logs.also)
      shared_->log_files = std::make_unique<LogFiles>(shared_->settings.access_logs);
    if (shared_->settings.metrics) tell_each_minute();
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
    if (!running) {
      running = std::make_shared<Running>();
      running->meter = shared_->meters.add(config.arn, config.name);
    }
    update_tls(*shared_, *running, config);
    running->config = std::make_shared<const BalancerConfig>(config);
    running->routing = std::make_shared<const Routing>(running->config);
    if (!running->fates) running->fates = std::make_shared<FateLine>(config.name, "", "");
    take_access_log(*running);
    shared_->configured();
    take_addresses(config);
    std::erase_if(running->groups, [&](const auto& entry) {
      const bool stays = std::ranges::any_of(config.target_groups, [&](const auto& g) { return g.arn == entry.first; });
      if (!stays) update_group(*shared_, running, *entry.second, {.arn = entry.first});
      return !stays;
    });
    for (const BalancerTargetGroup& each : config.target_groups) {
      std::shared_ptr<Group>& group = running->groups[each.arn];
      if (!group) group = new_group(*shared_, *running, each.arn);
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
  [[nodiscard]] std::vector<std::shared_ptr<const Meter>> meters() const { return shared_->meters.all(); }

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

  // One that goes on as it was keeps its open file.
  void take_access_log(Running& running) {
    const BalancerConfig& config = *running.config;
    // Those of network load balancers tell of connections of TLS, in fields of their own.
    if (config.network) return;
    const bool files = config.access_log.enabled && !shared_->settings.access_logs.buckets.empty();
    if (!shared_->log_files || (!files && !shared_->settings.access_logs.also)) {
      running.log = nullptr;
      return;
    }
    const auto parts = split(config.arn, ':');  // arn:aws:elasticloadbalancing:REGION:ACCOUNT:...
    LogSource place{.bucket = files ? config.access_log.bucket : str(),
                    .prefix = files ? config.access_log.prefix : str(),
                    .account = parts.size() > 4 ? str(parts[4]) : str(),
                    .region = parts.size() > 3 ? str(parts[3]) : str(),
                    .load_balancer = config.name,
                    .address = config.addresses.empty() ? shared_->settings.listen_address : config.addresses.front()};
    if (running.log && running.log->place() == place) return;
    running.log = std::make_shared<AccessLog>(shared_->loop, *shared_->log_files, std::move(place));
  }

  void tell_each_minute() {
    constexpr i64 minute = 60'000'000'000;
    const i64 now = wall_clock().ns;
    const i64 began = now / minute * minute;
    shared_->loop.after(Duration{began + minute - now}, [this, began] {
      if (shared_->ending) return;
      for (const auto& [arn, running] : shared_->balancers)
        for (const auto& [group_arn, group] : running->groups) group->measure_targets();
      if (wall_clock().ns < began + minute) return tell_each_minute();  // the clock was set back
      if (auto samples = shared_->meters.take_minute(began / 1'000'000'000); !samples.empty())
        shared_->settings.metrics(std::move(samples));
      tell_each_minute();
    });
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

  // Opens what is wanted and closes what is not. Reported is how `concerning` stands, and whom this has changed.
  void listen_again(const str& concerning) {
    const std::set<Place> wanted = wanted_places();
    std::erase_if(listeners_, [&](const auto& entry) {
      if (wanted.contains(entry.first)) return false;
      close(entry.second);
      return true;
    });
    std::map<str, str> troubles;
    for (const Place& place : wanted) {
      if (listeners_.contains(place)) continue;
      if (const auto opened = open(place); !opened)
        for (const auto& [arn, running] : shared_->balancers)
          if (depends_on(*running->config, place)) troubles.try_emplace(arn, opened.error().message);
    }
    troubles.swap(troubles_);
    const auto reason = [](const std::map<str, str>& of, const str& arn) {
      const auto known = of.find(arn);
      return known == of.end() ? str() : known->second;
    };
    for (const auto& [arn, running] : shared_->balancers) {
      BalancerReport report{.arn = arn, .reason = reason(troubles_, arn)};
      if (!report.reason.empty()) report.state = "failed";
      if (!report.reason.empty() && listens(*running->config)) report.state = "active_impaired";
      if (arn == concerning || report.reason != reason(troubles, arn)) shared_->sink(std::move(report));
    }
    retry_later();
  }

  void retry_later() {
    if (troubles_.empty() || retrying_ || shared_->ending) return;
    retrying_ = true;
    shared_->loop.after(retry_interval, [this] {
      retrying_ = false;
      if (!shared_->ending) listen_again("");
    });
  }

  // Whether the load balancer has failed while nothing listens there. Who has an address of its own is reached there,
  // whoever holds the shared one.
  [[nodiscard]] bool depends_on(const BalancerConfig& config, const Place& place) const {
    const bool on_shared_address = !place.in_vpc && place.address == shared_->settings.listen_address;
    if (!place.arn.empty()) return place.arn == config.arn && (!on_shared_address || has_no_other(place));
    return !config.network &&
           std::ranges::find(config.listeners, place.port, &BalancerListener::port) != config.listeners.end();
  }

  [[nodiscard]] bool listens(const BalancerConfig& config) const {
    return std::ranges::any_of(listeners_, [&](const auto& entry) { return depends_on(config, entry.first); });
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

  // Counted where it is clear whose client it was: on a shared port no Host has told yet.
  static void reject(Shared& shared, const Place& place, const std::shared_ptr<Running>& own) {
    std::shared_ptr<Running> only = own;
    std::size_t sharing = 0;
    for (const bool tls : {false, true})
      if (const auto at = shared.by_door.find({place.port, tls}); !own && at != shared.by_door.end()) {
        sharing += at->second.size();
        only = at->second.front();
      }
    if (only && sharing <= 1) only->meter->add_in(only->zone_of_node(place.address), Measure::rejected_connections);
  }

  static reactor::Co<void> accept(std::shared_ptr<Shared> shared, std::shared_ptr<reactor::Descriptor> listener,
                                  Place place, std::shared_ptr<Running> own) {
    while (true) {
      auto stream = co_await reactor::accept_tcp(*listener);
      if (!stream || shared->ending) co_return;
      if (shared->clients.size() >= clients_max)
        reject(*shared, place, own);
      else if (own && own->config->network)
        reactor::start(serve_connection(shared, std::move(stream), {.host = place.address, .port = place.port}, own));
      else
        reactor::start(welcome(shared, std::move(stream), {.port = place.port, .own = own, .address = place.address}));
    }
  }

  std::shared_ptr<Shared> shared_;
  std::map<Place, Listener> listeners_;
  std::map<str, str> troubles_;  // by load balancer: why one of the places that it depends on is not open
  bool retrying_ = false;        // one timer for all of them
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
std::vector<std::shared_ptr<const Meter>> Balancer::meters() const { return inside_->meters(); }

}  // namespace utakata::balancer
