#include "balancer/balancer.hpp"

#include <algorithm>
#include <thread>

#include "balancer/secure.hpp"
#include "balancer/state.hpp"
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
      for (const auto& [place, listener] : listeners_) reactor::stop_listening(*listener.socket);
      for (const auto& [arn, running] : shared_->balancers)
        for (const auto& [group_arn, group] : running->groups)
          for (const auto& target : group->targets) target->gone = true;
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
  };
  struct Place {
    str address;
    i32 port = 0;
    str arn;  // empty: shared by Host
    friend auto operator<=>(const Place&, const Place&) = default;
  };

  void take_addresses(const BalancerConfig& config) {
    if (shared_->network == nullptr || config.vpc_id.empty() || config.addresses.empty()) return;
    for (const str& address : config.addresses) shared_->network->add_address(config.vpc_id, address);
  }

  std::set<Place> wanted_places() const {
    std::set<Place> places;
    for (const auto& [arn, running] : shared_->balancers)
      for (const BalancerListener& listener : running->config->listeners) {
        places.insert({shared_->settings.listen_address, listener.port, ""});
        if (shared_->network == nullptr) continue;
        for (const str& address : running->config->addresses) places.insert({address, listener.port, arn});
      }
    return places;
  }

  // Opens what is wanted and closes what is not. `concerning` is told how it stands.
  void listen_again(const str& concerning) {
    const std::set<Place> wanted = wanted_places();
    std::erase_if(listeners_, [&](const auto& entry) {
      if (wanted.contains(entry.first)) return false;
      reactor::stop_listening(*entry.second.socket);
      return true;
    });
    str trouble;
    for (const Place& place : wanted) {
      if (listeners_.contains(place)) continue;
      if (auto opened = open(place); !opened && trouble.empty()) trouble = opened.error().message;
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

  Outcome<> open(const Place& place) {
    const auto running = shared_->balancers.find(place.arn);
    const std::shared_ptr<Running> own = running == shared_->balancers.end() ? nullptr : running->second;
    const int namespace_fd = own ? shared_->namespace_of(*own) : -1;
    if (own && namespace_fd < 0) return {};
    const int fd = TRY(reactor::listen_tcp({.host = place.address, .port = place.port}, namespace_fd));
    Listener& listener = listeners_[place];
    listener.socket = std::make_shared<reactor::Descriptor>(shared_->loop, fd);
    reactor::start(accept(shared_, listener.socket, place, own));
    return {};
  }

  static reactor::Co<void> accept(std::shared_ptr<Shared> shared, std::shared_ptr<reactor::Descriptor> listener,
                                  Place place, std::shared_ptr<Running> own) {
    while (true) {
      auto stream = co_await reactor::accept_tcp(*listener);
      if (!stream || shared->ending) co_return;
      if (shared->clients.size() < clients_max)
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
