#pragma once

#include "balancer/access_log.hpp"
#include "balancer/desync.hpp"
#include "balancer/request_view.hpp"
#include "core/balancer_config.hpp"
#include "http/head_view.hpp"

// What the access log says of a request, taken from its head before that is gone.
namespace utakata::balancer {

/// Of bytes that are no request. `dns_name` is where they were sent.
RequestText text_of_nothing(std::string_view dns_name, i32 port);

/// Of one whose head could be read; `classified` by the desync mitigation.
RequestText text_of(const http::RequestHeadView&, const RequestView&, std::string_view dns_name,
                    const Classification& classified);

/// The rule that it met, and what that did.
void note_rule(RequestText&, const BalancerRule&);

}  // namespace utakata::balancer
