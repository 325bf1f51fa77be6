#include "app/modules.hpp"

#include <array>

#include "services/acm/module.hpp"
#include "services/cloudwatch/module.hpp"
#include "services/ec2/module.hpp"
#include "services/ecr/module.hpp"
#include "services/ecs/module.hpp"
#include "services/elb/module.hpp"
#include "services/events/module.hpp"
#include "services/logs/module.hpp"
#include "services/secretsmanager/module.hpp"
#include "services/servicediscovery/module.hpp"
#include "services/sqs/module.hpp"
#include "services/ssm/module.hpp"
#include "services/sts/module.hpp"

namespace utakata::app {

std::span<void (*const)(Schema&)> modules() {
  static constexpr std::array<void (*)(Schema&), 13> list{acm::declare,
                                                          logs::declare,
                                                          sqs::declare,
                                                          events::declare,
                                                          ec2::declare,
                                                          servicediscovery::declare,
                                                          elb::declare,
                                                          ecs::declare,
                                                          sts::declare,
                                                          ssm::declare,
                                                          secretsmanager::declare,
                                                          ecr::declare,
                                                          cloudwatch::declare};
  return list;
}

std::span<const wire::Service* const> services() {
  static constexpr std::array<const wire::Service*, 14> list{&ecs::container_service, &acm::service,
                                                             &elb::service,           &ec2::service,
                                                             &events::service,        &sqs::service,
                                                             &logs::service,          &sts::service,
                                                             &ssm::service,           &secretsmanager::service,
                                                             &ecr::service,           &servicediscovery::service,
                                                             &cloudwatch::service,    &ecs::control_service};
  return list;
}

}  // namespace utakata::app
