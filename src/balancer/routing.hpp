#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "balancer/request_view.hpp"
#include "core/balancer_config.hpp"

// Which rule a request meets and what it leads to, without sockets.
namespace utakata::balancer {

/// The rule that a request meets.
struct Chosen {
  const BalancerRule* rule = nullptr;  // null for a port without a listener
  i32 evaluated = 0;  // rules up to it in the order of priority: what RuleEvaluations and the bill count
  i32 tried = 0;      // rules whose conditions were really looked at
};

/// The rules of one configuration, made ready for requests once. Any thread may choose; that takes no memory of the
/// heap, and thousands of rules for hosts and paths of their own cost as little as a few.
class Routing {
 public:
  explicit Routing(std::shared_ptr<const BalancerConfig>);
  Routing(const Routing&) = delete;
  Routing& operator=(const Routing&) = delete;
  ~Routing();

  /// The first rule by priority whose conditions hold; the default rule always does.
  [[nodiscard]] Chosen choose(const RequestView&) const;
  /// The same, found by trying one rule after the other: what `choose` must agree with.
  [[nodiscard]] Chosen walk(const RequestView&) const;

 private:
  class Listener;
  [[nodiscard]] const Listener* listener_at(i32 port) const;

  std::shared_ptr<const BalancerConfig> config_;
  std::vector<Listener> listeners_;
};

/// The group of a forward action by its weights; `turn` counts requests. Empty when every weight is zero.
std::string_view choose_group(const BalancerAction&, std::uint64_t turn);

/// The Location of a redirect, its placeholders filled in. Empty when it is longer than AWS sends.
str redirect_location(const BalancerAction&, const RequestView&);

}  // namespace utakata::balancer
