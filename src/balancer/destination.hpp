#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "balancer/state.hpp"

// Where a forward action leads a request, by its client's cookies or else in turn; and the cookies of the answer.
namespace utakata::balancer {

/// How an answer keeps its client where the request went.
struct Binding {
  bool to_group = false;
  std::string_view target_by = {};  // the cookie that binds to the target; empty: none
  str once_set = {};                // application_cookie binds when the target sets this one

  [[nodiscard]] bool any() const { return to_group || !target_by.empty() || !once_set.empty(); }
};

struct Destination {
  std::shared_ptr<Group> group = nullptr;    // null: every weight is zero
  std::shared_ptr<Target> target = nullptr;  // null: the group has none that may get a request
  Binding binding = {};
  bool newly_bound = false;  // it was chosen, though the group binds clients to targets
};

/// `zone` is where the node stands that got the request.
Destination choose_destination(const Shared&, Running&, const BalancerAction&,
                               std::span<const http::HeaderView> request, std::string_view zone = {});

/// The lines that the answer to a request gets besides its own.
std::string binding_lines(const BondSeal&, const Binding&, const Target&, std::span<const http::HeaderView> answer,
                          Instant wall_now);

}  // namespace utakata::balancer
