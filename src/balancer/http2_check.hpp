#pragma once

#include <memory>
#include <string>

#include "balancer/health.hpp"
#include "http2/client.hpp"

namespace utakata::balancer {

struct Http2Question {
  std::string authority;  // "ADDRESS:PORT"
  std::string path;
  bool grpc = false;  // a call of gRPC with an empty message; its answer's status is that of gRPC
};

/// One health check over a new connection, which it ends.
reactor::Co<CheckResult> check_http2(std::unique_ptr<reactor::Stream>, Http2Question, http2::ClientFacts,
                                     Duration patience);

}  // namespace utakata::balancer
