#pragma once

#include <array>

#include "services/acm/module.hpp"
#include "services/cloudwatch/module.hpp"
#include "services/ec2/module.hpp"
#include "services/ecs/module.hpp"
#include "services/elb/module.hpp"
#include "services/events/module.hpp"
#include "services/logs/module.hpp"
#include "services/secretsmanager/module.hpp"
#include "services/servicediscovery/module.hpp"
#include "services/sqs/module.hpp"
#include "services/ssm/module.hpp"
#include "services/sts/module.hpp"
#include "sim/control_plane.hpp"

// The program that the tests simulate: what tasks, targets and events need, in the order of app/modules.cpp.
namespace utakata::sim::test {

inline Program program() {
  static constexpr std::array<void (*)(Schema&), 12> modules{
      acm::declare, logs::declare, sqs::declare, events::declare,         ec2::declare, servicediscovery::declare,
      elb::declare, ecs::declare,  ssm::declare, secretsmanager::declare, sts::declare, cloudwatch::declare};
  static constexpr std::array<const wire::Service*, 11> services{&ecs::container_service,
                                                                 &ecs::control_service,
                                                                 &elb::service,
                                                                 &ec2::service,
                                                                 &events::service,
                                                                 &sqs::service,
                                                                 &logs::service,
                                                                 &ssm::service,
                                                                 &servicediscovery::service,
                                                                 &secretsmanager::service,
                                                                 &cloudwatch::service};
  return {.modules = modules, .services = services};
}

}  // namespace utakata::sim::test
