#pragma once

#include "balancer/access_log.hpp"
#include "balancer/desync.hpp"
#include "balancer/request_view.hpp"
#include "balancer/state.hpp"
#include "core/balancer_config.hpp"
#include "http/head_view.hpp"

// What the access log says of a request, taken from its head before that is gone.
namespace utakata::balancer {

/// Of bytes that are no request. `dns_name` is where they were sent.
RequestText text_of_nothing(std::string_view dns_name, i32 port);

/// Of one whose head could be read; `classified` by the desync mitigation.
RequestText text_of(const http::RequestHeadView&, const RequestView&, std::string_view dns_name,
                    const Classification& classified);

/// How it came over TLS. The certificate is named where the listener has but one.
void note_tls(RequestText&, const ClientTls&, bool http2, const BalancerConfig&);

/// The rule that it met, and what that did.
void note_rule(RequestText&, const BalancerRule&);

/// The group that it goes to.
void note_group(RequestText&, const BalancerTargetGroup&);

/// AWS's reason code of a function that gave no answer; empty of everything else.
std::string_view function_error(Cause);

}  // namespace utakata::balancer
