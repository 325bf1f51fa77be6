#include "services/elb/errors.hpp"
#include "services/elb/limits.hpp"
#include "services/elb/ops.hpp"

namespace utakata::elb {
namespace {

struct Quota {
  str name;
  std::size_t most;
};

}  // namespace

Outcome<api::DescribeAccountLimitsOutput> describe_account_limits(Tx& /*tx*/,
                                                                  const api::DescribeAccountLimitsInput& request) {
  if (request.PageSize) TRY_VOID(within(*request.PageSize, 1, page_max, "pageSize"));
  // Sorted by name, as pages need them.
  auto page = TRY(wire::paginate(
      list<Quota>{{"application-load-balancers", limits::load_balancers},
                  {"certificates-per-application-load-balancer", limits::certificates_of_balancer},
                  {"condition-values-per-alb-rule", limits::values_of_rule},
                  {"condition-wildcards-per-alb-rule", limits::wildcards_of_rule},
                  {"listeners-per-application-load-balancer", limits::listeners_of_balancer},
                  {"listeners-per-network-load-balancer", limits::listeners_of_balancer},
                  {"network-load-balancers", limits::load_balancers},
                  {"rules-per-application-load-balancer", limits::rules_of_balancer},
                  {"target-groups", limits::target_groups},
                  {"target-groups-per-action-on-application-load-balancer", limits::groups_of_action},
                  {"target-groups-per-action-on-network-load-balancer", limits::groups_of_action},
                  {"target-groups-per-application-load-balancer", limits::groups_of_balancer},
                  {"targets-per-target-group", limits::targets_of_group}},
      [](const Quota& quota) -> const str& { return quota.name; }, page_rules("DescribeAccountLimits"), request.Marker,
      request.PageSize));
  api::DescribeAccountLimitsOutput output{.Limits = list<api::Limit>{}, .NextMarker = page.next};
  for (const Quota& quota : page.items) output.Limits->push_back({.Name = quota.name, .Max = cat(quota.most)});
  return output;
}

}  // namespace utakata::elb
