#pragma once

#include "services/elb/state.hpp"

// How requests go to the targets of a group of HTTP or HTTPS: HTTP1, HTTP2, GRPC.
namespace utakata::elb {

/// Takes what CreateTargetGroup says, and the defaults of a health check that come with it.
Outcome<> take_version(TargetGroupRow&, const opt<str>& version);

/// Takes the codes that are healthy: of HTTP, or of gRPC for that.
Outcome<> take_matcher(TargetGroupRow&, const opt<api::Matcher>&);
api::Matcher matcher_of(const TargetGroupRow&);

/// Groups of HTTP2 and GRPC are for listeners that speak HTTP/2.
Outcome<> check_versions(const Tx&, std::string_view listener_protocol, const list<api::Action>&);

}  // namespace utakata::elb
